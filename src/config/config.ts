/**
 * The configuration: one value, valid and frozen, that says how a proxy
 * behaves. Sizes are in bytes and times in seconds; `Infinity` is for ever and
 * null is not set, or off.
 */
import { resolve } from 'node:path';
import { readDefaults, readSettingsFile, readTree } from './file.ts';
import { type Origin, originOf } from './origin.ts';
import { type OutboundProxy, readOutboundProxy } from './outbound.ts';
import { checkRules } from './rules.ts';
import { flagName, variableName } from './setting.ts';
import { FILE_FLAG, FILE_VARIABLE, type Path, paths, type Settings, settingAt } from './settings.ts';
import { readVariables, type UnknownVariable } from './variables.ts';
import { readValue, type RawValues, type RawValue } from './raw-value.ts';

/** Where settings may come from, the file that one of these names aside. */
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
}

/** Reads every source; throws ConfigError at the first value that cannot be used. */
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
  const find = (path: Path) => flags.get(flagName(path)) ?? variables.known.get(variableName(path)) ?? file.get(path);
  const config = deepFreeze({
    ...settle(find, cwd),
    proxy: readOutboundProxy(variables.known),
    unknownVariables: variables.unknown,
  });
  return { config, origins: paths.flatMap((path) => originOf(path, find(path))) };
}

/** How long expired answers are retained, in seconds. */
export function retentionOf({ stale: { revalidate, error, keep } }: Pick<Settings, 'stale'>): number {
  return keep === 'auto' ? Math.max(revalidate ?? 0, error ?? 0) : keep;
}

type Partially<Whole> = {
  readonly [Key in keyof Whole]?: Whole[Key] extends readonly unknown[]
    ? Whole[Key]
    : Whole[Key] extends object
      ? Partially<Whole[Key]>
      : Whole[Key];
};

export type Overrides = Partially<Settings & { readonly proxy: OutboundProxy }>;

/** The defaults with some settings changed; reads no flag, variable or file but that of the defaults. */
export function createConfig(overrides: Overrides = {}, cwd: string = process.cwd()): Config {
  const { proxy, ...changed } = overrides;
  const source = readTree(changed);
  return deepFreeze({
    ...settle((path) => source.get(path), cwd),
    proxy: { http: null, https: null, no: null, ...proxy },
    unknownVariables: [],
  });
}

/** Each setting as it was written, or else its default; then all of them together. */
function settle(find: (path: Path) => RawValue | undefined, cwd: string): Settings {
  const defaults = readDefaults();
  const findAny = (path: Path) => find(path) ?? defaults.get(path)!;
  const values = paths.map((path) => [path, readValue(findAny(path), settingAt(path))] as const);
  const settings = nest(values) as unknown as Settings;
  checkRules(settings, find);
  const { store, ttl, maxTtl, keep, incomplete } = settings;
  return {
    ...settings,
    keep: incomplete === 'keep' && find('keep') === undefined ? [...keep, 'incomplete'] : keep,
    store: { ...store, path: store.path === null ? null : resolve(cwd, store.path) },
    ttl: Math.min(ttl, maxTtl),
  };
}

function nest(values: readonly (readonly [Path, unknown])[]): Record<string, unknown> {
  const groups: Record<string, Record<string, unknown>> = {};
  const single: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const [group = '', leaf] = path.split('.');
    if (leaf === undefined) single[group] = value;
    else groups[group] = { ...groups[group], [leaf]: value };
  }
  return { ...single, ...groups };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
