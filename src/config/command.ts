/**
 * What the command line asks for: a command with all that it needs, or a text.
 */
import { ConfigError } from '../errors.ts';
import { type PurgeFlags, type CommandName, commands, type ListFlags, type Given, type Option } from './commands.ts';
import { type Config, type ExaminedConfig, examineConfig, loadConfig, type ConfigSources } from './config.ts';
import { digits } from './value-types.ts';
import { type CommandLine, readLine, type Text } from './command-line.ts';
import { flagName } from './setting.ts';
import { readUpstreamKeys, type UpstreamKeys } from './upstream-keys.ts';
import { packageVersion } from './version.ts';
import { readValue, refuse } from './raw-value.ts';

/** What a process is started with. */
export interface ProcessInput {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** Which proxy is meant. */
export interface ProxyTarget {
  /** That of the proxy on this machine, by which it is found. */
  readonly config: Config;
  /** Base URL of another operator's listener, or null. */
  readonly url: string | null;
}

export type Command =
  | ({ readonly kind: 'start' } & ExaminedConfig)
  | { readonly kind: 'stats'; readonly target: ProxyTarget; readonly json: boolean }
  | {
      readonly kind: 'ls';
      readonly target: ProxyTarget;
      readonly json: boolean;
      readonly filter: ListFlags;
      readonly limit: number;
    }
  | { readonly kind: 'show' | 'rm'; readonly target: ProxyTarget; readonly json: boolean; readonly key: string }
  | {
      readonly kind: 'purge';
      readonly target: ProxyTarget;
      readonly json: boolean;
      readonly choice: PurgeFlags | 'all';
      readonly dryRun: boolean;
      readonly yes: boolean;
    }
  | {
      readonly kind: 'doctor';
      readonly json: boolean;
      readonly examined: Examined;
      readonly keys: UpstreamKeys;
      readonly model: string | null;
    }
  | {
      readonly kind: 'explain';
      readonly json: boolean;
      readonly config: Config;
      readonly files: readonly [string, string];
    }
  | Text;

/** The settings of a start in these surroundings, or why there would be none. */
export type Examined = ExaminedConfig | { readonly fault: string };

const STANDARD_LIMIT = 50;

/** Throws ConfigError, whose message is one line for standard error. */
export function readCommand({ argv, env, cwd }: ProcessInput = readProcess()): Command {
  const line = readLine(argv, packageVersion());
  if ('text' in line) return line;
  const sources: ConfigSources = { flags: line.flags, env, cwd };
  const json = isGiven(line, 'json');
  switch (line.name) {
    case 'start':
      return { kind: 'start', ...examineConfig(sources) };
    case 'stats':
      return { kind: 'stats', target: readTarget(line, sources), json };
    case 'ls': {
      const { url: _, limit = STANDARD_LIMIT, ...filter } = readGiven(line, 'ls');
      return { kind: 'ls', target: readTarget(line, sources), json, filter, limit };
    }
    case 'show':
    case 'rm':
      return {
        kind: line.name,
        target: readTarget(line, sources),
        json,
        key: readValue({ name: 'KEY', value: line.operands[0] }, digits),
      };
    case 'purge': {
      const flags = { dryRun: isGiven(line, 'dryRun'), yes: isGiven(line, 'yes') };
      return { kind: 'purge', target: readTarget(line, sources), json, choice: readChoice(line), ...flags };
    }
    case 'doctor': {
      const { keys: variables = new Map(), model = null } = readGiven(line, 'doctor');
      const examined = examine(sources);
      const keys = 'fault' in examined ? new Map() : readUpstreamKeys(examined.config, variables, env);
      return { kind: 'doctor', json, examined, keys, model };
    }
    case 'explain':
      return {
        kind: 'explain',
        json,
        config: loadConfig(sources),
        files: line.operands as readonly string[] as [string, string],
      };
  }
}

function readTarget(line: CommandLine, sources: ConfigSources): ProxyTarget {
  return { config: loadConfig(sources), url: readGiven(line, 'stats').url ?? null };
}

/** Nothing is deleted because somebody forgot to say what. */
function readChoice(line: CommandLine): PurgeFlags | 'all' {
  const { url: _, ...choice } = readGiven(line, 'purge');
  const isAll = isGiven(line, 'all');
  const flags = ['model', 'endpoint', 'scope', 'older-than', 'tag'].map((name) => `--${name}`).join(', ');
  if (isAll && Object.keys(choice).length > 0)
    throw refuse(`--all stands for every answer; leave it out, or else the other flags`);
  if (!isAll && Object.keys(choice).length === 0)
    throw refuse(`purge has nothing to choose by; give it any of ${flags}, or --all for every answer`);
  return isAll ? 'all' : choice;
}

function readGiven<Name extends CommandName>({ flags }: CommandLine, name: Name): Given<Name> {
  const options: Readonly<Record<string, Option>> = commands[name].options;
  const values = Object.entries(options).flatMap(([option, kind]) => {
    const rawValue = flags.get(flagName(option));
    return rawValue === undefined ? [] : [[option, readValue(rawValue, kind)] as const];
  });
  return Object.fromEntries(values) as Given<Name>;
}

function isGiven({ flags }: CommandLine, name: string): boolean {
  return flags.has(flagName(name));
}

function examine(sources: ConfigSources): Examined {
  try {
    return examineConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) return { fault: error.message };
    throw error;
  }
}

function readProcess(): ProcessInput {
  return { argv: process.argv.slice(2), env: process.env, cwd: process.cwd() };
}
