/**
 * The reasons in the file of the usage ledger: what the SQL is. Called within the
 * transactions of `usage-tables`.
 */
import type { DatabaseSync } from 'node:sqlite';
import { hasTable } from '../store/sqlite-database.ts';
import { type BoundedTable, boundRows } from './bounded-table.ts';
import type { Reason } from './reasons.ts';
import { MOST } from './row.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS reasons (
    day TEXT NOT NULL, outcome TEXT NOT NULL, why TEXT NOT NULL, requests INTEGER NOT NULL,
    PRIMARY KEY (day, outcome, why)
  ) STRICT, WITHOUT ROWID;
`;

const ADD = `ON CONFLICT DO UPDATE SET requests = min(requests + excluded.requests, ${MOST})`;

const PUT = `INSERT INTO reasons (day, outcome, why, requests) VALUES (?, ?, ?, ?) ${ADD}`;

/** The WHERE keeps ON CONFLICT from being read as a join. */
const DRAW_TOGETHER = `INSERT INTO reasons SELECT '', outcome, why, requests FROM reasons WHERE day = ? ${ADD}`;

const BOUNDED: BoundedTable = { table: 'reasons', apart: "day <> ''", drawTogether: DRAW_TOGETHER };

const MOST_REASONS = 20_000;

export class ReasonsTable {
  readonly #database: DatabaseSync;
  readonly #mostRows: number;
  readonly #put;

  constructor(database: DatabaseSync, mostRows = MOST_REASONS) {
    this.#database = database;
    this.#mostRows = mostRows;
    database.exec(SCHEMA);
    this.#put = database.prepare(PUT);
  }

  add(reasons: readonly Reason[]): void {
    for (const { day, outcome, why, requests } of reasons) this.#put.run(day, outcome, why, requests);
    if (reasons.length > 0) boundRows(this.#database, BOUNDED, this.#mostRows);
  }
}

/** Every reason that was committed; none of a file that is older than the table. */
export function readReasons(database: DatabaseSync): Iterable<Reason> {
  if (!hasTable(database, 'reasons')) return [];
  const rows = database.prepare('SELECT day, outcome, why, requests FROM reasons').iterate();
  return rows as Iterable<unknown> as Iterable<Reason>;
}
