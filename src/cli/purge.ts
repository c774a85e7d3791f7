/**
 * `refrain purge`: deletes the answers that its flags choose. Counts them
 * first, and asks before it deletes more than one.
 */
import type { Purged } from '../cache/flights.ts';
import type { PurgeCommand } from '../config/command.ts';
import { ConfigError } from '../errors.ts';
import { askProxy } from './connect.ts';
import { formatCount, formatSize } from '../console/format.ts';
import { inertJson } from '../console/escape.ts';
import type { Output } from './output.ts';

/**
 * @returns the exit code
 * @throws ConfigError where it would have to ask and cannot
 */
export async function purgeEntries(command: PurgeCommand, output: Output): Promise<number> {
  const { target, json, dryRun, yes } = command;
  const purge = (only: 'count' | 'delete') =>
    askProxy(target, (admin) => admin.ask<Purged>('POST', '/purge', 'flights', bodyOf(command, only)));
  const counted = await purge('count');
  if (!dryRun && !yes && counted.entries > 1 && !(await confirm(counted, output))) {
    output.note('nothing was deleted');
    return 1;
  }
  const purged = dryRun ? counted : await purge('delete');
  output.print(json ? inertJson(purged) : `${dryRun ? 'would delete' : 'deleted'} ${amountOf(purged)}`);
  const { unjudged = 0 } = purged;
  if (unjudged === 0) return 0;
  output.note(`refrain: ${unjudgedText(unjudged)}`);
  return 1;
}

function bodyOf({ choice, includeUnjudged }: PurgeCommand, only: 'count' | 'delete'): object {
  const chosen = choice === 'all' ? { all: true } : { ...choice, ...(includeUnjudged && { includeUnjudged }) };
  return { ...chosen, dryRun: only === 'count' };
}

async function confirm(counted: Purged, { ask }: Output): Promise<boolean> {
  if (ask === null)
    throw new ConfigError(
      `this would delete ${amountOf(counted)}, and there is no terminal to ask on; say --yes, or --dry-run`,
    );
  return ask(`Delete ${amountOf(counted)}?`);
}

function unjudgedText(entries: number): string {
  const [them, those] = entries === 1 ? ['it', 'it'] : ['them', 'those'];
  const why = `${formatCount(entries)} more could not be judged: no question is kept with ${them}`;
  return `${why}; --include-unjudged deletes ${those} too`;
}

function amountOf({ entries, bytes, flights }: Purged): string {
  const answers = `${formatCount(entries)} ${entries === 1 ? 'answer' : 'answers'}, ${formatSize(bytes)}`;
  return flights === 0 ? answers : `${answers}, and ${formatCount(flights)} on the way`;
}
