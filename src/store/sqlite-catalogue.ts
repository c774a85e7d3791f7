/**
 * What people are told of an open database. Nothing here takes long: what may
 * is done in slices, each of which goes on where the last one ended.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Filter, fits, hasText, isPurgedBy, type Purge } from './filter.ts';
import {
  add,
  type EntryRow,
  type EntryRows,
  type Listing,
  NOTHING,
  type Position,
  type Sort,
  type Totals,
} from './listing.ts';
import { type Condition, type LeadingCondition, leadsOf } from './sqlite-filter.ts';
import { askedOf, LABEL_COLUMNS, labelledOf, type RawRow, ROW_COLUMNS, rowOf } from './sqlite-rows.ts';
import type { Kept, Likeness } from './catalogue.ts';

/** One slice of a count: what it found, and the entry to go on behind. */
export interface CountSlice extends Totals {
  readonly next: number | null;
}

/** How many rows one slice looks through, and how long the texts may be in all that it searches, in UTF-16 units. */
const SLICE_ROWS = 500;
const SLICE_TEXT = 2 * 1_024 * 1_024;

/** What each order sorts by. Every index has the row's number too. */
const SORTED_BY: Readonly<Record<Sort, string>> = { newest: 'id', largest: 'bytes', 'most-used': 'hits' };

const SELECT_KEPT = `SELECT id, key, ${LABEL_COLUMNS}, parts, prompt FROM entries JOIN answers USING (id)`;

export class SqliteCatalogue {
  readonly #database: DatabaseSync;
  /** Whether a row is on its way out. */
  readonly #isPurged: (row: RawRow) => boolean;
  readonly #prompt: StatementSync;

  constructor(database: DatabaseSync, isPurged: (row: RawRow) => boolean) {
    this.#database = database;
    this.#isPurged = isPurged;
    this.#prompt = database.prepare('SELECT prompt FROM answers WHERE id = ?');
  }

  /** A page that may be short of rows, or have none, although there are more. */
  list({ filter, sort, limit, after }: Listing): EntryRows {
    const { text } = filter;
    const by = SORTED_BY[sort];
    const lead = this.#fewest(filter);
    const { sql, values } = lead ? behind(lead, by, after) : sliceBehind(by, after);
    const slice = this.#select(sql, values);
    const end = lead || slice.length < SLICE_ROWS ? null : positionOf(slice.at(-1) as RawRow, by);
    const rows: EntryRow[] = [];
    let searched = 0;
    for (const [index, raw] of slice.entries()) {
      if (!this.#fits(raw, filter)) continue;
      const prompt = this.#promptOf(raw, text);
      searched += prompt.length;
      if (hasText(prompt, text ?? '')) rows.push(rowOf(raw));
      const isFull = rows.length === limit || searched > SLICE_TEXT;
      if (isFull && (index < slice.length - 1 || end)) return { rows, next: positionOf(raw, by) };
    }
    return { rows, next: end };
  }

  count(purge: Purge, after: number): CountSlice {
    const slice = this.#select(
      `SELECT id, bytes, ${LABEL_COLUMNS} FROM entries WHERE id > ? ORDER BY id LIMIT ${SLICE_ROWS}`,
      [after],
    );
    let totals = NOTHING;
    for (const raw of slice)
      if (isPurgedBy(purge, labelledOf(raw))) totals = add(totals, { entries: 1, bytes: raw.bytes as number });
    return { ...totals, next: slice.length < SLICE_ROWS ? null : (slice.at(-1)?.id as number) };
  }

  listByPrefix(prefix: string, limit: number): EntryRow[] {
    return this.#withPrefix(`SELECT ${ROW_COLUMNS} FROM entries WHERE TRUE`, prefix, limit).map(rowOf);
  }

  findByPrefix(digits: string): Kept | undefined {
    return this.#withPrefix(`${SELECT_KEPT} WHERE scope IS NOT NULL`, digits, 1).map(keptOf)[0];
  }

  newest({ scope, endpoint, model }: Likeness, limit: number): Kept[] {
    return this.#select(`${SELECT_KEPT} WHERE scope = ? AND endpoint = ? AND model IS ? ORDER BY id DESC LIMIT ?`, [
      scope,
      endpoint,
      model,
      limit,
    ])
      .filter((row) => !this.#isPurged(row))
      .map(keptOf);
  }

  /** The part of a filter that few entries fit, as an index tells; none where many fit each. */
  #fewest(filter: Filter): LeadingCondition | undefined {
    const counted = leadsOf(filter).map((lead) => {
      const [row] = this.#select(
        `SELECT count(*) AS count FROM (SELECT 1 FROM ${lead.source} WHERE ${lead.sql} LIMIT ${SLICE_ROWS + 1})`,
        lead.values,
      );
      return { lead, count: row?.count as number };
    });
    return counted.filter(({ count }) => count <= SLICE_ROWS).sort((a, b) => a.count - b.count)[0]?.lead;
  }

  /** The text aside. */
  #fits(raw: RawRow, filter: Filter): boolean {
    return !this.#isPurged(raw) && fits(filter, labelledOf(raw), raw.bytes as number);
  }

  /** What was asked, where a text is looked for in it. */
  #promptOf({ id }: RawRow, text: string | undefined): string {
    if (text === undefined) return '';
    const row = this.#prompt.get(id as number);
    return typeof row?.prompt === 'string' ? row.prompt : '';
  }

  #withPrefix(select: string, prefix: string, limit: number): RawRow[] {
    // Every key that begins so is below this one: none has a letter beyond the last of Unicode.
    return this.#select(`${select} AND key >= ? AND key < ? ORDER BY key LIMIT ?`, [
      prefix,
      `${prefix}\u{10ffff}`,
      limit,
    ]).filter((row) => !this.#isPurged(row));
  }

  #select(sql: string, values: readonly (string | number | null)[]): RawRow[] {
    return this.#database.prepare(sql).all(...values);
  }
}

/**
 * The next rows of an order. Equals stand apart: SQLite would look through all
 * of them, from the first on, to find one by its number.
 */
function sliceBehind(by: string, after: Position | null): Condition {
  const select = (where: string) =>
    `SELECT ${ROW_COLUMNS} FROM entries WHERE ${where} ORDER BY ${by} DESC, id DESC LIMIT ${SLICE_ROWS}`;
  if (after === null) return { sql: select('TRUE'), values: [] };
  if (by === 'id') return { sql: select('id < ?'), values: [after.id] };
  const equals = select(`${by} = ? AND id < ?`);
  return {
    sql: `SELECT * FROM (${equals}) UNION ALL SELECT * FROM (${select(`${by} < ?`)}) LIMIT ${SLICE_ROWS}`,
    values: [after.at, after.id, after.at],
  };
}

/** The rows of an index that come next in an order. */
function behind({ source, sql, values }: LeadingCondition, by: string, after: Position | null): Condition {
  const { at, id } = after ?? { at: Infinity, id: Infinity };
  return {
    sql: `SELECT ${ROW_COLUMNS} FROM ${source} WHERE (${sql}) AND (${by}, id) < (?, ?) ORDER BY ${by} DESC, id DESC`,
    values: [...values, at, id],
  };
}

function positionOf(raw: RawRow, by: string): Position {
  return { at: raw[by], id: raw.id } as Position;
}

function keptOf(row: RawRow): Kept {
  return { key: row.key, request: askedOf(row) } as Kept;
}
