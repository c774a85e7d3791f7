/**
 * `refrain cassette prune`: drops the exchanges that the last run did not use.
 */
import { rewriteCassette } from '../cassette/cassette-file.ts';
import type { CassetteCommand } from '../config/cassette-command.ts';
import { ConfigError } from '../errors.ts';
import { inertJson, inertLine } from '../console/escape.ts';
import { formatCount } from '../console/format.ts';
import { type ListedExchange, readRows } from './cassette-rows.ts';
import { CommandError } from './failure.ts';
import type { Output } from './output.ts';

/**
 * @returns the exit code
 * @throws ConfigError where it would have to ask and cannot, CommandError where no run is known
 */
export async function pruneCassette(
  { file, config, json, dryRun, yes }: CassetteCommand & { readonly action: 'prune' },
  output: Output,
): Promise<number> {
  const rows = readRows(file, config);
  if (rows.some(({ row }) => row.used === null))
    throw new CommandError(`no run of ${file} is known here; replay it once, then prune`);
  const unused = rows.filter(({ row }) => row.used === false);
  if (!json)
    for (const { row } of unused) output.note(`unused: ${inertLine(`${row.number} ${row.method} ${row.path}`)}`);
  const isAsked = !dryRun && !yes && unused.length > 0;
  if (isAsked && !(await confirm(unused, output))) {
    output.note('nothing was dropped');
    return 1;
  }
  if (!dryRun && unused.length > 0) drop(file, unused);
  const said = `${dryRun ? 'would drop' : 'dropped'} ${countOf(unused)} of ${formatCount(rows.length)}`;
  output.print(json ? inertJson({ exchanges: rows.length, dropped: unused.map(({ row }) => row), dryRun }) : said);
  return 0;
}

/** Those that came meanwhile stay. */
function drop(file: string, unused: readonly ListedExchange[]): void {
  const digests = new Set(unused.map(({ digest }) => digest));
  rewriteCassette(file, ({ header, documents }) => ({
    header,
    documents: documents.filter(({ digest }) => !digests.has(digest)),
  }));
}

async function confirm(unused: readonly ListedExchange[], { ask }: Output): Promise<boolean> {
  if (ask === null)
    throw new ConfigError(
      `this would drop ${countOf(unused)}, and there is no terminal to ask on; say --yes, or --dry-run`,
    );
  return ask(`Drop ${countOf(unused)}?`);
}

function countOf({ length }: readonly unknown[]): string {
  return `${formatCount(length)} ${length === 1 ? 'exchange' : 'exchanges'}`;
}
