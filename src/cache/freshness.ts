/**
 * Freshness: how good a stored entry is for one request, by what that request
 * permits and by the time. The only place where an entry's age and expiry are
 * compared with the time in order to serve it (RFC 9111, 4.2; RFC 5861).
 *
 *   fresh                   served as it is
 *   stale-while-revalidate  served as it is, and refreshed meanwhile
 *   stale-if-error          served only where the upstream fails
 *   gone                    not served
 *
 * As time passes, an entry only ever moves down this list.
 */
import { CLOCK_SKEW_MS } from '../clock.ts';
import type { Entry } from '../response/entry.ts';
import type { Permission } from './question.ts';

export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'gone';

/** That of an entry that is served. */
export type Served = Exclude<Freshness, 'gone'>;

/** The age of an entry that a clock ahead of this one has dated is not known, so that it is gone. */
export function freshnessOf(entry: Dates, permission: Staleness, now: number): Freshness {
  const { maxAge, maxStale, revalidates, staleIfError } = permission;
  if (isOfFuture(entry, now) || now - entry.storedAt > maxAge * 1000) return 'gone';
  if (now < entry.expiresAt) return 'fresh';
  const staleFor = now - entry.expiresAt;
  if (isWithin(staleFor, maxStale)) return revalidates ? 'stale-while-revalidate' : 'fresh';
  return isWithin(staleFor, staleIfError) ? 'stale-if-error' : 'gone';
}

/** The dates of an entry. */
export type Dates = Pick<Entry, 'storedAt' | 'expiresAt'>;

/** The bounds that a permission sets to age and staleness. */
export type Staleness = Pick<Permission, 'maxAge' | 'maxStale' | 'revalidates' | 'staleIfError'>;

/** Tests whether a clock that was ahead of this one has dated it. */
export function isOfFuture({ storedAt }: Pick<Entry, 'storedAt'>, now: number): boolean {
  return storedAt > now + CLOCK_SKEW_MS;
}

/** @param staleFor ms @param seconds 0 permits no staleness, not even none */
function isWithin(staleFor: number, seconds: number): boolean {
  return seconds > 0 && staleFor <= seconds * 1000;
}
