/**
 * A reload: which settings a proxy that runs takes from its sources, read anew,
 * and which wait for a restart.
 */
import { isDeepStrictEqual } from 'node:util';
import { variableName } from './setting.ts';
import type { Config } from './config.ts';
import { isLoopback } from './own-listener.ts';
import { refuse } from './raw-value.ts';
import { type Path, paths } from './settings.ts';
import { valueAt } from './shown.ts';
import type { ExaminedConfig } from './sources.ts';

/** The settings that take effect at once; all others are what the proxy is built of. */
const AT_ONCE: ReadonlySet<Path> = new Set([
  'admin.token',
  'tls.cert',
  'tls.key',
  'ttl',
  'maxTtl',
  'key.ignore',
  'key.include',
  'limits.flights',
  'limits.listeners',
  'limits.bytes',
  'limits.requestBytes',
  'logLevel',
]);

export interface ReloadedConfig extends ExaminedConfig {
  /** The settings that differ from before, and hold now. */
  readonly applied: readonly string[];
  /** Those that differ, and hold after a restart. */
  readonly restart: readonly string[];
}

/** @throws ConfigError where what would hold together may not */
export function reloadConfig(running: ExaminedConfig, next: ExaminedConfig): ReloadedConfig {
  const changed = paths.filter((path) => !isDeepStrictEqual(valueAt(running.config, path), valueAt(next.config, path)));
  // A listener does not change its protocol.
  const isTlsKept = (running.config.tls.cert === null) === (next.config.tls.cert === null);
  // A cassette is read by the keys that it was opened with.
  const isKeyFree = running.config.cassette === null;
  const isAtOnce = (path: Path) =>
    AT_ONCE.has(path) && (isTlsKept || !path.startsWith('tls.')) && (isKeyFree || !path.startsWith('key.'));
  const applied = changed.filter(isAtOnce);
  const config = applied.reduce<Config>(
    (whole, path) => withValue(whole, path, valueAt(next.config, path)),
    running.config,
  );
  if (config.admin.token === null && !isLoopback(config.admin.host))
    throw refuse(
      `${variableName('admin.token')} is not set, and the admin API is open to other machines until a restart`,
    );
  const proxies = isDeepStrictEqual(running.config.proxy, next.config.proxy) ? [] : ['HTTP_PROXY'];
  const origins = paths.flatMap((path) => {
    const { origins: some } = isAtOnce(path) ? next : running;
    return some.filter((origin) => origin.path === path);
  });
  return { config, origins, applied, restart: [...changed.filter((path) => !isAtOnce(path)), ...proxies] };
}

function withValue(config: Config, path: Path, value: unknown): Config {
  const [group = '', leaf] = path.split('.');
  if (leaf === undefined) return { ...config, [group]: value };
  return { ...config, [group]: { ...Object(Reflect.get(config, group)), [leaf]: value } };
}
