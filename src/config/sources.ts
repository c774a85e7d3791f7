/**
 * The configuration of a start: flags before variables before a file, and
 * defaults for the rest.
 */
import { type Config, configFrom } from './config.ts';
import { readSettingsFile } from './file.ts';
import { withFormerNames } from './former-names.ts';
import { type Origin, originOf } from './origin.ts';
import { readOutboundProxy } from './outbound.ts';
import type { RawValues } from './raw-value.ts';
import { flagName, variableName } from './setting.ts';
import { FILE_FLAG, FILE_VARIABLE, paths } from './settings.ts';
import { ownDisk, storePlace } from './store-place.ts';
import { readVariables } from './variables.ts';

/** The sources of settings, but for the file that one of these names. */
export interface ConfigSources {
  /** By their names without dashes. */
  readonly flags: RawValues;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Values by the paths of settings, for those that nothing else gives. */
  readonly fallbacks?: RawValues;
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
export function examineConfig({ flags, env, cwd, fallbacks }: ConfigSources): ExaminedConfig {
  const variables = readVariables(env, cwd);
  const named = flags.get(FILE_FLAG) ?? variables.known.get(FILE_VARIABLE);
  const file: RawValues = named === undefined ? new Map() : readSettingsFile(named, cwd);
  // The order of precedence: the first source to give a setting decides it.
  const find = withFormerNames(
    (path) =>
      flags.get(flagName(path)) ?? variables.known.get(variableName(path)) ?? file.get(path) ?? fallbacks?.get(path),
  );
  const proxy = readOutboundProxy(variables.known);
  const place = () => storePlace({ platform: process.platform, env, cwd, disk: ownDisk });
  const config = configFrom(find, { cwd, place }, { proxy, unknownVariables: variables.unknown });
  return { config, origins: paths.flatMap((path) => originOf(path, find(path)?.raw)) };
}
