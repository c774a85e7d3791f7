/**
 * A command with all that it needs, or a text, as the command line asks for it.
 */
import { ConfigError } from '../errors.ts';
import { choosing, type Shell, shell } from './command-options.ts';
import {
  type PurgeFlags,
  type CommandName,
  commands,
  type ListFlags,
  type Given,
  type SummedFlags,
} from './commands.ts';
import type { Config } from './config.ts';
import { type ConfigSources, type ExaminedConfig, examineConfig, loadConfig } from './sources.ts';
import { digits } from './value-types.ts';
import { type CommandLine, readLine, type Text } from './command-line.ts';
import { type CassetteCommand, readCassetteCommand } from './cassette-command.ts';
import { type RunCommand, readRun } from './run-command.ts';
import { flagName, type Option } from './setting.ts';
import { readUpstreamKeys, type UpstreamKeys } from './upstream-keys.ts';
import { readWarm, type WarmCommand } from './warm-command.ts';
import { packageVersion } from './version.ts';
import { readValue, refuse } from './raw-value.ts';

/** The input of a process. */
export interface ProcessInput {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** The proxy that a command is about. */
export interface ProxyTarget {
  /** Of the proxy on this machine, by which it is found. */
  readonly config: Config;
  /** Base URL of another admin API, or null. */
  readonly url: string | null;
}

export interface ProxyCommand {
  readonly target: ProxyTarget;
  /** One JSON document and nothing else is to be printed. */
  readonly json: boolean;
}

export interface StartCommand extends ExaminedConfig {
  /** Reads all sources anew. @throws ConfigError */
  readonly reread: () => ExaminedConfig;
}

export interface OpenCommand {
  readonly target: ProxyTarget;
}

export interface WatchCommand {
  readonly target: ProxyTarget;
}

export interface StatsCommand extends ProxyCommand {
  /** The requests that are meant; none for all that there is. */
  readonly summed: SummedFlags;
}

export interface LsCommand extends ProxyCommand {
  readonly filter: ListFlags;
  readonly limit: number;
}

export interface KeyCommand extends ProxyCommand {
  readonly key: string;
}

export interface ShowCommand extends KeyCommand {
  /** A command that asks the same is printed. */
  readonly curl: boolean;
}

export interface PurgeCommand extends ProxyCommand {
  readonly choice: PurgeFlags | 'all';
  /** Those go too of which no text is known. */
  readonly includeUnjudged: boolean;
  readonly dryRun: boolean;
  /** Nobody is asked. */
  readonly yes: boolean;
}

export interface DoctorCommand {
  readonly json: boolean;
  readonly examined: Examined;
  readonly keys: UpstreamKeys;
  /** To try streams with; null for the first that each upstream has. */
  readonly model: string | null;
}

export interface ExplainCommand {
  readonly json: boolean;
  readonly target: ProxyTarget;
  /** A file, and another or a key. */
  readonly operands: readonly [string, string];
}

type Named<Name extends CommandName> = { readonly kind: Name };

export type Command =
  | (Named<'start'> & StartCommand)
  | (Named<'run'> & RunCommand)
  | (Named<'open'> & OpenCommand)
  | (Named<'watch'> & WatchCommand)
  | (Named<'stats'> & StatsCommand)
  | (Named<'reload'> & ProxyCommand)
  | (Named<'ls'> & LsCommand)
  | (Named<'show'> & ShowCommand)
  | (Named<'rm'> & KeyCommand)
  | (Named<'purge'> & PurgeCommand)
  | (Named<'warm'> & WarmCommand)
  | (Named<'doctor'> & DoctorCommand)
  | (Named<'explain'> & ExplainCommand)
  | (Named<'cassette'> & CassetteCommand)
  | (Named<'completion'> & { readonly shell: Shell })
  | Text;

/** The settings of a start in these surroundings, or why there would be none. */
export type Examined = ExaminedConfig | { readonly fault: string };

const STANDARD_LIMIT = 50;

/** @throws ConfigError, whose message is one line for standard error */
export function readCommand({ argv, env, cwd }: ProcessInput = readProcess()): Command {
  const line = readLine(argv, packageVersion());
  if ('text' in line) return line;
  const sources: ConfigSources = { flags: line.flags, env, cwd };
  const json = isGiven(line, 'json');
  const readTarget = (): ProxyTarget => ({ config: loadConfig(sources), url: readGiven(line, 'stats').url ?? null });
  switch (line.name) {
    case 'start':
      return { kind: 'start', ...examineConfig(sources), reread: () => examineConfig(sources) };
    case 'run':
      return { kind: 'run', ...readRun(readRest(line), readGiven(line, 'run'), sources) };
    case 'open':
      return { kind: 'open', target: readTarget() };
    case 'watch':
      return { kind: 'watch', target: readTarget() };
    case 'stats': {
      const { url: _, ...summed } = readGiven(line, 'stats');
      return { kind: 'stats', target: readTarget(), json, summed };
    }
    case 'reload':
      return { kind: 'reload', target: readTarget(), json };
    case 'ls': {
      const { url: _, limit = STANDARD_LIMIT, ...filter } = readGiven(line, 'ls');
      return { kind: 'ls', target: readTarget(), json, filter, limit };
    }
    case 'show':
    case 'rm': {
      const key = readValue({ name: 'KEY', value: line.operands[0] }, digits);
      if (line.name === 'rm') return { kind: 'rm', target: readTarget(), json, key };
      return { kind: 'show', target: readTarget(), json, key, curl: isGiven(line, 'curl') };
    }
    case 'purge': {
      const choice = readChoice(line);
      const flags = { dryRun: isGiven(line, 'dryRun'), yes: isGiven(line, 'yes') };
      const includeUnjudged = isGiven(line, 'includeUnjudged');
      if (includeUnjudged && (choice === 'all' || choice.text === undefined))
        throw refuse('--include-unjudged is about what --text cannot judge; give it --text');
      return { kind: 'purge', target: readTarget(), json, choice, includeUnjudged, ...flags };
    }
    case 'warm':
      return { kind: 'warm', ...readWarm(line.operands[0] as string, readGiven(line, 'warm'), sources) };
    case 'doctor': {
      const { keys: variables = new Map(), model = null } = readGiven(line, 'doctor');
      const examined = examine(sources);
      const keys = 'fault' in examined ? new Map() : readUpstreamKeys(examined.config, variables, env);
      return { kind: 'doctor', json, examined, keys, model };
    }
    case 'cassette': {
      const switches = { json, dryRun: isGiven(line, 'dryRun'), yes: isGiven(line, 'yes') };
      const options = { ...readGiven(line, 'cassette'), ...switches };
      return { kind: 'cassette', ...readCassetteCommand(line.operands, options, sources) };
    }
    case 'completion':
      return { kind: 'completion', shell: readValue({ name: 'SHELL', value: line.operands[0] }, shell) };
    case 'explain': {
      const [a = '', b = ''] = line.operands;
      return { kind: 'explain', json, target: readTarget(), operands: [a, b] };
    }
  }
}

/** Tests whether the exit code is to be told from those of another command. */
export function isOfAnother({ argv }: ProcessInput = readProcess()): boolean {
  return argv[0] === 'run';
}

function readRest({ name, rest: [word, ...others] }: CommandLine): readonly [string, ...string[]] {
  if (!word) throw refuse(`${name} has no command; it stands behind --, as in refrain ${name} -- npm test`);
  return [word, ...others];
}

/** Nothing is deleted because somebody forgot to say what. */
function readChoice(line: CommandLine): PurgeFlags | 'all' {
  const { url: _, ...choice } = readGiven(line, 'purge');
  const isAll = isGiven(line, 'all');
  const flags = Object.keys(choosing)
    .map((name) => `--${flagName(name)}`)
    .join(', ');
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
