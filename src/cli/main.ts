/**
 * The command: reads what is asked for, and does it. Exits with 0 where it is
 * done, 1 where it could not be, 2 where something was written wrongly; what
 * that means of each command stands in `config/commands`. Where another command
 * is run, whose codes these are, with 125 for both. A command's code is loaded
 * when it is asked for: a proxy's takes the longest.
 */
import { inspect } from 'node:util';
import { CommandError, OWN_FAILURE } from './failure.ts';
import { createOutput, type Output } from './output.ts';
import { type Command, isOfAnother, readCommand } from '../config/command.ts';
import { ConfigError } from '../errors.ts';

/** Ends the process where nothing should be waited for any more. */
export async function main(): Promise<void> {
  const output = createOutput();
  try {
    const command = readCommand();
    process.exitCode = await run(command, output);
    // A proxy that has stopped waits for nothing more.
    if (command.kind === 'start' || command.kind === 'run') process.exit();
  } catch (error) {
    const isKnown = error instanceof ConfigError || error instanceof CommandError;
    if (!isKnown && !isOfAnother()) throw error;
    output.note(`refrain: ${isKnown ? error.message : inspect(error)}`);
    process.exit(isOfAnother() ? OWN_FAILURE : error instanceof ConfigError ? 2 : 1);
  }
}

async function run(command: Command, output: Output): Promise<number> {
  switch (command.kind) {
    case 'start':
      return (await import('./start.ts')).startProxy(command, output);
    case 'run':
      return (await import('./run.ts')).runCommand(command, output);
    case 'open':
      return (await import('./open.ts')).openPage(command, output);
    case 'watch':
      return (await import('./watch.ts')).watchProxy(command, output);
    case 'stats':
      return (await import('./stats.ts')).showStats(command, output);
    case 'ls':
      return (await import('./ls.ts')).listEntries(command, output);
    case 'show':
      return (await import('./show.ts')).showEntry(command, output);
    case 'rm':
      return (await import('./rm.ts')).removeEntry(command, output);
    case 'purge':
      return (await import('./purge.ts')).purgeEntries(command, output);
    case 'warm':
      return (await import('./warm.ts')).warmCache(command, output);
    case 'reload':
      return (await import('./reload.ts')).reloadSettings(command, output);
    case 'doctor':
      return (await import('./doctor.ts')).examine(command, output);
    case 'explain':
      return (await import('./explain.ts')).explainRequests(command, output);
    case 'cassette':
      return (await import('./cassette.ts')).workOnCassette(command, output);
    case 'completion':
      return (await import('./completion.ts')).printCompletion(command, output);
    case 'help':
    case 'version':
      output.print(command.text);
      return 0;
  }
}
