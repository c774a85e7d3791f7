/**
 * The memory tier: the entries used last, up to a bound in bytes.
 *
 * Bodies are held as the buffers given, never copied, and shared with whoever
 * plays them. What is counted is what the process pays (see `weigh`), so the
 * bound is one on memory and not on the sum of bodies.
 */
import { LRUCache } from 'lru-cache';
import type { Asked, Entry } from '../response/entry.ts';
import { AnswerIndex } from './answer-index.ts';
import type { Found, Kept, Store, TierSize } from './store.ts';
import { weigh } from './weight.ts';

export interface MemoryStore extends Store {
  /** Every key held, the most recently used first. Does not count as a use. */
  keys(): IterableIterator<string>;
  readonly held: TierSize;
}

export interface MemoryStoreOptions {
  readonly maxBytes: number;
  /** Whether what was asked is held too; else it is left to a store that has more room. */
  readonly holdsAsked?: boolean;
}

/** How many entries are looked through for those that are alike. */
const LOOKED_THROUGH = 10_000;

export function createMemoryStore({ maxBytes, holdsAsked = true }: MemoryStoreOptions): MemoryStore {
  const answers = new AnswerIndex();
  let evictions = 0;
  const cache = new LRUCache<string, Entry>({
    // The cache takes no bound of 0; every entry weighs more than 1, so that 1 keeps nothing too.
    maxSize: Math.max(1, maxBytes),
    sizeCalculation: (entry, key) => weigh(key, entry),
    onInsert: ({ answerId }, key, reason) => reason !== 'update' && answers.add(answerId, key),
    dispose: ({ answerId }, key, reason) => {
      answers.remove(answerId, key);
      if (reason === 'evict') evictions++;
    },
  });

  const getNow = (key: string): Found | undefined => {
    const entry = cache.get(key);
    return entry && { entry, tier: 'memory' };
  };

  const kept = (): IteratorObject<Kept> => cache.entries().filter(([, { asked }]) => asked !== undefined).map(([key, { asked }]) => ({ key, asked: asked as Asked }));

  return {
    getNow,
    get: async (key) => getNow(key),
    // An entry heavier than the bound is not kept, and the cache then drops the older one under its key.
    set: (key, entry) => void cache.set(key, holdsAsked ? entry : without(entry)),
    delete: (key) => void cache.delete(key),
    deleteAnswer(answerId) {
      for (const key of answers.keysOf(answerId)) cache.delete(key);
    },
    find: async (digits) => kept().find(({ key }) => key.startsWith(digits)),
    recent: async ({ endpoint, model, scope }, limit) =>
      kept().take(LOOKED_THROUGH)
        .filter(({ asked }) => asked.scope === scope && asked.model === model && asked.endpoint === endpoint)
        .take(limit).toArray(),
    size: async () => ({ entries: cache.size, bytes: cache.calculatedSize }),
    close: async () => cache.clear(),
    keys: () => cache.keys(),
    get held() {
      return { entries: cache.size, bytes: cache.calculatedSize, evictions };
    },
  };
}

function without({ asked: _, ...entry }: Entry): Entry {
  return entry;
}
