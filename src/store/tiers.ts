/**
 * Several stores as one, the fastest first. The first that has a key answers,
 * and the stores before it are given what it had. One that throws, against its
 * contract, is passed over.
 *
 * One catalogue shows people what is kept: nearly always that of the last
 * store, which holds the most and outlives the others.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Entry } from '../response/entry.ts';
import type { Catalogue, Kept, Likeness } from './catalogue.ts';
import type { Purge } from './filter.ts';
import type { Gone } from './gone.ts';
import { type EntryRow, type EntryRows, type Listing, NOTHING, type Totals } from './listing.ts';
import type { Found, Store, Tier } from './store.ts';
import { UseCounter } from './use-counter.ts';

export interface Tiers extends Store {
  /** Drops what is gone from the catalogue, where another process threw it away, from all other stores. */
  heed(gone: Gone): void;
}

export interface TiersOptions {
  readonly stores: readonly Tier[];
  readonly catalogue: Catalogue;
  /** Asked where the catalogue cannot answer now. */
  readonly fallback?: Catalogue;
  readonly clock?: Clock;
}

export function createTiers(options: TiersOptions): Tiers {
  return new TierStack(options);
}

class TierStack implements Tiers {
  readonly name = 'tiers';
  readonly isSync: boolean;
  readonly #stores: readonly Tier[];
  readonly #slow: readonly Tier[];
  /** The stores that the catalogue does not speak for. */
  readonly #others: readonly Tier[];
  readonly #catalogues: readonly Catalogue[];
  readonly #useCounter: UseCounter;
  /** The newest lookup of each key; a change to the key ends it, so that nothing older is promoted over it. */
  readonly #lookups = new Map<string, symbol>();

  constructor({ stores, catalogue, fallback, clock = systemClock }: TiersOptions) {
    this.#stores = stores;
    this.#slow = stores.filter(({ isSync }) => !isSync);
    this.isSync = this.#slow.length === 0;
    this.#others = stores.filter((store) => (store as unknown) !== catalogue);
    this.#catalogues = fallback ? [catalogue, fallback] : [catalogue];
    this.#useCounter = new UseCounter(clock, (key, times) => this.#each((store) => store.use?.(key, times)));
  }

  getSync(key: string): Found | undefined {
    for (const store of this.#stores) {
      const found = attempt(() => store.getSync(key));
      if (found === undefined) continue;
      this.#promote(key, found, store);
      return found;
    }
    return undefined;
  }

  get(key: string): Promise<Found | undefined> {
    return this.#lookUp(key, this.#stores);
  }

  getSlow(key: string): Promise<Found | undefined> {
    return this.#lookUp(key, this.#slow);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const lookup = Symbol();
    for (const key of keys) this.#lookups.set(key, lookup);
    const all = new Map<string, Found>();
    for (const store of this.#stores) {
      const left = keys.filter((key) => !all.has(key));
      if (left.length === 0) break;
      for (const [key, found] of (await settled(() => store.getMany(left))) ?? []) {
        all.set(key, found);
        if (this.#lookups.get(key) === lookup) this.#promote(key, found, store);
      }
    }
    for (const key of keys) this.#end(key, lookup);
    return all;
  }

  use(key: string): void {
    this.#useCounter.note(key);
  }

  set(key: string, entry: Entry): void {
    this.#lookups.delete(key);
    this.#useCounter.forget(key);
    this.#each((store) => store.set(key, entry));
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  delete(key: string): void {
    this.#lookups.delete(key);
    this.#each((store) => store.delete(key));
  }

  deleteAnswer(answerId: string): void {
    this.heed({ answerId });
    attempt(() => this.#catalogues[0]?.deleteAnswer(answerId));
  }

  async purge(purge: Purge): Promise<Totals> {
    this.heed({ purge });
    return (await settled(async () => this.#catalogues[0]?.purge(purge))) ?? NOTHING;
  }

  heed(gone: Gone): void {
    // The keys that lookups under way will find of it are not known; so none is promoted.
    this.#lookups.clear();
    this.#each((store) => store.drop?.(gone), this.#others);
  }

  async written(): Promise<boolean> {
    const all = await Promise.all(this.#stores.map((store) => settled(async () => store.written?.() ?? true)));
    return all.every((isWritten) => isWritten === true);
  }

  async list(listing: Listing): Promise<EntryRows | undefined> {
    const page = await this.#ask((catalogue) => catalogue.list(listing));
    return page && { ...page, rows: page.rows.map((row) => this.#inTier(row)) };
  }

  count(purge: Purge): Promise<Totals | undefined> {
    return this.#ask((catalogue) => catalogue.count(purge));
  }

  async listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined> {
    const rows = await this.#ask((catalogue) => catalogue.listByPrefix(prefix, limit));
    return rows?.map((row) => this.#inTier(row));
  }

  read(key: string): Promise<Entry | undefined> {
    return this.#ask((catalogue) => catalogue.read(key));
  }

  findByPrefix(digits: string): Promise<Kept | undefined> {
    return this.#ask((catalogue) => catalogue.findByPrefix(digits));
  }

  newest(like: Likeness, limit: number): Promise<readonly Kept[] | undefined> {
    return this.#ask((catalogue) => catalogue.newest(like, limit));
  }

  async size(): Promise<Totals> {
    return (await this.#ask((catalogue) => catalogue.size())) ?? NOTHING;
  }

  async close(): Promise<void> {
    this.#useCounter.tell();
    await Promise.all(this.#stores.map((store) => settled(() => store.close())));
  }

  #each(act: (store: Tier) => void, some = this.#stores): void {
    for (const store of some) attempt(() => act(store));
  }

  #promote(key: string, { entry }: Found, from: Tier): void {
    if (from === this.#stores[0]) return;
    this.#each((before) => before.set(key, entry), this.#stores.slice(0, this.#stores.indexOf(from)));
  }

  async #lookUp(key: string, some: readonly Tier[]): Promise<Found | undefined> {
    const lookup = Symbol();
    this.#lookups.set(key, lookup);
    let found: Found | undefined;
    for (const store of some) {
      found = await settled(() => store.get(key));
      if (found === undefined) continue;
      if (this.#lookups.get(key) === lookup) this.#promote(key, found, store);
      break;
    }
    this.#end(key, lookup);
    return found;
  }

  #end(key: string, lookup: symbol): void {
    if (this.#lookups.get(key) === lookup) this.#lookups.delete(key);
  }

  /** The catalogue's answer, or where it cannot, the other. */
  async #ask<T>(question: (catalogue: Catalogue) => Promise<T | undefined>): Promise<T | undefined> {
    this.#useCounter.tell();
    for (const catalogue of this.#catalogues) {
      const answer = await settled(() => question(catalogue));
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  /** A row with the first tier that has its entry. */
  #inTier(row: EntryRow): EntryRow {
    const first = this.#stores.find((store) => attempt(() => store.has?.(row.key)));
    return first ? { ...row, tier: first.name } : row;
  }
}

/** The result of `act`; undefined where it throws. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** The value that `act` resolves with; undefined where it throws or rejects. */
async function settled<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch {
    return undefined;
  }
}
