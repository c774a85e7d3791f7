/**
 * The contract of a store that knows all that it holds: to list, count
 * and search it, and to drop what fits. Nothing here is a use; `undefined`
 * where it cannot be known now.
 */
import type { Entry, PurgeMark, StoredRequest } from '../response/entry.ts';
import type { Purge } from './filter.ts';
import type { EntryRow, EntryRows, Listing, Totals } from './listing.ts';

export interface Catalogue {
  list(listing: Listing): Promise<EntryRows | undefined>;
  /** The entries that `purge` would drop. */
  count(purge: Purge): Promise<Totals | undefined>;
  /** The entries whose keys begin so, by key, as many as asked for. */
  listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined>;
  /** All that is kept under a key, with what was asked. */
  read(key: string): Promise<Entry | undefined>;
  /** The entry under the first key that begins with `digits`, which is hexadecimal. */
  findByPrefix(digits: string): Promise<Kept | undefined>;
  /** The newest entries whose request had these in common, newest first. */
  newest(like: Likeness, limit: number): Promise<readonly Kept[] | undefined>;
  /** The size, in entries and in bytes as the store's bound counts them. */
  size(): Promise<Totals>;
  /**
   * Every entry that fits is gone from the moment that this returns; resolves with how many, once that is known.
   * @param upTo where several processes share the store: entries with a later mark of the same log came after, and stay
   */
  purge(purge: Purge, upTo?: PurgeMark): Promise<Totals | undefined>;
  /** Drops every entry whose answer has this `id`. */
  deleteAnswer(answerId: string): void;
}

/** An entry with what was asked for it. */
export interface Kept {
  readonly key: string;
  readonly request: StoredRequest;
}

export type Likeness = Pick<StoredRequest, 'endpoint' | 'model' | 'scope'>;

/** The size of a tier at this moment, as far as is known without waiting. */
export interface TierSize extends Totals {
  /** Entries that made room for others, since the start. */
  readonly evictions: number;
}

/** The figures that `functools.lru_cache` reports, the sizes in bytes. */
export interface LruInfo {
  readonly hits: number;
  readonly misses: number;
  readonly maxsize: number;
  readonly currsize: number;
  readonly entries: number;
}
