/**
 * `refrain cassette ACTION FILE`: looks into a cassette, and changes it. No proxy is asked; one that records to the
 * same file meanwhile loses nothing.
 */
import { CassetteError } from '../cassette/cassette-error.ts';
import { isThere } from '../cassette/cassette-paths.ts';
import { FormatError } from '../cassette/formats/foreign-exchange.ts';
import type { CassetteCommand } from '../config/cassette-command.ts';
import { ConfigError } from '../errors.ts';
import { exportCassette } from './cassette-export.ts';
import { importIntoCassette } from './cassette-import.ts';
import { listCassette, showExchange } from './cassette-listing.ts';
import { pruneCassette } from './cassette-prune.ts';
import { CommandError } from './failure.ts';
import type { Output } from './output.ts';

/** @returns the exit code */
export async function workOnCassette(command: CassetteCommand, output: Output): Promise<number> {
  const { action, file } = command;
  if (action !== 'import' && !isThere(file)) throw new CommandError(`there is no ${file}`);
  try {
    switch (action) {
      case 'ls':
        return listCassette(command, output);
      case 'show':
        return showExchange(command, output);
      case 'prune':
        return await pruneCassette(command, output);
      case 'import':
        return await importIntoCassette(command, output);
      case 'export':
        return await exportCassette(command, output);
    }
  } catch (error) {
    if (error instanceof CassetteError || error instanceof FormatError) throw new ConfigError(error.message);
    const { code, path = file } = error as NodeJS.ErrnoException;
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) throw new CommandError(`${path}: ${code}`);
    throw error;
  }
}
