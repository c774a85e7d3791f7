/**
 * Purges in an open database. A purge has happened once it is committed: from
 * then on the entries that it is about are not had any more. Their rows go
 * later, a few at a time, so that nothing waits for a purge of millions; one
 * that a crash interrupts goes on at the next open.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { PurgeOrder } from './write-buffer.ts';
import { isPurgedBy, type Purge } from './filter.ts';
import { NOTHING, type Totals } from './listing.ts';
import { conditionOf } from './sqlite-filter.ts';
import { labelledOf, type RawRow } from './sqlite-rows.ts';

/** What one sweep has deleted for an order, and whether that was all of it. */
export interface Progress extends Totals {
  readonly token: string;
  readonly isDone: boolean;
}

interface Begun extends PurgeOrder {
  readonly id: number;
  readonly horizon: number;
  readonly swept: number;
}

/** How much one sweep looks through and deletes, in rows and in bytes: some 10 ms. */
const SWEEP_ROWS = 200;
const SWEEP_BYTES = 4 * 1_024 * 1_024;

export class SqlitePurges {
  readonly #database: DatabaseSync;
  #begun: readonly Begun[];

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#begun = this.#read();
  }

  get isPurging(): boolean {
    return this.#begun.length > 0;
  }

  /** Takes in what others have begun and done. */
  refresh(): void {
    this.#begun = this.#read();
  }

  /** Whether a row is yet to be deleted. */
  has(row: RawRow): boolean {
    return this.#begun.some(
      ({ horizon, purge }) => (row.id as number) <= horizon && isPurgedBy(purge, labelledOf(row)),
    );
  }

  begin({ token, purge }: PurgeOrder): void {
    this.#database
      .prepare('INSERT INTO purges (token, purge, horizon, swept) SELECT ?, ?, ifnull(max(id), 0), 0 FROM entries')
      .run(token, JSON.stringify(purge));
    this.refresh();
  }

  /** Goes on with the first that was begun. */
  sweep(): Progress {
    // Another process may have done it meanwhile, and its number be another's.
    this.refresh();
    const [first] = this.#begun;
    if (first === undefined) return { ...NOTHING, token: '', isDone: true };
    const { totals, swept } = this.#deleteSome(first);
    const isDone = swept >= first.horizon;
    if (isDone) this.#database.prepare('DELETE FROM purges WHERE id = ?').run(first.id);
    else this.#database.prepare('UPDATE purges SET swept = ? WHERE id = ?').run(swept, first.id);
    this.refresh();
    return { ...totals, token: first.token, isDone };
  }

  /** @returns what was deleted, and up to which row it has been done */
  #deleteSome({ purge, horizon, swept }: Begun): { readonly totals: Totals; readonly swept: number } {
    const { sql, values } = conditionOf(purge);
    const next =
      'SELECT id, bytes, endpoint, model, scope, stored_at FROM entries WHERE id > ? AND id <= ? ORDER BY id LIMIT ?';
    const range = [swept, horizon, SWEEP_ROWS];
    const { last } = this.#database.prepare(`SELECT max(id) AS last FROM (${next})`).get(...range) as {
      last: number | null;
    };
    const rows = this.#database
      .prepare(`SELECT id, bytes FROM (${next}) AS entry WHERE ${sql} ORDER BY id`)
      .all(...range, ...values) as { id: number; bytes: number }[];
    const remove = this.#database.prepare('DELETE FROM entries WHERE id = ?');
    let { entries, bytes } = NOTHING;
    for (const row of rows) {
      remove.run(row.id);
      entries += 1;
      bytes += row.bytes;
      if (bytes >= SWEEP_BYTES) return { totals: { entries, bytes }, swept: row.id };
    }
    return { totals: { entries, bytes }, swept: last ?? horizon };
  }

  #read(): Begun[] {
    const rows = this.#database.prepare('SELECT id, token, purge, horizon, swept FROM purges ORDER BY id').all();
    return rows.map(({ purge, ...others }) => ({ ...others, purge: readPurge(purge) }) as Begun);
  }
}

/** A purge that cannot be read any more is one of everything: in doubt, nothing comes back. */
function readPurge(text: unknown): Purge {
  try {
    return JSON.parse(text as string) as Purge;
  } catch {
    return {};
  }
}
