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
import type { StoredRequest, Entry } from '../response/entry.ts';
import type { Purge } from './filter.ts';
import type { Listing, EntryRows, EntryRow, Totals } from './listing.ts';
import type { Tier } from './tier.ts';

export type { Tier };

export interface Found {
  readonly entry: Entry;
  /** Which tier had it; the `detail` of `Cache-Status`. */
  readonly tier: Tier;
}

export interface Store extends Catalogue {
  /** What can be had without waiting. Nothing here says nothing of `get`. */
  getSync(key: string): Found | undefined;
  /** Whether it is certain, without waiting, that `get` would find nothing, but for what another process wrote within the last second. */
  surelyAbsent(key: string): boolean;
  /** What can be had at all. */
  get(key: string): Promise<Found | undefined>;
  /** What is kept under a key was served so often: it is the one used last. Written down some time later. */
  use(key: string, times?: number): void;
  /**
   * Readable by `get` from the moment that this returns; on disk some time
   * later. Where it cannot be kept, what it replaces is gone all the same.
   */
  set(key: string, entry: Entry): void;
  /** Gone from the moment that this returns, even where the file is told later. */
  delete(key: string): void;
  /** Drops every entry whose answer has this `id`. */
  deleteAnswer(answerId: string): void;
  /** Every entry that fits is gone from the moment that this returns; resolves with how many, once that is known. */
  purge(purge: Purge): Promise<Totals | undefined>;
  /** Resolves with whether all that was changed so far outlives the process, or nothing does: what is told for done. */
  written(): Promise<boolean>;
  /** Makes all that was set durable, then lets go of every resource. */
  close(): Promise<void>;
}

/** What people are told of a store. Nothing here is a use; `undefined` where it cannot be told now. */
export interface Catalogue {
  /** Whether `getNow` would find something. */
  has(key: string): boolean;
  list(listing: Listing): Promise<EntryRows | undefined>;
  /** What `purge` would drop. */
  count(purge: Purge): Promise<Totals | undefined>;
  /** The entries whose keys begin so, by key, as many as asked for. */
  listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined>;
  /** All that is kept under a key, with what was asked. */
  read(key: string): Promise<Entry | undefined>;
  /** What is kept under the first key that begins with `digits`, which is hexadecimal. */
  findByPrefix(digits: string): Promise<Kept | undefined>;
  /** The newest entries whose request had these in common, newest first. */
  newest(like: Likeness, limit: number): Promise<readonly Kept[]>;
  /** What is held, in entries and in bytes as the store's bound counts them. */
  size(): Promise<StoreSize>;
}

/** An entry with what was asked for it. */
export interface Kept {
  readonly key: string;
  readonly request: StoredRequest;
}

export type Likeness = Pick<StoredRequest, 'endpoint' | 'model' | 'scope'>;

export type StoreSize = Totals;

/** What a tier holds at this moment, as far as is known without waiting. */
export interface TierSize extends StoreSize {
  /** Entries that made room for others, since the start. */
  readonly evictions: number;
}
