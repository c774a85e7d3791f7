/**
 * The reason of a hit whose entry has expired, in `x-refrain-why` for the
 * request that asks by `x-refrain-debug: 1`.
 */
import type { Outcome } from '../cache/outcome.ts';

/** @returns null for an entry that has not expired, and of any other outcome */
export function explainHit(outcome: Outcome): string | null {
  if (outcome.word !== 'hit' || outcome.ttl > 0) return null;
  const { ttl, freshness, status } = outcome;
  const expired = `expired ${-ttl} s ago`;
  if (freshness === 'fresh') return `${expired}, as the request accepts`;
  if (freshness === 'stale-while-revalidate') return `${expired}, and is being refreshed`;
  const failed = status === null ? 'Refrain has too much to do to ask the upstream' : `the upstream failed (${status})`;
  return `${expired}, and ${failed}`;
}
