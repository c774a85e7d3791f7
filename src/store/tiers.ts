/**
 * Several stores as one, the fastest first. One that throws, against its
 * contract, is passed over.
 *
 * One catalogue shows people what is kept: nearly always that of the last
 * store, which holds the most and outlives the others.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Entry, PurgeMark } from '../response/entry.ts';
import { attempt, settled } from './attempt.ts';
import type { Catalogue, Kept, Likeness } from './catalogue.ts';
import type { Purge } from './filter.ts';
import type { GoneNews } from './gone.ts';
import { type EntryRow, type EntryRows, type Listing, NOTHING, type Totals } from './listing.ts';
import type { PurgeJudge } from './purge-judge.ts';
import type { DerivedEntry, Fence, Found, Store, Tier } from './store.ts';
import { TierLookups } from './tier-lookups.ts';
import { UseCounter } from './use-counter.ts';

export interface Tiers extends Store {
  /**
   * Drops what another process threw away from all stores for which the catalogue does not speak.
   * @param reporter the store that reports it, and has dropped it
   */
  heed(gone: GoneNews, reporter?: Tier): void;
  /** Takes in what other processes share. Legal before the first question. */
  share(shared: SharedTier): void;
}

/** The part of the tiers that the processes of a fleet share. */
export interface SharedTier {
  /** Asked after the quick stores of this process and before the slow ones; null where it is these that are shared. */
  readonly store: Tier | null;
  /** That of what all of them keep; asked before that of this process. */
  readonly catalogue: Catalogue | null;
  /** Judges all that slow stores have. */
  readonly judge: PurgeJudge;
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
  #stores: readonly Tier[];
  #slow: readonly Tier[];
  /** The stores that the catalogue does not speak for. */
  #others: readonly Tier[];
  #catalogues: readonly Catalogue[];
  readonly #fallback: Catalogue | null;
  #lookups: TierLookups;
  readonly #useCounter: UseCounter;

  constructor({ stores, catalogue, fallback, clock = systemClock }: TiersOptions) {
    this.#stores = stores;
    this.#slow = stores.filter(({ isSync }) => !isSync);
    this.#lookups = new TierLookups(stores);
    this.#others = stores.filter((store) => (store as unknown) !== catalogue);
    this.#fallback = fallback === catalogue ? null : (fallback ?? null);
    this.#catalogues = fallback ? [catalogue, fallback] : [catalogue];
    this.#useCounter = new UseCounter(clock, (key, times) => this.#each((store) => store.use?.(key, times)));
  }

  get isSync(): boolean {
    return this.#slow.length === 0;
  }

  share({ store, catalogue, judge }: SharedTier): void {
    const quick = this.#stores.filter(({ isSync }) => isSync);
    this.#others = store ? this.#stores : quick;
    if (store) {
      this.#stores = [...quick, store, ...this.#slow];
      this.#slow = [store, ...this.#slow];
    }
    if (catalogue) this.#catalogues = [catalogue, ...this.#catalogues];
    this.#lookups = new TierLookups(this.#stores, store, judge);
  }

  getSync(key: string): Found | undefined {
    for (const store of this.#stores) {
      const found = attempt(() => store.getSync(key));
      if (found === undefined) continue;
      if (store !== this.#stores[0]) this.#lookups.promote(key, found, store);
      return found;
    }
    return undefined;
  }

  get(key: string): Promise<Found | undefined> {
    return this.#lookups.get(key, this.#stores);
  }

  getSlow(key: string): Promise<Found | undefined> {
    return this.#lookups.get(key, this.#slow);
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    return this.#lookups.getMany(keys);
  }

  has(key: string): boolean {
    return this.#stores.some((store) => attempt(() => store.has?.(key)) === true);
  }

  setDerived(key: string, entry: DerivedEntry, source: Entry): void {
    attempt(() => this.#stores[0]?.setDerived?.(key, entry, source));
  }

  use(key: string): void {
    this.#useCounter.note(key);
  }

  set(key: string, entry: Entry, fence?: Fence): void {
    this.#lookups.end(key);
    this.#useCounter.forget(key);
    this.#each((store) => store.set(key, entry, fence));
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  delete(key: string): void {
    this.#lookups.end(key);
    this.#each((store) => store.delete(key));
  }

  deleteAnswer(answerId: string): void {
    this.heed({ answerId });
    attempt(() => this.#catalogues[0]?.deleteAnswer(answerId));
  }

  async purge(purge: Purge, upTo?: PurgeMark): Promise<Totals> {
    this.heed({ purge });
    return (await settled(async () => this.#catalogues[0]?.purge(purge, upTo))) ?? NOTHING;
  }

  heed(gone: GoneNews, reporter?: Tier): void {
    if ('doubt' in gone) return this.dropCopies(gone.doubt);
    // The keys that lookups under way will find of it are not known; so none is promoted.
    this.#lookups.endAll();
    const others = reporter ? this.#others.filter((store) => store !== reporter) : this.#others;
    this.#each((store) => store.drop?.(gone), others);
  }

  catalogues(): readonly Catalogue[] {
    return this.#catalogues.filter((each) => each !== this.#fallback);
  }

  dropCopies(purge: Purge): void {
    this.#lookups.endAll();
    const own: readonly unknown[] = this.catalogues();
    const copies = this.#stores.filter((store) => store.isSync && !own.includes(store));
    this.#each((store) => store.drop?.({ purge }), copies);
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
    this.#useCounter.flush();
    await Promise.all(this.#stores.map((store) => settled(() => store.close())));
  }

  #each(act: (store: Tier) => void, some = this.#stores): void {
    for (const store of some) attempt(() => act(store));
  }

  /** The catalogue's answer, or where it cannot, the other. */
  async #ask<T>(question: (catalogue: Catalogue) => Promise<T | undefined>): Promise<T | undefined> {
    this.#useCounter.flush();
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
