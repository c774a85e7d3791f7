/**
 * The lists, counts and single entries of an open database. Nothing here takes long: what may
 * is done in slices, each of which goes on where the last one ended.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Filter, fitsText, type Purge } from './filter.ts';
import type { Listing, EntryRows, Position, EntryRow, Sort, Totals } from './listing.ts';
import { all, type Condition, conditionOf, type LeadingCondition, leadsOf } from './sqlite-filter.ts';
import { askedOf, LABEL_COLUMNS, type RawRow, ROW_COLUMNS, rowOf } from './sqlite-rows.ts';
import type { RowSealing } from './sqlite-sealing.ts';
import type { Kept, Likeness } from './catalogue.ts';

/** One slice of a count: what it found, and the entry to go on behind. */
export interface CountSlice extends Totals {
  readonly next: number | null;
}

/** How many rows one slice looks through, and how long the texts may be in all that it searches, in UTF-16 units. */
const SLICE_ROWS = 500;
const SLICE_TEXT = 2 * 1_024 * 1_024;

/** The column that each order sorts by. Every index has the row's number too. */
const SORTED_BY: Readonly<Record<Sort, string>> = { newest: 'id', largest: 'bytes', 'most-used': 'hits' };

const SELECT_KEPT = `SELECT id, key, ${LABEL_COLUMNS}, parts, prompt FROM entries JOIN answers USING (id)`;

export class SqliteCatalogue {
  readonly #database: DatabaseSync;
  readonly #sealing: RowSealing;
  /** True for a row that is on its way out. */
  readonly #isPurged: (row: RawRow) => boolean;
  readonly #prompt: StatementSync;

  constructor(database: DatabaseSync, sealing: RowSealing, isPurged: (row: RawRow) => boolean) {
    this.#database = database;
    this.#sealing = sealing;
    this.#isPurged = isPurged;
    this.#prompt = database.prepare('SELECT prompt FROM answers WHERE id = ?');
  }

  /** A page that may be short of rows, or have none, although there are more. */
  list(listing: Listing): EntryRows {
    const { filter, sort } = listing;
    const by = SORTED_BY[sort];
    const lead = this.#fewest(filter);
    const slice = lead
      ? { sql: `SELECT ${ROW_COLUMNS} FROM ${lead.source} WHERE ${lead.sql}`, values: lead.values }
      : sliceBehind(listing.after, by, ROW_COLUMNS);
    const fitting = all([conditionOf(filter), ...(lead ? [positionCondition(by, listing.after)] : [])]);
    const found = this.#select(
      `SELECT * FROM (${slice.sql}) AS entry WHERE ${fitting.sql} ORDER BY ${by} DESC, id DESC`,
      [...slice.values, ...fitting.values],
    );
    return this.#page(found, by, listing, lead ? null : this.#endOfSlice(by, listing.after));
  }

  count(purge: Purge, after: number): CountSlice {
    const slice = `SELECT id, bytes, ${LABEL_COLUMNS} FROM entries WHERE id > ? ORDER BY id LIMIT ${SLICE_ROWS}`;
    const { sql, values } = conditionOf(purge);
    const [row] = this.#select(
      `SELECT count(*) FILTER (WHERE ${sql}) AS entries, ifnull(sum(bytes) FILTER (WHERE ${sql}), 0) AS bytes,
         count(*) AS looked, max(id) AS last FROM (${slice}) AS entry`,
      [...values, ...values, after],
    );
    const { looked, last, entries, bytes } = row as { looked: number; last: number; entries: number; bytes: number };
    return { entries, bytes, next: looked < SLICE_ROWS ? null : last };
  }

  listByPrefix(prefix: string, limit: number): EntryRow[] {
    return this.#withPrefix(`SELECT ${ROW_COLUMNS} FROM entries WHERE TRUE`, prefix, limit).map(rowOf);
  }

  findByPrefix(digits: string): Kept | undefined {
    return this.#withPrefix(`${SELECT_KEPT} WHERE scope IS NOT NULL`, digits, 1).map((row) => this.#keptOf(row))[0];
  }

  newest({ scope, endpoint, model }: Likeness, limit: number): Kept[] {
    return this.#select(`${SELECT_KEPT} WHERE scope = ? AND endpoint = ? AND model IS ? ORDER BY id DESC LIMIT ?`, [
      scope,
      endpoint,
      model,
      limit,
    ])
      .filter((row) => !this.#isPurged(row))
      .map((row) => this.#keptOf(row));
  }

  #page(
    found: readonly RawRow[],
    by: string,
    { filter, limit, withAsked = false }: Listing,
    end: Position | null,
  ): EntryRows {
    const read = withAsked || filter.text !== undefined ? (raw: RawRow) => this.#askedOf(raw) : () => null;
    const shown = (raw: RawRow, asked: string | null) => (withAsked ? { ...rowOf(raw), asked } : rowOf(raw));
    const rows: EntryRow[] = [];
    let searched = 0;
    for (const [index, raw] of found.entries()) {
      if (this.#isPurged(raw)) continue;
      const asked = read(raw);
      searched += asked?.length ?? 0;
      if (fitsText(filter, asked)) rows.push(shown(raw, asked));
      const isFull = rows.length === limit || searched > SLICE_TEXT;
      if (isFull && (index < found.length - 1 || end)) return { rows, next: { at: raw[by], id: raw.id } as Position };
    }
    return { rows, next: end };
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

  /** The last row that a slice looks through; null where it is the last slice. */
  #endOfSlice(by: string, after: Position | null): Position | null {
    const { sql, values } = sliceBehind(after, by, 'id, bytes, hits');
    return (
      (this.#select(`SELECT ${by} AS at, id FROM (${sql}) LIMIT 1 OFFSET ${SLICE_ROWS - 1}`, values)[0] as unknown as
        | Position
        | undefined) ?? null
    );
  }

  /** Null where it is not kept, or does not open. */
  #askedOf(row: RawRow): string | null {
    const prompt = this.#sealing.text(row.key as string, { ...row, ...this.#prompt.get(row.id as number) }, 'prompt');
    return typeof prompt === 'string' ? prompt : null;
  }

  #keptOf(row: RawRow): Kept {
    const key = row.key as string;
    return { key, request: askedOf(this.#sealing.question(key, row)) } as Kept;
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
function sliceBehind(after: Position | null, by: string, columns: string): Condition {
  const select = (where: string) =>
    `SELECT ${columns} FROM entries WHERE ${where} ORDER BY ${by} DESC, id DESC LIMIT ${SLICE_ROWS}`;
  if (after === null) return { sql: select('TRUE'), values: [] };
  if (by === 'id') return { sql: select('id < ?'), values: [after.id] };
  const [same, further] = [select(`${by} = ? AND id < ?`), select(`${by} < ?`)];
  const sql = `SELECT * FROM (${same}) UNION ALL SELECT * FROM (${further}) LIMIT ${SLICE_ROWS}`;
  return { sql, values: [after.at, after.id, after.at] };
}

function positionCondition(by: string, after: Position | null): Condition {
  if (after === null) return { sql: 'TRUE', values: [] };
  return by === 'id'
    ? { sql: 'id < ?', values: [after.id] }
    : { sql: `(${by}, id) < (?, ?)`, values: [after.at, after.id] };
}
