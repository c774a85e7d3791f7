/**
 * `refrain cassette` as it is asked for: what is done with which files.
 */
import { resolve } from 'node:path';
import type { Given } from './commands.ts';
import type { Config } from './config.ts';
import { readValue, refuse } from './raw-value.ts';
import { type ConfigSources, loadConfig } from './sources.ts';
import { oneOf } from './value-types.ts';

export type CassetteCommand = {
  readonly file: string;
  /** One JSON document and nothing else is to be printed. */
  readonly json: boolean;
  /** Nothing is to be changed. */
  readonly dryRun: boolean;
  /** Those by which requests are named, and upstreams are known. */
  readonly config: Config;
} & (
  | { readonly action: 'ls' }
  | { readonly action: 'show'; readonly key: string }
  | { readonly action: 'prune'; readonly yes: boolean }
  | ({ readonly action: 'import'; readonly from: readonly string[] } & ImportOptions)
  | { readonly action: 'export'; readonly to: string; readonly scope: string | null }
);

export interface ImportOptions {
  readonly format: NonNullable<Given<'cassette'>['format']> | null;
  readonly model: string | null;
  readonly scope: string | null;
}

interface CassetteFlags extends Given<'cassette'> {
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

const ACTION = oneOf('ls', 'show', 'prune', 'import', 'export');

/** @throws ConfigError */
export function readCassetteCommand(
  [word, name = '', ...others]: readonly string[],
  { json, dryRun, yes, ...options }: CassetteFlags,
  sources: ConfigSources,
): CassetteCommand {
  const { format = null, model = null, scope = null }: Partial<ImportOptions> = options;
  const action = readValue({ name: 'ACTION', value: word }, ACTION);
  const pathOf = (file: string) => resolve(sources.cwd, file);
  const common = { file: pathOf(name), json, dryRun, config: loadConfig(sources) };
  const only = (what: string): string => {
    const [first, ...more] = others;
    if (!first || more.length > 0) throw refuse(`cassette ${action} takes ${what} behind FILE`);
    return first;
  };
  switch (action) {
    case 'ls':
    case 'prune':
      if (others.length > 0) throw refuse(`cassette ${action} takes nothing behind FILE`);
      return action === 'ls' ? { ...common, action } : { ...common, action, yes };
    case 'show':
      return { ...common, action, key: only('the number or key of one exchange') };
    case 'import':
      if (others.length === 0) throw refuse('cassette import takes the files to read behind FILE');
      return { ...common, action, from: others.map(pathOf), format, model, scope };
    case 'export':
      return { ...common, action, to: pathOf(only('the file to write')), scope };
  }
}
