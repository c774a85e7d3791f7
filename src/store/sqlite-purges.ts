/**
 * Purges in an open database. A purge has happened once it is committed: from
 * then on the entries that it is about are not had any more. Their rows go
 * later, a few at a time, so that nothing waits for a purge of millions; one
 * that a crash interrupts goes on at the next open.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isPurgedBy, type Purge } from './filter.ts';
import { add, NOTHING, type Totals } from './listing.ts';
import { LABEL_COLUMNS, labelledOf, type RawRow } from './sqlite-rows.ts';
import type { PurgeOrder } from './write-buffer.ts';

interface Begun extends PurgeOrder {
  readonly id: number;
  /** The last entry that it is about. */
  readonly horizon: number;
  /** Up to this entry it has been done. */
  readonly swept: number;
}

/** How much one sweep looks through and deletes, in rows and in bytes: some 10 ms. */
const SWEEP_ROWS = 200;
const SWEEP_BYTES = 4 * 1_024 * 1_024;

const NEXT = `SELECT id, bytes, ${LABEL_COLUMNS} FROM entries WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`;

export class SqlitePurges {
  readonly #database: DatabaseSync;
  /** The totals that were deleted for each order, by token. */
  readonly #deleted = new Map<string, Totals>();
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

  /** Tests whether a row is yet to be deleted. */
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

  /** Goes on with an order, or with the first. Within a transaction. */
  sweep(token?: string): void {
    // Another process may have done it meanwhile, and its number be another's.
    this.refresh();
    const order = token === undefined ? this.#begun[0] : this.#begun.find((each) => each.token === token);
    if (order === undefined) return;
    const { totals, swept } = this.#deleteSome(order);
    this.#deleted.set(order.token, add(totals, this.#deleted.get(order.token) ?? NOTHING));
    if (swept >= order.horizon) this.#database.prepare('DELETE FROM purges WHERE id = ?').run(order.id);
    else this.#database.prepare('UPDATE purges SET swept = ? WHERE id = ?').run(swept, order.id);
    this.refresh();
  }

  /** The totals that were deleted for an order, once it is done; for all, nothing once there is no more to do. */
  takeDone(token?: string): Totals | null {
    if (this.#begun.some((each) => token === undefined || each.token === token)) return null;
    const totals = this.#deleted.get(token ?? '') ?? NOTHING;
    this.#deleted.delete(token ?? '');
    return totals;
  }

  /** @returns what was deleted, and up to which row it has been done */
  #deleteSome({ purge, horizon, swept }: Begun): { readonly totals: Totals; readonly swept: number } {
    const slice = this.#database.prepare(NEXT).all(swept, horizon, SWEEP_ROWS) as (RawRow & Totals & { id: number })[];
    const remove = this.#database.prepare('DELETE FROM entries WHERE id = ?');
    let totals = NOTHING;
    for (const row of slice) {
      if (!isPurgedBy(purge, labelledOf(row))) continue;
      remove.run(row.id);
      totals = add(totals, { entries: 1, bytes: row.bytes });
      if (totals.bytes >= SWEEP_BYTES) return { totals, swept: row.id };
    }
    return { totals, swept: slice.at(-1)?.id ?? horizon };
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
