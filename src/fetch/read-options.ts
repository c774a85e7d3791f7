/**
 * The configuration of a cached `fetch`, from its options, by the table of
 * settings: no variable, no flag and no file but that of the defaults.
 */
import { type Config, createConfig, type Overrides } from '../config/config.ts';
import { readValue } from '../config/raw-value.ts';
import { baseUrl } from '../config/upstreams.ts';
import { ConfigError } from '../errors.ts';
import type { CachedFetchOptions } from './options.ts';

export interface CachedFetchConfig {
  readonly config: Config;
  /** True where the standard upstream is one of those whose answers are kept. */
  readonly isStandardKept: boolean;
}

/** @throws ConfigError at the first value that cannot be used */
export function readOptions({ baseURL, fetch: _, ...settings }: CachedFetchOptions): CachedFetchConfig {
  const { upstream: written, logLevel = 'warn', store = {}, ...given } = settings as Overrides;
  const upstream = baseURL === undefined ? written : readValue({ name: 'baseURL', value: String(baseURL) }, baseUrl);
  const config = createConfig({
    ...given,
    ...(upstream !== undefined && { upstream }),
    // Nothing is logged that asks for no attention, and nothing written to disk, unless someone wants it.
    logLevel,
    store: isObject(store) ? { ...store, path: store.path ?? null } : store,
    // There is no listener that an upstream could lead back to.
    port: 0,
    admin: { port: 0 },
  });
  // Its connections would keep a program that has nothing left to do from ending.
  if (config.redis !== null) throw new ConfigError('redis is for proxies: run one, and give its address as baseURL');
  return { config, isStandardKept: upstream !== undefined || Object.keys(config.upstreams).length === 0 };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
