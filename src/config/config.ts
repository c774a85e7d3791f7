/**
 * The configuration: one value, valid and frozen, that says how a proxy
 * behaves. Sizes are in bytes and times in seconds; `Infinity` is for ever and
 * null is not set, or off.
 */
import { resolve } from 'node:path';
import { readDefaults, readSettingsFile, readTree } from './file.ts';
import { type FormerName, formerNameOf, type FindGiven, withFormerNames } from './former-names.ts';
import { type Origin, originOf } from './origin.ts';
import { type OutboundProxy, readOutboundProxy } from './outbound.ts';
import { checkRules } from './rules.ts';
import { flagName, variableName } from './setting.ts';
import { FILE_FLAG, FILE_VARIABLE, type Path, paths, type Settings, settingAt } from './settings.ts';
import { readVariables, type UnknownVariable } from './variables.ts';
import { readValue, type RawValues } from './raw-value.ts';

/** The sources of settings, but for the file that one of these names. */
export interface ConfigSources {
  /** By their names without dashes. */
  readonly flags: RawValues;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

export interface Config extends Settings {
  /** The proxy between Refrain and its upstreams. */
  readonly proxy: OutboundProxy;
  /** Variables that were perhaps meant for Refrain: worth a warning. */
  readonly unknownVariables: readonly UnknownVariable[];
  /** Settings that were given by the names that they had before. */
  readonly formerNames: readonly FormerName[];
}

/** Every source, read; throws ConfigError at the first value that cannot be used. */
export function loadConfig(sources: ConfigSources): Config {
  return examineConfig(sources).config;
}

export interface ExaminedConfig {
  readonly config: Config;
  /** Every setting that someone wrote, as it may be shown. */
  readonly origins: readonly Origin[];
}

/** The same, and where each value came from. */
export function examineConfig({ flags, env, cwd }: ConfigSources): ExaminedConfig {
  const variables = readVariables(env, cwd);
  const named = flags.get(FILE_FLAG) ?? variables.known.get(FILE_VARIABLE);
  const file: RawValues = named === undefined ? new Map() : readSettingsFile(named, cwd);
  // The order of precedence: the first source to give a setting decides it.
  const find = withFormerNames(
    (path) => flags.get(flagName(path)) ?? variables.known.get(variableName(path)) ?? file.get(path),
  );
  const config = deepFreeze({
    ...settle(find, cwd),
    proxy: readOutboundProxy(variables.known),
    unknownVariables: variables.unknown,
    formerNames: paths.flatMap((path) => formerNameOf(path, find(path))),
  });
  return { config, origins: paths.flatMap((path) => originOf(path, find(path)?.raw)) };
}

type Partially<Whole> = {
  readonly [Key in keyof Whole]?: Whole[Key] extends readonly unknown[] ? Whole[Key] : Partially<Whole[Key]>;
};

export type Overrides = Partially<Settings & { readonly proxy: OutboundProxy }>;

/** The defaults with some settings changed; reads no flag, variable or file but that of the defaults. */
export function createConfig(overrides: Overrides = {}, cwd: string = process.cwd()): Config {
  const { proxy, ...changed } = overrides;
  const source = readTree(changed);
  return deepFreeze({
    ...settle(
      withFormerNames((path) => source.get(path)),
      cwd,
    ),
    proxy: { http: null, https: null, no: null, ...proxy },
    unknownVariables: [],
    formerNames: [],
  });
}

/** Each setting as it was written, or else its default; then all of them together. */
function settle(find: FindGiven, cwd: string): Settings {
  const defaults = readDefaults();
  const read = (path: Path) => {
    const { raw, type } = find(path) ?? { raw: defaults.get(path)!, type: settingAt(path) };
    return readValue(raw, type);
  };
  const settings = nest(paths.map((path) => [path, read(path)] as const)) as unknown as Settings;
  checkRules(settings, (path) => find(path)?.raw);
  const { store, ttl, maxTtl } = settings;
  return {
    ...settings,
    store: { ...store, path: store.path === null ? null : resolve(cwd, store.path) },
    ttl: Math.min(ttl, maxTtl),
  };
}

function nest(values: readonly (readonly [Path, unknown])[]): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const [group = '', leaf] = path.split('.');
    tree[group] = leaf === undefined ? value : { ...Object(tree[group]), [leaf]: value };
  }
  return tree;
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
