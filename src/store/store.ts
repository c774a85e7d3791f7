/**
 * Where answers are kept.
 *
 * A store is asked by key (the fingerprint and form of a request, as text) and
 * answers with the entry that was last set under it, or with nothing. Nothing
 * is always a legal answer: a store may evict, and a store that fails is a
 * miss. No call throws or rejects.
 *
 * A store does not judge freshness: whoever asks compares `expiresAt` with the
 * time. It may drop what has expired whenever that suits it.
 */
import type { Derivation, Entry } from '../response/entry.ts';
import type { Catalogue } from './catalogue.ts';
import type { Purge } from './filter.ts';
import type { Gone } from './gone.ts';

export interface Found {
  readonly entry: Entry;
  /** The name of the store that had it; the `detail` of `Cache-Status`. */
  readonly tier: string;
  /** It was waited for while it came: no pace is to make its reader wait again. */
  readonly wasAwaited?: true;
}

export type DerivedEntry = Entry & { readonly derivation: Derivation };

/** The lease under which an entry was fetched. */
export interface Fence {
  readonly key: string;
  readonly token: string;
}

/** The contract of any store, however far away it is. */
export interface EntryStore {
  readonly name: string;
  /** The entry that can be had without waiting. Nothing here says nothing of `get`. */
  getSync(key: string): Found | undefined;
  /** The entry, wherever it is. */
  get(key: string): Promise<Found | undefined>;
  /** The same of several keys; those of which nothing can be had are left out. */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>>;
  /**
   * Readable by `get` from the moment that this returns; on disk some time
   * later. Where it cannot be kept, what it replaces is gone all the same.
   * @param fence a store that several processes share drops what is set under a lease that holds no more, unless
   * nothing is there; it gives the lease back. No other store looks at it
   */
  set(key: string, entry: Entry, fence?: Fence): void;
  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void;
  /** Gone from the moment that this returns, even where the file takes it later. */
  delete(key: string): void;
  /** Makes all that was set durable, then lets go of every resource. */
  close(): Promise<void>;
}

/** The contract of a store in this process. */
interface Near {
  /** True where `getSync` finds all that `get` would. */
  readonly isSync: boolean;
  /** True where `getSync` would find something. Not a use. */
  has(key: string): boolean;
  /** The same as in `Store`; absent from a store that holds what outlives the process. */
  setDerived?(key: string, entry: DerivedEntry, source: Entry): void;
  /** Counts so many uses of the entry under a key: it is the one used last. Written down some time later. */
  use(key: string, times: number): void;
  /** Drops every entry that is of what is gone, from the moment that this returns. */
  drop(gone: Gone): void;
  /** Resolves with whether all that was changed so far outlives the process, or nothing does: what counts as done. */
  written(): Promise<boolean>;
}

/** One of several stores that are asked in turn. */
export type Tier = EntryStore & Partial<Near>;

/** All tiers as one, as those know them who ask for answers. */
export interface Store extends EntryStore, Catalogue {
  /** True where `getSync` finds all that `get` would. */
  readonly isSync: boolean;
  /** The entry that `get` finds in the tiers which `getSync` does not ask, for a caller that has asked that already. */
  getSlow(key: string): Promise<Found | undefined>;
  /** True where `getSync` would find something. Not a use. */
  has(key: string): boolean;
  /**
   * Holds an entry that was derived beside its source, in memory alone and for as long as that is neither replaced nor
   * dropped; not where that is not held there by now.
   */
  setDerived(key: string, entry: DerivedEntry, source: Entry): void;
  /** Counts a use of the entry under a key. */
  use(key: string): void;
  written(): Promise<boolean>;
  /** The catalogues that together list all that is kept, but for copies in quick stores. */
  catalogues(): readonly Catalogue[];
  /** Drops the copies in quick stores of all that fits: what was asked stands elsewhere. */
  dropCopies(purge: Purge): void;
}
