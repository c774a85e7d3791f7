/**
 * The memory tier: the entries used last, up to a bound in bytes.
 *
 * Bodies are held as the buffers given, never copied, and shared with whoever
 * plays them. What is counted is what the process pays (see `weigh`), so the
 * bound is one on memory and not on the sum of bodies.
 */
import { setImmediate } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Entry, StoredRequest } from '../response/entry.ts';
import { AnswerIndex } from './answer-index.ts';
import type { Catalogue, Kept, TierSize } from './catalogue.ts';
import { isPurgedBy, type Purge } from './filter.ts';
import { add, byKey, NOTHING, type Totals } from './listing.ts';
import { type Listable, listHeld, rowOf } from './memory-listing.ts';
import type { Found, Tier } from './store.ts';
import { weigh } from './weight.ts';

export interface MemoryStore extends Required<Tier>, Catalogue {
  /** Every key held, the most recently used first. Does not count as a use. */
  keys(): IterableIterator<string>;
  readonly held: TierSize;
  info(): LruInfo;
}

/** What `functools.lru_cache` tells of itself, the sizes in bytes. */
export interface LruInfo {
  readonly hits: number;
  readonly misses: number;
  readonly maxsize: number;
  readonly currsize: number;
  readonly entries: number;
}

export interface MemoryStoreOptions {
  readonly maxBytes: number;
  /** Whether what was asked is held too; else it is left to a store that has more room. */
  readonly holdsParts?: boolean;
}

const NAME = 'memory';
/** How many entries are looked through for those that are alike. */
const LOOKED_THROUGH = 10_000;
/** How many entries are dropped in one go: less than 10 ms. */
const DROPPED_AT_ONCE = 1_000;

/** An entry as it is held, which is also how it is found. */
class Held implements Listable, Found {
  readonly key: string;
  readonly entry: Entry;
  readonly tier = NAME;
  readonly id: number;
  readonly bytes: number;
  hits = 0;
  /** Purged, and about to be dropped. */
  isGone = false;

  constructor(key: string, entry: Entry, id: number) {
    this.key = key;
    this.entry = entry;
    this.id = id;
    this.bytes = weigh(key, entry);
  }
}

export function createMemoryStore({ maxBytes, holdsParts = true }: MemoryStoreOptions): MemoryStore {
  const answers = new AnswerIndex();
  let evictions = 0;
  /** All that is held, in the order it was set: to go through, which is slow in the order of use. */
  const shelf = new Map<string, Held>();
  const cache = new LRUCache<string, Held>({
    // The cache takes no bound of 0; every entry weighs more than 1, so that 1 keeps nothing too.
    maxSize: Math.max(1, maxBytes),
    sizeCalculation: ({ bytes }) => bytes,
    onInsert(held, key) {
      shelf.set(key, held);
      answers.add(held.entry.answerId, key);
    },
    dispose(held, key, reason) {
      if (shelf.get(key) === held) shelf.delete(key);
      answers.remove(held.entry.answerId, key);
      if (reason === 'evict') evictions++;
    },
  });
  let lastId = 0;
  let hits = 0;
  let misses = 0;

  const present = () => shelf.values().filter(({ isGone }) => !isGone);
  const found = (held: Held | undefined): Held | undefined => (held === undefined || held.isGone ? undefined : held);

  const kept = (): IteratorObject<Kept> =>
    cache
      .values()
      .filter(({ entry, isGone }) => entry.request !== undefined && !isGone)
      .map(({ key, entry }) => ({ key, request: entry.request as StoredRequest }));

  const purgedBy = (purge: Purge): Held[] =>
    present()
      .filter(({ entry }) => isPurgedBy(purge, entry))
      .toArray();

  const set: MemoryStore['set'] = (key, entry) =>
    // An entry heavier than the bound is not kept, and the cache then drops the older one under its key.
    void cache.set(key, new Held(key, holdsParts ? entry : withoutParts(entry), ++lastId));

  const deleteAnswer = (answerId: string) => {
    for (const key of answers.keysOf(answerId)) cache.delete(key);
  };

  /** Gone at once, and dropped a few at a time. */
  async function purge(purge: Purge): Promise<Totals> {
    const gone = purgedBy(purge);
    for (const held of gone) held.isGone = true;
    for (const [index, held] of gone.entries()) {
      if (cache.peek(held.key) === held) cache.delete(held.key);
      if (index % DROPPED_AT_ONCE === DROPPED_AT_ONCE - 1) await setImmediate();
    }
    return total(gone);
  }

  return {
    name: NAME,
    isSync: true,
    has: (key) => found(cache.peek(key)) !== undefined,
    getSync(key) {
      const held = found(cache.get(key));
      if (held === undefined) misses++;
      else hits++;
      return held;
    },
    get: async (key) => found(cache.get(key)),
    async getMany(keys) {
      const all = new Map<string, Found>();
      for (const key of keys) {
        const held = found(cache.get(key));
        if (held) all.set(key, held);
      }
      return all;
    },
    use(key, times) {
      const held = cache.get(key);
      if (held) held.hits += times;
    },
    set,
    setMany(entries) {
      for (const [key, entry] of entries) set(key, entry);
    },
    delete: (key) => void cache.delete(key),
    deleteAnswer,
    purge,
    drop(gone) {
      if ('key' in gone) cache.delete(gone.key);
      else if ('answerId' in gone) deleteAnswer(gone.answerId);
      else void purge(gone.purge);
    },
    written: async () => true,
    list: async (listing) => listHeld(present(), listing),
    count: async (purge) => total(purgedBy(purge)),
    listByPrefix: async (prefix, limit) =>
      present()
        .filter(({ key }) => key.startsWith(prefix))
        .map(rowOf)
        .toArray()
        .sort(byKey)
        .slice(0, limit),
    read: async (key) => found(cache.peek(key))?.entry,
    findByPrefix: async (digits) => kept().find(({ key }) => key.startsWith(digits)),
    newest: async ({ endpoint, model, scope }, limit) =>
      kept()
        .take(LOOKED_THROUGH)
        .filter(({ request }) => request.scope === scope && request.model === model && request.endpoint === endpoint)
        .take(limit)
        .toArray(),
    size: async () => ({ entries: cache.size, bytes: cache.calculatedSize }),
    close: async () => cache.clear(),
    keys: () => cache.keys(),
    info: () => ({ hits, misses, maxsize: maxBytes, currsize: cache.calculatedSize, entries: cache.size }),
    get held() {
      return { entries: cache.size, bytes: cache.calculatedSize, evictions };
    },
  };
}

function withoutParts(entry: Entry): Entry {
  return entry.request?.parts ? { ...entry, request: { ...entry.request, parts: null } } : entry;
}

function total(some: readonly Held[]): Totals {
  return some.reduce((sum, { bytes }) => add(sum, { entries: 1, bytes }), NOTHING);
}
