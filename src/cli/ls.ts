/**
 * `refrain ls`: lists the answers that are kept.
 */
import type { EntryRowJson } from '../admin/entry-json.ts';
import type { LsCommand } from '../config/command.ts';
import { readData } from './connect.ts';
import { inertJson, inertLine } from '../console/escape.ts';
import { formatCount, formatSize, formatTime, NONE } from '../console/format.ts';
import type { Output } from './output.ts';
import type { EntryPage, ProxyData } from './proxy-data.ts';
import { type Column, tableLines } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'key', align: 'left' },
  { title: 'model', align: 'left', shrinksTo: 8 },
  { title: 'endpoint', align: 'left' },
  { title: 'scope', align: 'left', shrinksTo: 12 },
  { title: 'tags', align: 'left', shrinksTo: 4 },
  { title: 'size', align: 'right' },
  { title: 'age', align: 'right' },
  { title: 'hits', align: 'right' },
  { title: 'question', align: 'left', shrinksTo: 12 },
];

/** Enough digits of a key to tell any two apart. */
const DIGITS = 16;

/** @returns the exit code */
export async function listEntries(command: LsCommand, output: Output): Promise<number> {
  const { entries, next } = await readData(command.target, output, (data) => listPages(data, command));
  if (command.json) {
    output.print(inertJson({ entries, next }));
    return 0;
  }
  if (entries.length === 0) output.note('no answer that is kept fits');
  else output.print(textOf(entries, output));
  if (next !== null) output.note(`there are more: go on with --cursor ${inertLine(next)}, or raise --limit`);
  return 0;
}

/** The most that is asked for in one page. */
const MOST_ROWS = 100;

async function listPages(data: ProxyData, { filter, limit }: LsCommand): Promise<EntryPage> {
  const criteria = Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]));
  const entries: EntryRowJson[] = [];
  let next = filter.cursor ?? null;
  do {
    const size = String(Math.min(MOST_ROWS, limit - entries.length));
    const page = await data.page({ ...criteria, limit: size, ...(next !== null && { cursor: next }) });
    entries.push(...page.entries);
    ({ next } = page);
  } while (next !== null && entries.length < limit);
  return { entries, next };
}

function textOf(rows: readonly EntryRowJson[], { paint, width }: Output): string {
  const [titles = '', ...lines] = tableLines(COLUMNS, rows.map(cellsOf), width);
  return [paint('bold', titles), ...lines].join('\n');
}

function cellsOf(row: EntryRowJson): readonly string[] {
  const { key, form, model, endpoint, scope, tags } = row;
  return [
    `${key.slice(0, DIGITS)}.${inertLine(form)}`,
    ...[model, endpoint, scope].map((text) => inertLine(text ?? NONE)),
    inertLine(tags.join(',')),
    formatSize(row.bytes),
    formatTime(row.age),
    formatCount(row.hits),
    inertLine(row.question ?? NONE),
  ];
}
