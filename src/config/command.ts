/**
 * What the command line asks for: a proxy, or a text about it.
 */
import { ConfigError } from '../errors.ts';
import { type Config, loadConfig, type Surroundings } from './config.ts';
import { readFlags } from './flags.ts';
import { helpText } from './manual.ts';
import { packageVersion } from './version.ts';

export type Command =
  | { readonly kind: 'start'; readonly config: Config }
  | { readonly kind: 'explain'; readonly config: Config; readonly files: readonly [string, string]; readonly json: boolean }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version'; readonly text: string };

/** Throws ConfigError, whose message is one line for standard error. */
export function readCommand(surroundings: Surroundings = readProcess()): Command {
  const { argv } = surroundings;
  if (argv[0] === 'explain') return readExplain(surroundings);
  const flags = readFlags(argv);
  if (flags.has('help')) return { kind: 'help', text: helpText() };
  if (flags.has('version')) return { kind: 'version', text: `refrain ${packageVersion()}` };
  return { kind: 'start', config: loadConfig(surroundings) };
}

function readExplain(surroundings: Surroundings): Command {
  const [, a, b, ...rest] = surroundings.argv;
  if (a === undefined || b === undefined) throw new ConfigError('explain takes two files, each with a request such as {"path":"/v1/chat/completions","headers":{},"body":{}}');
  const argv = rest.filter((flag) => flag !== '--json');
  return { kind: 'explain', config: loadConfig({ ...surroundings, argv }), files: [a, b], json: argv.length < rest.length };
}

function readProcess(): Surroundings {
  return { argv: process.argv.slice(2), env: process.env, cwd: process.cwd() };
}
