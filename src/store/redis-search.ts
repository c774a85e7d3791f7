/**
 * A look through all entries in Redis for those that come first in an order,
 * which can be left off and continued.
 */
import type { RedisConnection } from '../redis/connection.ts';
import { ENTRIES } from '../redis/keys.ts';
import { compare, type Position } from './listing.ts';
import { scanRows } from './redis-scan.ts';
import type { RedisRow } from './redis-value.ts';

export interface SearchOptions {
  readonly fits: (row: RedisRow) => boolean;
  /** The figure that is sorted by, the largest first. */
  readonly figure: (row: RedisRow) => number;
  /** How many are wanted, behind that place. */
  readonly limit: number;
  readonly after: Position;
  /** Those of some that fit also by what takes long to find out; all if not given. */
  readonly choose?: (rows: readonly RedisRow[]) => Promise<readonly RedisRow[]>;
}

export class RedisSearch {
  readonly #options: SearchOptions;
  readonly #slices: ReturnType<typeof scanRows>;
  readonly #seen = new Set<number>();
  /** The first ones of those seen, in no order until there are too many. */
  #rows: RedisRow[] = [];

  constructor(connection: RedisConnection, options: SearchOptions) {
    this.#options = options;
    this.#slices = scanRows(connection, `${ENTRIES}*`);
  }

  /** Looks on until all is seen, or it is late, or Redis is out of reach. */
  async go(isLate: () => boolean): Promise<'done' | 'late' | 'lost'> {
    for (;;) {
      const { value: slice, done } = await this.#slices.next();
      if (done) return 'done';
      if (slice === undefined) return 'lost';
      await this.#take(slice.rows);
      if (isLate()) return 'late';
    }
  }

  /** The rows, and where to go on behind them; null at the end. */
  get page(): { readonly rows: readonly RedisRow[]; readonly next: Position | null } {
    const { limit } = this.#options;
    this.#cut();
    const rows = this.#rows.slice(0, limit);
    const last = rows.at(-1);
    return { rows, next: this.#rows.length > limit && last ? this.#placeOf(last) : null };
  }

  async #take(slice: readonly RedisRow[]): Promise<void> {
    const { after, choose, fits } = this.#options;
    const fitting = slice.filter((row) => {
      if (this.#seen.has(row.id) || compare(after, this.#placeOf(row)) >= 0 || !fits(row)) return false;
      this.#seen.add(row.id);
      return true;
    });
    this.#rows.push(...(choose && fitting.length > 0 ? await choose(fitting) : fitting));
    if (this.#rows.length > 2 * this.#options.limit + 1_000) this.#cut();
  }

  /** One more than are wanted tells that there are more. */
  #cut(): void {
    this.#rows.sort((a, b) => compare(this.#placeOf(a), this.#placeOf(b)));
    this.#rows.length = Math.min(this.#rows.length, this.#options.limit + 1);
  }

  #placeOf(row: RedisRow): Position {
    return { at: this.#options.figure(row), id: row.id };
  }
}
