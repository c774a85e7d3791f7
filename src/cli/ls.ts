/**
 * `refrain ls`: which answers are kept.
 */
import type { ToldRow } from '../admin/entry-json.ts';
import type { ListFlags } from '../config/commands.ts';
import type { ProxyTarget } from '../config/command.ts';
import type { Books, EntryPage } from './usage-file.ts';
import { readBooks } from './connect.ts';
import { formatCount, formatSize, formatTime, NONE } from './format.ts';
import { inertJson, inertLine } from './escape.ts';
import type { Output } from './output.ts';
import { type Column, tableLines } from './table.ts';

export interface LsCommand {
  readonly target: ProxyTarget;
  readonly json: boolean;
  readonly filter: ListFlags;
  readonly limit: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'key', align: 'left' },
  { title: 'model', align: 'left', shrinksTo: 8 },
  { title: 'endpoint', align: 'left' },
  { title: 'scope', align: 'left', shrinksTo: 12 },
  { title: 'tags', align: 'left', shrinksTo: 4 },
  { title: 'size', align: 'right' },
  { title: 'age', align: 'right' },
  { title: 'hits', align: 'right' },
];

/** So many digits of a key tell any two apart. */
const DIGITS = 16;

/** @returns the exit code */
export async function listEntries({ target, json, filter, limit }: LsCommand, output: Output): Promise<number> {
  const page = await readBooks(target, output, (books) => listPages(books, filter, limit));
  if (json) output.print(inertJson(page));
  else if (page.entries.length === 0) output.tell('no answer that is kept fits');
  else output.print(textOf(page.entries, output));
  if (!json && page.next !== null)
    output.tell(`there are more: go on with --cursor ${inertLine(page.next)}, or raise --limit`);
  return 0;
}

/** The most that is asked for in one page. */
const MOST_ROWS = 100;

async function listPages(books: Books, filter: ListFlags, limit: number): Promise<EntryPage> {
  const entries: ToldRow[] = [];
  let cursor = filter.cursor ?? null;
  do {
    const given = {
      ...filter,
      limit: Math.min(MOST_ROWS, limit - entries.length),
      ...(cursor === null ? {} : { cursor }),
    };
    const page = await books.page(
      Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)])),
    );
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== null && entries.length < limit);
  return { entries, next: cursor };
}

function textOf(rows: readonly ToldRow[], { paint, width }: Output): string {
  const [titles = '', ...lines] = tableLines(COLUMNS, rows.map(cellsOf), width);
  return [paint('bold', titles), ...lines].join('\n');
}

function cellsOf({ key, form, model, endpoint, scope, tags, bytes, age, hits }: ToldRow): readonly string[] {
  const named = [model, endpoint, scope].map((text) => inertLine(text ?? NONE));
  return [
    `${key.slice(0, DIGITS)}.${inertLine(form)}`,
    ...named,
    inertLine(tags.join(',')),
    formatSize(bytes),
    formatTime(age),
    formatCount(hits),
  ];
}
