/**
 * The entries in Redis as people ask for them. There is no index: all entries
 * are looked through, a slice at a time, and whoever asks waits no longer than
 * each question allows.
 */
import type { Clock } from '../clock.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { ENTRIES, entriesLike } from '../redis/keys.ts';
import type { Entry } from '../response/entry.ts';
import type { Catalogue, Kept, Likeness } from './catalogue.ts';
import { isPurgedBy, type Purge } from './filter.ts';
import { add, byKey, type EntryRow, type EntryRows, type Listing, NOTHING, type Totals } from './listing.ts';
import { RedisPages, START } from './redis-pages.ts';
import { scanRows } from './redis-scan.ts';
import { RedisSearch } from './redis-search.ts';
import { labelled, type RedisRow, shown } from './redis-value.ts';

export interface RedisCatalogueOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  /** An entry, with what was asked. */
  readonly read: (key: string) => Promise<Entry | undefined>;
}

/** How long a look through the entries may take: past it, what was found is what there is. */
const LOOK_MS = 1_000;
/** How long a count may take, which is nothing unless it is whole. */
const COUNT_MS = 30_000;
/** How long a look for what is like a request may take: it is for a hint, and whoever asked waits. */
const LIKE_MS = 250;
/** How many rows are held beyond those that are wanted, before the last of them are let go. */
const MANY = 1_000;

export class RedisCatalogue implements Omit<Catalogue, 'read' | 'purge' | 'deleteAnswer'> {
  readonly #options: RedisCatalogueOptions;
  readonly #pages: RedisPages;
  #isLookingForAlike = false;

  constructor(options: RedisCatalogueOptions) {
    this.#options = options;
    this.#pages = new RedisPages(options);
  }

  list(listing: Listing): Promise<EntryRows | undefined> {
    return this.#pages.list(listing);
  }

  async count(purge: Purge): Promise<Totals | undefined> {
    const isLate = this.#late(COUNT_MS);
    const counted = new Set<number>();
    let totals = NOTHING;
    for await (const slice of scanRows(this.#options.connection, `${ENTRIES}*`)) {
      if (slice === undefined || isLate()) return undefined;
      for (const row of slice.rows) {
        if (counted.has(row.id) || !isPurgedBy(purge, labelled(row))) continue;
        counted.add(row.id);
        totals = add(totals, { entries: 1, bytes: row.bytes });
      }
    }
    return totals;
  }

  /** As many as are there, where they can be counted in a second; else as many as there seem to be. */
  async size(): Promise<Totals> {
    const isLate = this.#late(LOOK_MS);
    const counted = new Map<number, number>();
    let share = 1;
    for await (const slice of scanRows(this.#options.connection, `${ENTRIES}*`)) {
      if (slice === undefined) return NOTHING;
      for (const { id, bytes } of slice.rows) counted.set(id, bytes);
      if (!isLate()) continue;
      share = (await this.#keys()) / counted.size;
      break;
    }
    const bytes = counted.values().reduce((sum, each) => sum + each, 0);
    return { entries: Math.round(counted.size * share), bytes: Math.round(bytes * share) };
  }

  async listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined> {
    const isLate = this.#late(LOOK_MS);
    let rows = new Map<string, RedisRow>();
    const first = () => [...rows.values()].sort(byKey).slice(0, limit);
    for await (const slice of scanRows(this.#options.connection, entriesLike(prefix))) {
      if (slice === undefined) return undefined;
      for (const row of slice.rows) if (row.key.startsWith(prefix)) rows.set(row.key, row);
      if (rows.size > limit + MANY) rows = new Map(first().map((row) => [row.key, row]));
      if (isLate()) break;
    }
    return first().map(shown);
  }

  async findByPrefix(digits: string): Promise<Kept | undefined> {
    const rows = await this.listByPrefix(digits, MANY);
    // A request that is not known is none to find.
    const row = rows?.find(({ label }) => label !== null);
    return row && this.#kept(row.key);
  }

  /** One at a time: any request may ask for that. */
  async newest(like: Likeness, limit: number): Promise<readonly Kept[] | undefined> {
    if (this.#isLookingForAlike) return undefined;
    this.#isLookingForAlike = true;
    const rows = await this.#newestRows(like, limit);
    this.#isLookingForAlike = false;
    const kept = rows && (await Promise.all(rows.map(({ key }) => this.#kept(key))));
    return kept?.filter((each) => each !== undefined);
  }

  async #newestRows({ endpoint, model, scope }: Likeness, limit: number): Promise<readonly RedisRow[] | undefined> {
    const search = new RedisSearch(this.#options.connection, {
      fits: ({ label }) => label?.endpoint === endpoint && label.model === model && label.scope === scope,
      figure: ({ id }) => id,
      limit,
      after: START,
    });
    return (await search.go(this.#late(LIKE_MS))) === 'lost' ? undefined : search.page.rows;
  }

  /** @returns whether so much time has passed since */
  #late(ms: number): () => boolean {
    const { clock } = this.#options;
    const until = clock.now() + ms;
    return () => clock.now() >= until;
  }

  /** How many keys there are, whatever of. */
  async #keys(): Promise<number> {
    const servers = this.#options.connection.bulkServers() ?? [];
    const counts = await Promise.all(servers.map((server) => server.ask('DBSIZE', [], LOOK_MS)));
    return counts.reduce((sum: number, count) => sum + (typeof count === 'number' ? count : 0), 0);
  }

  async #kept(key: string): Promise<Kept | undefined> {
    const request = (await this.#options.read(key))?.request;
    return request && { key, request };
  }
}
