/**
 * Stored entries: which may be served, and how they are opened.
 */
import { CLOCK_SKEW_MS } from '../clock.ts';
import type { Entry } from '../response/entry.ts';
import { Reader } from '../response/reader.ts';
import { StoredAnswer } from '../response/stored-answer.ts';
import type { Found, Store } from '../store/store.ts';
import type { CacheResult } from './outcome.ts';

/**
 * What a store has; nothing where it fails, against its contract.
 * @param isLookedUp nothing is had without waiting
 */
export async function lookUp(store: Store, key: string, isLookedUp: boolean): Promise<Found | undefined> {
  try {
    return await (isLookedUp ? store.getSlow(key) : store.get(key));
  } catch {
    return undefined;
  }
}

/** Tests whether it was stored by a clock that was ahead of this one; nothing tells its age. */
export function isOfFuture({ storedAt }: Entry, now: number): boolean {
  return storedAt > now + CLOCK_SKEW_MS;
}

/**
 * Unless it has expired or is older than the request accepts.
 * @param maxAge seconds
 */
export function isGoodEnough(entry: Entry, maxAge: number, now: number): boolean {
  const { storedAt, expiresAt } = entry;
  return !isOfFuture(entry, now) && now < expiresAt && now - storedAt <= maxAge * 1000;
}

export function openStored({ entry, tier }: Found, now: number): CacheResult {
  const age = Math.max(0, Math.floor((now - entry.storedAt) / 1000));
  const ttl = Math.max(0, Math.ceil((entry.expiresAt - now) / 1000));
  return {
    outcome: { word: 'hit', tier, age, ttl },
    reader: new Reader(new StoredAnswer(entry)),
    call: entry.call ?? null,
  };
}
