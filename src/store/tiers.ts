/**
 * Several stores as one, the fastest first. The first that has a key answers,
 * and the stores before it are given what it had. One that throws, against its
 * contract, is passed over.
 *
 * The last store holds the most and outlives the others, so that people are
 * told what it knows; only where it cannot tell, what the one before it does.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Gone } from './gone.ts';
import { NOTHING, type EntryRow } from './listing.ts';
import type { Found, Store } from './store.ts';
import { UseCounter } from './use-counter.ts';

export interface Tiers extends Store {
  /** Drops from all but the last what is gone from that: another process threw it away. */
  heed(gone: Gone): void;
}

export function createTiers(stores: readonly Store[], clock: Clock = systemClock): Tiers {
  /** The newest lookup of each key; a change to the key ends it, so that what was read before is not promoted over it. */
  const lookups = new Map<string, symbol>();
  const useCounter = new UseCounter(clock, (key, times) => forEach(stores, (store) => store.use(key, times)));
  const faster = stores.slice(0, -1);

  function forEach(some: readonly Store[], act: (store: Store) => void): void {
    for (const store of some) attempt(() => act(store));
  }

  async function lookUp(key: string, lookup: symbol): Promise<Found | undefined> {
    for (const [index, store] of stores.entries()) {
      const found = await attempt(() => store.get(key))?.catch(() => undefined);
      if (found === undefined) continue;
      if (lookups.get(key) === lookup) forEach(stores.slice(0, index), (before) => before.set(key, found.entry));
      return found;
    }
    return undefined;
  }

  /** What the last store answers, or the one before it where that has nothing to say. */
  async function askBack<T>(ask: (store: Store) => Promise<T | undefined>): Promise<T | undefined> {
    useCounter.tell();
    for (const store of stores.toReversed()) {
      const answer = await attempt(() => ask(store))?.catch(() => undefined);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  const inTier = (row: EntryRow): EntryRow =>
    faster.some((store) => attempt(() => store.has(row.key))) ? { ...row, tier: 'memory' } : row;

  return {
    has: (key) => stores.some((store) => attempt(() => store.has(key))),
    getSync(key) {
      for (const [index, store] of stores.entries()) {
        const found = attempt(() => store.getSync(key));
        if (found === undefined) continue;
        forEach(stores.slice(0, index), (before) => before.set(key, found.entry));
        return found;
      }
      return undefined;
    },
    surelyAbsent: (key) => stores.every((store) => attempt(() => store.surelyAbsent(key)) ?? true),
    async get(key) {
      const lookup = Symbol();
      lookups.set(key, lookup);
      const found = await lookUp(key, lookup);
      if (lookups.get(key) === lookup) lookups.delete(key);
      return found;
    },
    use: (key) => useCounter.note(key),
    set(key, entry) {
      lookups.delete(key);
      useCounter.forget(key);
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
    async purge(purge) {
      lookups.clear();
      const tallies = await Promise.all(
        stores.map((store) => attempt(() => store.purge(purge))?.catch(() => undefined)),
      );
      return tallies.findLast((totals) => totals !== undefined) ?? NOTHING;
    },
    heed(gone) {
      lookups.clear();
      forEach(faster, (store) => drop(store, gone));
    },
    async written() {
      const all = await Promise.all(stores.map((store) => attempt(() => store.written())?.catch(() => false)));
      return all.every((isWritten) => isWritten === true);
    },
    async list(listing) {
      const page = await askBack((store) => store.list(listing));
      return page && { ...page, rows: page.rows.map(inTier) };
    },
    count: (purge) => askBack((store) => store.count(purge)),
    async listByPrefix(prefix, limit) {
      const rows = await askBack((store) => store.listByPrefix(prefix, limit));
      return rows?.map(inTier);
    },
    read: (key) => askBack((store) => store.read(key)),
    findByPrefix: (digits) => askBack((store) => store.findByPrefix(digits)),
    async newest(like, limit) {
      const kept = await askBack(async (store) => {
        const some = await store.newest(like, limit);
        return some.length === 0 ? undefined : some;
      });
      return kept ?? [];
    },
    /** The sum over all: an entry that two tiers hold takes room in both and counts twice. */
    async size() {
      const sizes = await Promise.all(stores.map((store) => attempt(() => store.size())?.catch(() => undefined)));
      const sum = (of: 'entries' | 'bytes') => sizes.reduce((total, size) => total + (size?.[of] ?? 0), 0);
      return { entries: sum('entries'), bytes: sum('bytes') };
    },
    async close() {
      useCounter.tell();
      await Promise.all(stores.map((store) => attempt(() => store.close())?.catch(() => undefined)));
    },
  };
}

function drop(store: Store, gone: Gone): void {
  if ('key' in gone) store.delete(gone.key);
  else if ('answerId' in gone) store.deleteAnswer(gone.answerId);
  else void store.purge(gone.purge).catch(() => {});
}

/** What `act` returns; undefined where it throws. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
