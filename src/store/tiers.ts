/**
 * Several stores as one, the fastest first. The first that has a key answers,
 * and the stores before it are given what it had. One that throws, against its
 * contract, is passed over.
 */
import type { Found, Store } from './store.ts';

export function createTiers(stores: readonly Store[]): Store {
  /** The newest lookup of each key; a change to the key ends it, so that what was read before is not promoted over it. */
  const lookups = new Map<string, symbol>();

  const forEach = (some: readonly Store[], act: (store: Store) => void) => some.forEach((store) => attempt(() => act(store)));

  async function lookUp(key: string, lookup: symbol): Promise<Found | undefined> {
    for (const [index, store] of stores.entries()) {
      const found = await attempt(() => store.get(key))?.catch(() => undefined);
      if (found === undefined) continue;
      if (lookups.get(key) === lookup) forEach(stores.slice(0, index), (faster) => faster.set(key, found.entry));
      return found;
    }
    return undefined;
  }

  return {
    getNow(key) {
      for (const [index, store] of stores.entries()) {
        const found = attempt(() => store.getNow(key));
        if (found === undefined) continue;
        forEach(stores.slice(0, index), (faster) => faster.set(key, found.entry));
        return found;
      }
      return undefined;
    },
    async get(key) {
      const lookup = Symbol();
      lookups.set(key, lookup);
      const found = await lookUp(key, lookup);
      if (lookups.get(key) === lookup) lookups.delete(key);
      return found;
    },
    set(key, entry) {
      lookups.delete(key);
      forEach(stores, (store) => store.set(key, entry));
    },
    delete(key) {
      lookups.delete(key);
      forEach(stores, (store) => store.delete(key));
    },
    deleteAnswer(answerId) {
      // Which key a lookup under way will find this answer by is not known; so none is promoted.
      lookups.clear();
      forEach(stores, (store) => store.deleteAnswer(answerId));
    },
    async find(digits) {
      for (const store of stores) {
        const kept = await attempt(() => store.find(digits))?.catch(() => undefined);
        if (kept) return kept;
      }
      return undefined;
    },
    async recent(like, limit) {
      for (const store of stores) {
        const kept = await attempt(() => store.recent(like, limit))?.catch(() => []);
        if (kept?.length) return kept;
      }
      return [];
    },
    /** The sum over all: an entry that two tiers hold takes room in both and counts twice. */
    async size() {
      const sizes = await Promise.all(stores.map((store) => attempt(() => store.size())?.catch(() => undefined)));
      const sum = (of: 'entries' | 'bytes') => sizes.reduce((total, size) => total + (size?.[of] ?? 0), 0);
      return { entries: sum('entries'), bytes: sum('bytes') };
    },
    async close() {
      await Promise.all(stores.map((store) => attempt(() => store.close())?.catch(() => undefined)));
    },
  };
}

/** What `act` returns; undefined where it throws. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
