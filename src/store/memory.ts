/**
 * The memory tier: the entries used last, up to a bound in bytes.
 *
 * Bodies are held as the buffers given, never copied, and shared with whoever
 * plays them. What is counted is what the process pays (see `weigh`), so the
 * bound is one on memory and not on the sum of bodies.
 */
import { setImmediate } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { StoredRequest, Entry } from '../response/entry.ts';
import { AnswerIndex } from './answer-index.ts';
import { isPurgedBy } from './filter.ts';
import { add, byKey, NOTHING, type Totals } from './listing.ts';
import { type Listable, listHeld, rowOf } from './memory-listing.ts';
import type { Kept, Store, TierSize } from './store.ts';
import { weigh } from './weight.ts';

export interface MemoryStore extends Store {
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

/** How many entries are looked through for those that are alike. */
const LOOKED_THROUGH = 10_000;
/** How many entries are dropped in one go: less than 10 ms. */
const DROPPED_AT_ONCE = 1_000;

/** An entry as it is held, which is also how it is found. */
class Held implements Listable {
  readonly key: string;
  readonly entry: Entry;
  readonly tier = 'memory';
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

  async function drop(gone: readonly Held[]): Promise<void> {
    for (const [index, held] of gone.entries()) {
      if (cache.peek(held.key) === held) cache.delete(held.key);
      if (index % DROPPED_AT_ONCE === DROPPED_AT_ONCE - 1) await setImmediate();
    }
  }

  return {
    has: (key) => found(cache.peek(key)) !== undefined,
    getSync(key) {
      const held = found(cache.get(key));
      if (held === undefined) misses++;
      else hits++;
      return held;
    },
    surelyAbsent: (key) => found(cache.peek(key)) === undefined,
    get: async (key) => found(cache.get(key)),
    use(key, times = 1) {
      const held = cache.get(key);
      if (held) held.hits += times;
    },
    // An entry heavier than the bound is not kept, and the cache then drops the older one under its key.
    set: (key, entry) => void cache.set(key, new Held(key, holdsParts ? entry : withoutParts(entry), ++lastId)),
    delete: (key) => void cache.delete(key),
    deleteAnswer(answerId) {
      for (const key of answers.keysOf(answerId)) cache.delete(key);
    },
    async purge(purge) {
      const gone = present()
        .filter(({ entry }) => isPurgedBy(purge, entry))
        .toArray();
      for (const held of gone) held.isGone = true;
      await drop(gone);
      return gone.map(tally).reduce(add, NOTHING);
    },
    written: async () => true,
    list: async (listing) => listHeld(present(), listing),
    count: async (purge) =>
      present()
        .filter(({ entry }) => isPurgedBy(purge, entry))
        .map(tally)
        .reduce(add, NOTHING),
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

function tally({ bytes }: Held): Totals {
  return { entries: 1, bytes };
}
