/**
 * A store whose lookups stay unanswered until somebody says so, and which
 * breaks its contract where a test says so.
 */
import type { Entry } from '../../src/response/entry.ts';
import { isPurgedBy, type Purge } from '../../src/store/filter.ts';
import type { Totals } from '../../src/store/listing.ts';
import type { Catalogue, Kept } from '../../src/store/catalogue.ts';
import type { DerivedEntry, Found, Store } from '../../src/store/store.ts';

/** The result of a lookup: what was there when it was asked, what is there now, nothing, or a failure. */
export type LookupResult = 'then' | 'now' | 'nothing' | 'failure';

export interface HeldLookup {
  readonly key: string;
  readonly settle: (result: LookupResult) => void;
}

export class HeldStore implements Store {
  /** The lookups that are not settled yet, in the order they were asked. */
  readonly lookups = new Set<HeldLookup>();
  /** The number of lookups so far. */
  gets = 0;
  /** Called before anything is done; may throw. */
  onCall: (name: string, key: string) => void = () => {};
  onSet: (key: string, entry: Entry) => void = () => {};
  /** True where what is set or found can be had at once from then on. */
  isNear = true;
  /** True where it says so of what it has not at once. */
  isSure = false;
  readonly name = 'held';
  readonly #near = new Map<string, Entry>();
  readonly #far = new Map<string, Entry>();

  getSync(key: string): Found | undefined {
    this.onCall('getSync', key);
    return foundIn(this.#near.get(key), 'memory');
  }

  get isSync(): boolean {
    return this.isSure && this.#far.keys().every((key) => this.#near.has(key));
  }

  getSlow(key: string): Promise<Found | undefined> {
    this.onCall('getSlow', key);
    return this.get(key);
  }

  get(key: string): Promise<Found | undefined> {
    this.gets++;
    this.onCall('get', key);
    const then = this.#far.get(key);
    return new Promise((resolve, reject) => {
      const settle = (result: LookupResult) => {
        this.lookups.delete(lookup);
        if (result === 'failure') return reject(new Error('the store rejects'));
        const entry = result === 'then' ? then : result === 'now' ? this.#far.get(key) : undefined;
        resolve(foundIn(entry, 'sqlite'));
      };
      const lookup: HeldLookup = { key, settle };
      this.lookups.add(lookup);
    });
  }

  catalogues(): readonly Catalogue[] {
    return [this];
  }

  dropCopies(): void {
    this.onCall('dropCopies', '');
  }

  async written(): Promise<boolean> {
    this.onCall('written', '');
    return true;
  }

  set(key: string, entry: Entry): void {
    this.onCall('set', key);
    this.onSet(key, entry);
    this.#dropDerived(key);
    this.#far.set(key, entry);
    if (this.isNear) this.#near.set(key, entry);
    else this.#near.delete(key);
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const all = await Promise.all(keys.map(async (key) => [key, await this.get(key)] as const));
    return new Map(all.filter((one): one is readonly [string, Found] => one[1] !== undefined));
  }

  has(key: string): boolean {
    return this.#near.has(key);
  }

  setDerived(key: string, entry: DerivedEntry, source: Entry): void {
    this.onCall('setDerived', key);
    if (this.#near.get(entry.derivation.key)?.body === source.body) this.#near.set(key, entry);
  }

  /** The key of the entry that the one under this key was made from. */
  derivedFrom(key: string): string | undefined {
    return this.#near.get(key)?.derivation?.key;
  }

  /** Those that were made from an entry go with it. */
  #dropDerived(source: string): void {
    for (const [key, { derivation }] of this.#near) if (derivation?.key === source) this.#near.delete(key);
  }

  delete(key: string): void {
    this.onCall('delete', key);
    this.#dropDerived(key);
    this.#near.delete(key);
    this.#far.delete(key);
  }

  deleteAnswer(answerId: string): void {
    this.onCall('deleteAnswer', answerId);
    for (const entries of [this.#near, this.#far]) {
      for (const [key, entry] of entries) if (entry.answerId === answerId) entries.delete(key);
    }
  }

  /** An entry that can be had at once is had later only, or not at all any more. */
  evict(key: string, everywhere: boolean): void {
    this.#near.delete(key);
    if (everywhere) this.#far.delete(key);
  }

  use(key: string): void {
    this.onCall('use', key);
  }

  async purge(purge: Purge): Promise<Totals> {
    this.onCall('purge', '');
    const gone = [...this.#far, ...this.#near].filter(([, entry]) => isPurgedBy(purge, entry));
    for (const [key] of gone) this.evict(key, true);
    return { entries: gone.length, bytes: 0 };
  }

  list = async (): Promise<undefined> => undefined;
  count = async (): Promise<undefined> => undefined;
  listByPrefix = async (): Promise<undefined> => undefined;
  read = async (): Promise<undefined> => undefined;
  findByPrefix = async (): Promise<Kept | undefined> => undefined;
  newest = async (): Promise<readonly Kept[]> => [];
  size = async (): Promise<Totals> => ({ entries: this.#far.size, bytes: 0 });

  /** Forgets all, as if it were new. */
  async close(): Promise<void> {
    this.#near.clear();
    this.#far.clear();
  }
}

function foundIn(entry: Entry | undefined, tier: Found['tier']): Found | undefined {
  return entry && { entry, tier };
}
