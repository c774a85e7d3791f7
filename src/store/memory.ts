/**
 * The memory tier: the entries used last, up to a bound in bytes.
 *
 * Bodies are held as the buffers given, never copied, and shared with whoever
 * plays them. What is counted is what the process pays (see `weigh`), so the
 * bound is one on memory and not on the sum of bodies.
 */
import { setImmediate } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Entry } from '../response/entry.ts';
import type { Catalogue, Kept, Likeness, LruInfo, TierSize } from './catalogue.ts';
import { isPurgedBy, type Purge } from './filter.ts';
import type { Gone } from './gone.ts';
import { byKey, type EntryRow, type EntryRows, type Listing, type Totals } from './listing.ts';
import { KeyIndex } from './key-index.ts';
import { HeldEntry, withoutParts } from './held-entry.ts';
import { listHeld, rowOf, total } from './memory-listing.ts';
import type { DerivedEntry, Found, Tier } from './store.ts';

export interface MemoryStore extends Required<Tier>, Catalogue {
  /** Every key held, the most recently used first. Does not count as a use. */
  keys(): IterableIterator<string>;
  readonly held: TierSize;
  info(): LruInfo;
}

export interface MemoryStoreOptions {
  readonly maxBytes: number;
  /** True where the request is held too; else it is left to a store that has more room. */
  readonly holdsParts?: boolean;
  /** Of the tier that it is known as; `memory` if not given. */
  readonly name?: string;
}

/** How many entries are looked through for those that are alike. */
const LOOKED_THROUGH = 10_000;
/** How many entries are dropped in one go: less than 10 ms. */
const DROPPED_AT_ONCE = 1_000;

export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  return new LruStore(options);
}

class LruStore implements MemoryStore {
  readonly name: string;
  readonly isSync = true;
  readonly #options: MemoryStoreOptions;
  readonly #answers = new KeyIndex();
  /** By the key of their source. */
  readonly #derived = new KeyIndex();
  /** All that is held, in the order it was set: to go through, which is slow in the order of use. */
  readonly #shelf = new Map<string, HeldEntry>();
  readonly #cache: LRUCache<string, HeldEntry>;
  #lastId = 0;
  #evictions = 0;
  #hits = 0;
  #misses = 0;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
    this.name = options.name ?? HeldEntry.TIER;
    this.#cache = new LRUCache<string, HeldEntry>({
      // The cache takes no bound of 0; every entry weighs more than 1, so that 1 keeps nothing too.
      maxSize: Math.max(1, options.maxBytes),
      sizeCalculation: ({ bytes }) => bytes,
      onInsert: (held, key) => {
        this.#shelf.set(key, held);
        this.#answers.add(held.entry.answerId, key);
        this.#derived.add(held.entry.derivation?.key, key);
      },
      dispose: (held, key, reason) => {
        if (this.#shelf.get(key) === held) this.#shelf.delete(key);
        this.#answers.remove(held.entry.answerId, key);
        this.#derived.remove(held.entry.derivation?.key, key);
        if (reason === 'evict') this.#evictions++;
      },
    });
  }

  get held(): TierSize {
    return { entries: this.#cache.size, bytes: this.#cache.calculatedSize, evictions: this.#evictions };
  }

  info(): LruInfo {
    const { entries, bytes } = this.held;
    return { hits: this.#hits, misses: this.#misses, maxsize: this.#options.maxBytes, currsize: bytes, entries };
  }

  keys(): IterableIterator<string> {
    return this.#cache.keys();
  }

  has(key: string): boolean {
    return this.#peek(key) !== undefined;
  }

  getSync(key: string): Found | undefined {
    const held = this.#get(key);
    if (held === undefined) this.#misses++;
    else this.#hits++;
    return held;
  }

  async get(key: string): Promise<Found | undefined> {
    return this.#get(key);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const all = new Map<string, Found>();
    for (const key of keys) {
      const held = this.#get(key);
      if (held) all.set(key, held);
    }
    return all;
  }

  use(key: string, times: number): void {
    const held = this.#cache.get(key);
    if (held) held.hits += times;
  }

  set(key: string, entry: Entry): void {
    this.#dropDerived(key);
    const { holdsParts = true } = this.#options;
    // An entry heavier than the bound is not kept, and the cache then drops the older one under its key.
    this.#cache.set(key, new HeldEntry(key, holdsParts ? entry : withoutParts(entry), ++this.#lastId, this.name));
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  /** Nothing newer is replaced by it. */
  setDerived(key: string, entry: DerivedEntry, source: Entry): void {
    if (this.#peek(entry.derivation.key)?.entry.body !== source.body) return;
    const before = this.#peek(key)?.entry;
    if (before === undefined || before.storedAt <= entry.storedAt) this.set(key, entry);
  }

  delete(key: string): void {
    this.#dropDerived(key);
    this.#cache.delete(key);
  }

  /** Those that were made from the entry under a key go with it. */
  #dropDerived(key: string): void {
    for (const derived of this.#derived.keysOf(key)) this.#cache.delete(derived);
  }

  deleteAnswer(answerId: string): void {
    for (const key of this.#answers.keysOf(answerId)) this.#cache.delete(key);
  }

  /** Its entries are gone at once, and dropped a few at a time. */
  async purge(purge: Purge): Promise<Totals> {
    const gone = this.#fitting(purge).toArray();
    for (const held of gone) held.isGone = true;
    for (const [index, held] of gone.entries()) {
      if (this.#cache.peek(held.key) === held) this.#cache.delete(held.key);
      if (index % DROPPED_AT_ONCE === DROPPED_AT_ONCE - 1) await setImmediate();
    }
    return total(gone);
  }

  drop(gone: Gone): void {
    if ('key' in gone) this.delete(gone.key);
    else if ('answerId' in gone) this.deleteAnswer(gone.answerId);
    else void this.purge(gone.purge);
  }

  async written(): Promise<boolean> {
    return true;
  }

  async list(listing: Listing): Promise<EntryRows> {
    return listHeld(this.#present(), listing);
  }

  async count(purge: Purge): Promise<Totals> {
    return total(this.#fitting(purge));
  }

  async listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[]> {
    const some = this.#present().filter(({ key }) => key.startsWith(prefix));
    return some.map(rowOf).toArray().sort(byKey).slice(0, limit);
  }

  async read(key: string): Promise<Entry | undefined> {
    return this.#peek(key)?.entry;
  }

  async findByPrefix(digits: string): Promise<Kept | undefined> {
    return this.#kept().find(({ key }) => key.startsWith(digits));
  }

  async newest({ endpoint, model, scope }: Likeness, limit: number): Promise<readonly Kept[]> {
    return this.#kept()
      .take(LOOKED_THROUGH)
      .filter(({ request }) => request.scope === scope && request.model === model && request.endpoint === endpoint)
      .take(limit)
      .toArray();
  }

  async size(): Promise<Totals> {
    return { entries: this.#cache.size, bytes: this.#cache.calculatedSize };
  }

  async close(): Promise<void> {
    this.#cache.clear();
  }

  #get(key: string): HeldEntry | undefined {
    const held = this.#cache.get(key);
    return held?.isGone ? undefined : held;
  }

  /** The same, and no use of it. */
  #peek(key: string): HeldEntry | undefined {
    const held = this.#cache.peek(key);
    return held?.isGone ? undefined : held;
  }

  #present(): IteratorObject<HeldEntry> {
    return this.#shelf.values().filter(({ isGone }) => !isGone);
  }

  #fitting(purge: Purge): IteratorObject<HeldEntry> {
    return this.#present().filter(({ entry }) => isPurgedBy(purge, entry));
  }

  /** The most recently used first. */
  *#kept(): Generator<Kept, undefined> {
    for (const { key, entry, isGone } of this.#cache.values())
      if (entry.request !== undefined && !isGone) yield { key, request: entry.request };
  }
}
