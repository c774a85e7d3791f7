/**
 * The configuration: one value, valid and frozen, that says how a proxy
 * behaves. Sizes are in bytes and times in seconds; `Infinity` is for ever and
 * null is not set, or off.
 */
import { resolve } from 'node:path';
import { readDefaults, readTree } from './file.ts';
import { type FormerName, formerNameOf, type FindGiven, withFormerNames } from './former-names.ts';
import type { OutboundProxy } from './outbound.ts';
import { checkRules } from './rules.ts';
import { type Path, paths, type Settings, settingAt } from './settings.ts';
import type { StorePlace } from './store-place.ts';
import type { UnknownVariable } from './variables.ts';
import { readValue } from './raw-value.ts';

export interface Config extends Settings {
  /** True where the store is the user's own, for no project is here and `store.path` is not given. */
  readonly isUserStore: boolean;
  /** The proxy between Refrain and its upstreams. */
  readonly proxy: OutboundProxy;
  /** Variables that were perhaps meant for Refrain: worth a warning. */
  readonly unknownVariables: readonly UnknownVariable[];
  /** Settings that were given by the names that they had before. */
  readonly formerNames: readonly FormerName[];
}

/** How long expired answers are retained, in seconds. */
export function retentionOf({ stale: { revalidate, error, keep } }: Pick<Settings, 'stale'>): number {
  return keep === 'auto' ? Math.max(revalidate ?? 0, error ?? 0) : keep;
}

/** The path of a store that nobody names; a file of this name is `./auto`. */
const AUTO = 'auto';

type Partially<Whole> = {
  readonly [Key in keyof Whole]?: Whole[Key] extends readonly unknown[] ? Whole[Key] : Partially<Whole[Key]>;
};

export type Overrides = Partially<Settings & { readonly proxy: OutboundProxy }>;

/** The defaults with some settings changed; reads no flag, variable or file but that of the defaults. */
export function createConfig(overrides: Overrides = {}, cwd: string = process.cwd()): Config {
  const { proxy, ...changed } = overrides;
  const source = readTree(changed);
  const find = withFormerNames((path) => source.get(path));
  const place = () => ({ path: resolve(cwd, '.refrain/cache.sqlite'), isOfUser: false });
  return configFrom(
    find,
    { cwd, place },
    { proxy: { http: null, https: null, no: null, ...proxy }, unknownVariables: [] },
  );
}

/** The folder that files are named from, and where the store is that nobody names. */
export interface Places {
  readonly cwd: string;
  readonly place: () => StorePlace;
}

/** @param find finds what someone wrote @param others what is no setting */
export function configFrom(
  find: FindGiven,
  places: Places,
  others: Pick<Config, 'proxy' | 'unknownVariables'>,
): Config {
  const formerNames = paths.flatMap((path) => formerNameOf(path, find(path)));
  return deepFreeze({ ...settle(find, places), ...others, formerNames });
}

/** Tests whether no upstream is ever asked. */
export function isOffline({ offline, record }: Pick<Config, 'offline' | 'record'>): boolean {
  return offline || record === 'none';
}

/** Each setting as it was written, or else its default; then all of them together. */
function settle(find: FindGiven, { cwd, place }: Places): Settings & Pick<Config, 'isUserStore'> {
  const defaults = readDefaults();
  const read = (path: Path) => {
    const { raw, type } = find(path) ?? { raw: defaults.get(path)!, type: settingAt(path) };
    return readValue(raw, type);
  };
  const written = nest(paths.map((path) => [path, read(path)] as const)) as unknown as Settings;
  const { store, secretFile, cassette, tls, ttl, maxTtl } = written;
  const absolute = (file: string | null) => (file === null ? null : resolve(cwd, file));
  // A cassette is the one store, and nothing lies beside it.
  const path = cassette === null ? store.path : null;
  const unnamed = path === AUTO ? place() : null;
  const settings = {
    ...written,
    store: { ...store, path: unnamed?.path ?? absolute(path) },
    isUserStore: unnamed?.isOfUser ?? false,
    secretFile: absolute(secretFile),
    cassette: absolute(cassette),
    tls: { cert: absolute(tls.cert), key: absolute(tls.key) },
    ttl: Math.min(ttl, maxTtl),
  };
  checkRules(settings, (path) => find(path)?.raw, cwd);
  return settings;
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
