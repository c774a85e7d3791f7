/**
 * Several stores as one, the fastest first. The first that has a key answers,
 * and the stores before it are given what it had. One that throws, against its
 * contract, is passed over.
 *
 * One catalogue tells people what is kept: nearly always that of the last
 * store, which holds the most and outlives the others.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Catalogue } from './catalogue.ts';
import type { Gone } from './gone.ts';
import { type EntryRow, NOTHING } from './listing.ts';
import type { Found, Store, Tier } from './store.ts';
import { UseCounter } from './use-counter.ts';

export interface Tiers extends Store {
  /** Drops what is gone from the catalogue, where another process threw it away, from all other stores. */
  heed(gone: Gone): void;
}

export interface TiersOptions {
  readonly stores: readonly Tier[];
  readonly catalogue: Catalogue;
  /** Tells what the catalogue cannot tell now. */
  readonly fallback?: Catalogue;
  readonly clock?: Clock;
}

export function createTiers({ stores, catalogue, fallback, clock = systemClock }: TiersOptions): Tiers {
  /** The newest lookup of each key; a change to the key ends it, so that what was read before is not promoted over it. */
  const lookups = new Map<string, symbol>();
  const useCounter = new UseCounter(clock, (key, times) => each((store) => store.use?.(key, times)));
  const slow = stores.filter(({ isSync }) => !isSync);
  /** The stores that the catalogue does not speak for. */
  const others = stores.filter((store) => (store as unknown) !== catalogue);

  function each(act: (store: Tier) => void, some = stores): void {
    for (const store of some) attempt(() => act(store));
  }

  function promote(key: string, { entry }: Found, from: Tier): void {
    each((before) => before.set(key, entry), stores.slice(0, stores.indexOf(from)));
  }

  async function lookUp(key: string, some: readonly Tier[]): Promise<Found | undefined> {
    const lookup = Symbol();
    lookups.set(key, lookup);
    let found: Found | undefined;
    for (const store of some) {
      found = await settled(() => store.get(key));
      if (found === undefined) continue;
      if (lookups.get(key) === lookup) promote(key, found, store);
      break;
    }
    if (lookups.get(key) === lookup) lookups.delete(key);
    return found;
  }

  async function lookUpMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const lookup = Symbol();
    for (const key of keys) lookups.set(key, lookup);
    const all = new Map<string, Found>();
    for (const store of stores) {
      const left = keys.filter((key) => !all.has(key));
      if (left.length === 0) break;
      for (const [key, found] of (await settled(() => store.getMany(left))) ?? []) {
        all.set(key, found);
        if (lookups.get(key) === lookup) promote(key, found, store);
      }
    }
    for (const key of keys) if (lookups.get(key) === lookup) lookups.delete(key);
    return all;
  }

  async function ask<T>(question: (catalogue: Catalogue) => Promise<T | undefined>): Promise<T | undefined> {
    useCounter.tell();
    return (await settled(() => question(catalogue))) ?? (fallback && (await settled(() => question(fallback))));
  }

  /** A row with the first tier that has its entry. */
  function inTier(row: EntryRow): EntryRow {
    const first = stores.find((store) => attempt(() => store.has?.(row.key)));
    return first ? { ...row, tier: first.name } : row;
  }

  const set: Store['set'] = (key, entry) => {
    lookups.delete(key);
    useCounter.forget(key);
    each((store) => store.set(key, entry));
  };

  /** Which key a lookup under way will find of it is not known; so none is promoted. */
  function dropFromOthers(gone: Gone): void {
    lookups.clear();
    each((store) => store.drop?.(gone), others);
  }

  return {
    name: 'tiers',
    isSync: slow.length === 0,
    getSync(key) {
      for (const store of stores) {
        const found = attempt(() => store.getSync(key));
        if (found === undefined) continue;
        promote(key, found, store);
        return found;
      }
      return undefined;
    },
    get: (key) => lookUp(key, stores),
    getSlow: (key) => lookUp(key, slow),
    getMany: lookUpMany,
    use: (key) => useCounter.note(key),
    set,
    setMany(entries) {
      for (const [key, entry] of entries) set(key, entry);
    },
    delete(key) {
      lookups.delete(key);
      each((store) => store.delete(key));
    },
    deleteAnswer(answerId) {
      dropFromOthers({ answerId });
      attempt(() => catalogue.deleteAnswer(answerId));
    },
    async purge(purge) {
      dropFromOthers({ purge });
      return (await settled(() => catalogue.purge(purge))) ?? NOTHING;
    },
    heed: dropFromOthers,
    async written() {
      const all = await Promise.all(stores.map((store) => settled(async () => store.written?.() ?? true)));
      return all.every((isWritten) => isWritten === true);
    },
    async list(listing) {
      const page = await ask((each) => each.list(listing));
      return page && { ...page, rows: page.rows.map(inTier) };
    },
    count: (purge) => ask((each) => each.count(purge)),
    listByPrefix: async (prefix, limit) => (await ask((each) => each.listByPrefix(prefix, limit)))?.map(inTier),
    read: (key) => ask((each) => each.read(key)),
    findByPrefix: (digits) => ask((each) => each.findByPrefix(digits)),
    newest: async (like, limit) => (await ask((each) => each.newest(like, limit))) ?? [],
    size: async () => (await ask((each) => each.size())) ?? NOTHING,
    async close() {
      useCounter.tell();
      await Promise.all(stores.map((store) => settled(() => store.close())));
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

/** What `act` resolves with; undefined where it throws or rejects. */
async function settled<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch {
    return undefined;
  }
}
