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
import type { Asked, Entry } from '../response/entry.ts';

export interface Found {
  readonly entry: Entry;
  /** Which tier had it; the `detail` of `Cache-Status`. */
  readonly tier: Tier;
}

export type Tier = 'memory' | 'sqlite';

export interface Store {
  /** What can be had without waiting. Nothing here says nothing of `get`. Counts as a use. */
  getNow(key: string): Found | undefined;
  /** What can be had at all. Counts as a use. */
  get(key: string): Promise<Found | undefined>;
  /**
   * Readable by `get` from the moment that this returns; on disk some time
   * later. Where it cannot be kept, what it replaces is gone all the same.
   */
  set(key: string, entry: Entry): void;
  /** Gone from the moment that this returns, even where the file is told later. */
  delete(key: string): void;
  /** Drops every entry whose answer has this `id`. */
  deleteAnswer(answerId: string): void;
  /** What is kept under the first key that begins with `digits`, which is hexadecimal. No use. */
  find(digits: string): Promise<Kept | undefined>;
  /** The newest entries whose request had these in common, newest first. No use. */
  recent(like: Likeness, limit: number): Promise<readonly Kept[]>;
  /** What is held, in entries and in bytes as the store's bound counts them. */
  size(): Promise<StoreSize>;
  /** Makes all that was set durable, then lets go of every resource. */
  close(): Promise<void>;
}

/** An entry as people are told of it. */
export interface Kept {
  readonly key: string;
  readonly asked: Asked;
}

export type Likeness = Pick<Asked, 'endpoint' | 'model' | 'scope'>;

export interface StoreSize {
  readonly entries: number;
  readonly bytes: number;
}

/** What a tier holds at this moment, as far as is known without waiting. */
export interface TierSize extends StoreSize {
  /** Entries that made room for others, since the start. */
  readonly evictions: number;
}
