/**
 * The usage ledger in an open database: what the SQL is. Synchronous; throws what
 * SQLite throws.
 *
 * Kept from growing without bound: a day has so many models and scopes of its
 * own, and where there are too many rows in all, the oldest days lose theirs
 * and become rows of `(other)`. What they came to stays.
 */
import type { DatabaseSync } from 'node:sqlite';
import { checkVersion, transact } from '../store/sqlite-database.ts';
import { USAGE_MARK, setMark } from '../store/sqlite-mark.ts';
import { type BoundedTable, boundRows } from './bounded-table.ts';
import type { IntervalRow } from './interval.ts';
import { IntervalsTable } from './intervals-table.ts';
import { BoundedNames, OTHER } from './names.ts';
import type { Reason } from './reasons.ts';
import { ReasonsTable } from './reasons-table.ts';
import { AMOUNTS, type RowKind, MOST, type UsageRow } from './row.ts';
import { MOST_NAMES } from './sums.ts';

export const USAGE_VERSION = 1;

const KIND = ['day', 'scope', 'endpoint', 'model', 'outcome'] as const satisfies readonly (keyof RowKind)[];
const COLUMNS = [...KIND, ...AMOUNTS];

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS books (
    ${KIND.map((name) => `${name} TEXT NOT NULL`).join(', ')},
    ${AMOUNTS.map((name) => `${name} INTEGER NOT NULL`).join(', ')},
    PRIMARY KEY (${KIND.join(', ')})
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${USAGE_VERSION};
`;

const added = (name: string) => `${name} = min(${name} + excluded.${name}, ${MOST})`;

/** Adds to the row of the same kind; a sum that would not be exact any more stands still. */
const ADD = `ON CONFLICT DO UPDATE SET ${AMOUNTS.map(added).join(', ')}`;

const PUT = `INSERT INTO books (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')}) ${ADD}`;

const NAMED = `(scope <> '${OTHER}' OR model <> '${OTHER}')`;

const SUMS = AMOUNTS.map((name) => `CAST(min(total(${name}), ${MOST}) AS INTEGER)`).join(', ');

/** The rows of a day as one for each endpoint and outcome. The WHERE keeps ON CONFLICT from being read as a join. */
const DRAW_TOGETHER = `
  INSERT INTO books (${COLUMNS.join(', ')})
  SELECT day, '${OTHER}', endpoint, '${OTHER}', outcome, ${SUMS} FROM books
  WHERE day = ? AND ${NAMED} GROUP BY endpoint, outcome
  ${ADD}
`;

const BOUNDED: BoundedTable = { table: 'books', apart: NAMED, drawTogether: DRAW_TOGETHER };

/** How many rows are written before they are counted again. */
const COUNTED_AFTER = 1_000;

export const MOST_BOOKED_ROWS = 200_000;

export class UsageTables {
  readonly #database: DatabaseSync;
  readonly #mostRows: number;
  readonly #put;
  readonly #reasons: ReasonsTable;
  readonly #intervals: IntervalsTable;
  #uncounted = 0;

  /** Writes in any case, so that a file that cannot be written shows now. */
  constructor(database: DatabaseSync, mostRows = MOST_BOOKED_ROWS) {
    this.#database = database;
    this.#mostRows = mostRows;
    checkVersion(database, USAGE_VERSION);
    setMark(database, USAGE_MARK);
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ' +
        'PRAGMA journal_size_limit = 4194304; PRAGMA cell_size_check = ON',
    );
    [this.#reasons, this.#intervals] = transact(database, () => {
      database.exec(SCHEMA);
      return [new ReasonsTable(database), new IntervalsTable(database)];
    });
    this.#put = database.prepare(PUT);
  }

  add(rows: readonly UsageRow[], reasons: readonly Reason[] = [], intervals: readonly IntervalRow[] = []): void {
    transact(this.#database, () => {
      this.#reasons.add(reasons);
      this.#intervals.add(intervals);
      for (const [day, ofDay] of Map.groupBy(rows, (row) => row.day)) {
        const models = new BoundedNames(MOST_NAMES, this.#namesOf('model', day));
        const scopes = new BoundedNames(MOST_NAMES, this.#namesOf('scope', day));
        for (const row of ofDay) {
          const named = { ...row, model: models.of(row.model), scope: scopes.of(row.scope) };
          this.#put.run(...COLUMNS.map((name) => named[name]));
        }
      }
      this.#uncounted += rows.length;
      if (this.#uncounted < COUNTED_AFTER) return;
      this.#uncounted = 0;
      boundRows(this.#database, BOUNDED, this.#mostRows);
    });
  }

  #namesOf(column: 'model' | 'scope', day: string): string[] {
    return this.#database
      .prepare(`SELECT DISTINCT ${column} AS name FROM books WHERE day = ?`)
      .all(day)
      .map(({ name }) => name as string);
  }
}

/** Every row that was committed. */
export function readRows(database: DatabaseSync): Iterable<UsageRow> {
  return database
    .prepare(`SELECT ${COLUMNS.join(', ')} FROM books`)
    .iterate() as Iterable<unknown> as Iterable<UsageRow>;
}

const KEY = KIND.join(', ');

/** The next rows behind one, in the order of their kinds. */
export function readRowsBehind(database: DatabaseSync, last: RowKind | null, limit: number): UsageRow[] {
  const where = last === null ? 'TRUE' : `(${KEY}) > (${KIND.map(() => '?').join(', ')})`;
  const values = last === null ? [] : KIND.map((name) => last[name]);
  return database
    .prepare(`SELECT ${COLUMNS.join(', ')} FROM books WHERE ${where} ORDER BY ${KEY} LIMIT ?`)
    .all(...values, limit) as unknown[] as UsageRow[];
}
