/**
 * The store of the parent, as its workers share it: only the lease that holds
 * writes over what is there.
 */
import { LRUCache } from 'lru-cache';
import { compact, type Entry } from '../response/entry.ts';
import type { Catalogue } from '../store/catalogue.ts';
import type { Fence, Found, Tier } from '../store/store.ts';
import type { ParentHub } from './parent-hub.ts';

/** The store that answers are kept in, and that knows all of them. */
export type BaseStore = Required<Pick<Tier, 'use' | 'written'>> & Tier & Catalogue;

/** How many of the last entries set are remembered. */
const REMEMBERED = 10_000;

/** The calls that a worker may make, as a channel carries them. */
export type StoreService = ReturnType<SharedStore['service']>;

export class SharedStore {
  readonly #base: BaseStore;
  readonly #hub: ParentHub;
  /** `storedAt` of the last entries set, by key. */
  readonly #newest = new LRUCache<string, number>({ max: REMEMBERED });
  /** Grows with each change that could make a look into the store wrong. */
  #changes = 0;

  constructor(base: BaseStore, hub: ParentHub) {
    this.#base = base;
    this.#hub = hub;
    hub.storedAt = (key) => (this.#newest.has(key) ? this.#storedAt(key) : undefined);
  }

  service() {
    const base = this.#base;
    return {
      get: async (key: string) => foundOf(await base.get(key)),
      getMany: async (keys: readonly string[]) =>
        new Map(Array.from(await base.getMany(keys), ([key, found]) => [key, foundOf(found) as Found])),
      use: (key: string, times: number) => base.use(key, times),
      set: (key: string, entry: Entry, fence?: Fence) => this.#set(key, withOwnBody(entry), fence),
      delete: (key: string) => this.#delete(key),
      deleteAnswer: (answerId: string) => {
        this.#changes++;
        base.deleteAnswer(answerId);
      },
      purge: (...[purge]: Parameters<Catalogue['purge']>) => {
        this.#changes++;
        return base.purge(purge);
      },
      written: () => base.written(),
      list: (...[listing]: Parameters<Catalogue['list']>) => base.list(listing),
      count: (...[purge]: Parameters<Catalogue['count']>) => base.count(purge),
      listByPrefix: (prefix: string, limit: number) => base.listByPrefix(prefix, limit),
      read: (key: string) => base.read(key),
      findByPrefix: (digits: string) => base.findByPrefix(digits),
      newest: (...[like, limit]: Parameters<Catalogue['newest']>) => base.newest(like, limit),
      size: () => base.size(),
    };
  }

  #set(key: string, entry: Entry, fence?: Fence): void {
    if (fence === undefined || this.#hub.release(fence)) this.#put(key, entry);
    else void this.#setUnlessThere(key, entry);
  }

  /** A lease that holds no more writes where nothing is. */
  async #setUnlessThere(key: string, entry: Entry): Promise<void> {
    const before = this.#changes;
    if (this.#newest.has(key) || (await this.#base.get(key)) !== undefined) return;
    if (this.#changes === before) this.#put(key, entry);
  }

  #put(key: string, entry: Entry): void {
    this.#changes++;
    this.#newest.set(key, entry.storedAt);
    this.#base.set(key, entry);
  }

  #delete(key: string): void {
    this.#changes++;
    this.#newest.delete(key);
    this.#base.delete(key);
  }

  async #storedAt(key: string): Promise<number | undefined> {
    const storedAt = (await this.#base.get(key))?.entry.storedAt;
    if (storedAt === undefined) this.#newest.delete(key);
    return storedAt;
  }
}

/** An entry that crossed, in memory of its own rather than in that of the frame that it came in. */
export function withOwnBody(entry: Entry): Entry {
  return { ...entry, body: compact([entry.body], entry.body.length) };
}

/** Without what a store holds beside it. */
function foundOf(found: Found | undefined): Found | undefined {
  return found && { entry: found.entry, tier: found.tier };
}
