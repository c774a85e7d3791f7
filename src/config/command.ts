/**
 * What the command line asks for: a proxy, or a text about it.
 */
import { readFileSync } from 'node:fs';
import { type Config, loadConfig, type Surroundings } from './config.ts';
import { readFlags } from './flags.ts';
import { helpText } from './manual.ts';

export type Command =
  | { readonly kind: 'start'; readonly config: Config }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version'; readonly text: string };

/** Throws ConfigError, whose message is one line for standard error. */
export function readCommand(surroundings: Surroundings = readProcess()): Command {
  const flags = readFlags(surroundings.argv);
  if (flags.has('help')) return { kind: 'help', text: helpText() };
  if (flags.has('version')) return { kind: 'version', text: `refrain ${packageVersion()}` };
  return { kind: 'start', config: loadConfig(surroundings) };
}

function readProcess(): Surroundings {
  return { argv: process.argv.slice(2), env: process.env, cwd: process.cwd() };
}

function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
