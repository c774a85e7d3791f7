/**
 * Pages of a listing of what Redis holds. Each takes a look through all
 * entries; one that takes too long is an empty page that says where to go on,
 * and whoever asks for that has the look continued.
 */
import type { Clock } from '../clock.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { Entry } from '../response/entry.ts';
import { type Filter, fits, fitsText } from './filter.ts';
import type { EntryRow, EntryRows, Listing, Position, Sort } from './listing.ts';
import { RedisSearch } from './redis-search.ts';
import { labelled, type RedisRow, shown } from './redis-value.ts';

export interface RedisPagesOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  readonly read: (key: string) => Promise<Entry | undefined>;
}

/** How long a page may take. */
const PAGE_MS = 1_000;
/** How many looks that took too long are remembered, and how long. */
const MAX_UNFINISHED = 8;
const REMEMBERED_MS = 60_000;
/** How much of what was asked is read at once, to be searched for a text. */
const READ_BYTES = 4 * 1_024 * 1_024;

/** Before all entries: no figure of one is as large. */
export const START: Position = { at: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };

const FIGURES: Readonly<Record<Sort, (row: RedisRow) => number>> = {
  newest: ({ id }) => id,
  largest: ({ bytes }) => bytes,
  'most-used': ({ hits }) => hits,
};

export class RedisPages {
  readonly #options: RedisPagesOptions;
  /** By what was asked for. */
  readonly #unfinished = new Map<string, RedisSearch>();

  constructor(options: RedisPagesOptions) {
    this.#options = options;
  }

  async list(listing: Listing): Promise<EntryRows | undefined> {
    const after = listing.after ?? START;
    const name = JSON.stringify([listing.filter, listing.sort, listing.limit, after]);
    const search = this.#unfinished.get(name) ?? this.#begin(listing, after);
    this.#unfinished.delete(name);
    const until = this.#options.clock.now() + PAGE_MS;
    const outcome = await search.go(() => this.#options.clock.now() >= until);
    if (outcome === 'lost') return undefined;
    if (outcome === 'late') {
      this.#remember(name, search);
      return { rows: [], next: after };
    }
    const { rows, next } = search.page;
    return { rows: listing.withAsked ? await this.#withAsked(rows) : rows.map(shown), next };
  }

  #begin({ filter, sort, limit }: Listing, after: Position): RedisSearch {
    return new RedisSearch(this.#options.connection, {
      fits: (row) => fits(filter, labelled(row), row.bytes),
      figure: FIGURES[sort],
      limit,
      after,
      ...(filter.text !== undefined && { choose: (rows) => this.#withText(filter, rows) }),
    });
  }

  #remember(name: string, search: RedisSearch): void {
    this.#unfinished.set(name, search);
    const [oldest] = this.#unfinished.keys();
    if (this.#unfinished.size > MAX_UNFINISHED && oldest !== undefined) this.#unfinished.delete(oldest);
    this.#options.clock.after(REMEMBERED_MS, () => {
      if (this.#unfinished.get(name) === search) this.#unfinished.delete(name);
    });
  }

  async #withText(filter: Filter, rows: readonly RedisRow[]): Promise<readonly RedisRow[]> {
    const all = await this.#askedOf(rows);
    return rows.filter((_, at) => fitsText(filter, all[at] ?? null));
  }

  async #withAsked(rows: readonly RedisRow[]): Promise<readonly EntryRow[]> {
    const all = await this.#askedOf(rows);
    return rows.map((row, at) => ({ ...shown(row), asked: all[at] ?? null }));
  }

  /** The question of each; null where it is not kept, or cannot be read. */
  async #askedOf(rows: readonly RedisRow[]): Promise<readonly (string | null)[]> {
    const all: (string | null)[] = [];
    let some: RedisRow[] = [];
    let bytes = 0;
    for (const [index, row] of rows.entries()) {
      some.push(row);
      bytes += row.bytes;
      if (bytes < READ_BYTES && index < rows.length - 1) continue;
      const entries = await Promise.all(some.map(({ key }) => this.#options.read(key)));
      all.push(...entries.map((entry) => entry?.request?.parts?.body ?? null));
      [some, bytes] = [[], 0];
    }
    return all;
  }
}
