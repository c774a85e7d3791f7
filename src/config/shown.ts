/**
 * A configuration as it may be shown to a person who operates the proxy: each
 * setting with its value, as JSON can hold it, and where it was written. What
 * is secret is only said to be set.
 */
import type { Config } from './config.ts';
import { type Origin, placeIn } from './origin.ts';
import { type Path, paths, settingAt } from './settings.ts';
import { packageVersion } from './version.ts';
import { NOT_SHOWN } from './raw-value.ts';

export interface ShownSetting {
  readonly path: string;
  readonly value: unknown;
  /** Null where it has its default. */
  readonly from: string | null;
}

export interface ShownConfig {
  /** Of Refrain. */
  readonly version: string;
  readonly settings: readonly ShownSetting[];
  /** The proxy between Refrain and its upstreams, without credentials. */
  readonly proxy: { readonly http: string | null; readonly https: string | null; readonly no: string | null };
}

export function showConfig(config: Config, origins: readonly Origin[]): ShownConfig {
  const { http, https, no } = config.proxy;
  return {
    version: packageVersion(),
    settings: paths.map((path) => ({ path, value: shownValue(path, config), from: placeIn(origins, path) })),
    proxy: { http: originOfUrl(http), https: originOfUrl(https), no },
  };
}

/** The value of one setting. */
export function valueAt(config: Config, path: Path): unknown {
  return path.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], config);
}

function shownValue(path: Path, config: Config): unknown {
  const value = valueAt(config, path);
  if (value === Infinity) return 'inf';
  const isSet = value !== null && !(Array.isArray(value) && value.length === 0);
  return settingAt(path).secret && isSet ? NOT_SHOWN : value;
}

function originOfUrl(url: string | null): string | null {
  return url === null ? null : new URL(url).origin;
}
