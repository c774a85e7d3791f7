/**
 * Why an answer is not kept, or nothing.
 */
import type { NoStore, Unkept } from '../response/complete.ts';
import type { Entry, Head } from '../response/entry.ts';
import { innerCacheOf } from '../response/inner-cache.ts';
import { whyNotByHead } from '../response/judge.ts';

export type WhyNotKept =
  | Unkept
  /** Its request lets it be kept for no time at all. */
  | 'ttl';

/** As far as the head tells; the body may still disappoint. @param ttl in seconds */
export function whyNotStorable(ttl: number, head: Head, noStore: NoStore): WhyNotKept | null {
  return whyNotByHead(head, noStore) ?? (lifetimeOf(ttl, head, 0).expiresAt > 0 ? null : 'ttl');
}

/**
 * From when to when an answer is kept, in milliseconds since the epoch: what another Refrain
 * stored before us has its age already, and may be served no longer than that one would.
 * @param ttl in seconds
 */
export function lifetimeOf(ttl: number, head: Head, now: number): Pick<Entry, 'storedAt' | 'expiresAt'> {
  const { age, ttl: rest } = innerCacheOf(head) ?? { age: 0, ttl: Infinity };
  const storedAt = now - age * 1000;
  return { storedAt, expiresAt: Math.min(storedAt + ttl * 1000, now + rest * 1000) };
}
