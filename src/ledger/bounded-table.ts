/**
 * A table with days that may have so many rows: where there are more, those of
 * the oldest days are drawn together, so that what they came to stays.
 */
import type { DatabaseSync } from 'node:sqlite';

export interface BoundedTable {
  readonly table: string;
  /** The condition of rows that are not drawn together yet. */
  readonly apart: string;
  /** Adds what such rows of a day came to. */
  readonly drawTogether: string;
}

/** Within a transaction. */
export function boundRows(database: DatabaseSync, { table, apart, drawTogether }: BoundedTable, most: number): void {
  const count = database.prepare(`SELECT count(*) AS rows FROM ${table}`);
  const oldest = database.prepare(`SELECT min(day) AS day FROM ${table} WHERE ${apart}`);
  while ((count.get()?.rows as number) > most) {
    const day = oldest.get()?.day as string | null;
    if (day === null) return;
    database.prepare(drawTogether).run(day);
    database.prepare(`DELETE FROM ${table} WHERE day = ? AND ${apart}`).run(day);
  }
}
