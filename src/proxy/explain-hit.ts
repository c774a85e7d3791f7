/**
 * Why a hit is one although its entry has expired, in `x-refrain-why` for the
 * request that asks by `x-refrain-debug: 1`.
 */
import type { Hit } from '../cache/outcome.ts';

/** @returns null for an entry that has not expired */
export function explainHit({ ttl, freshness, status }: Hit): string | null {
  if (ttl > 0) return null;
  const expired = `expired ${-ttl} s ago`;
  if (freshness === 'fresh') return `${expired}, as the request accepts`;
  if (freshness === 'stale-while-revalidate') return `${expired}, and is being refreshed`;
  return `${expired}, and ${status === null ? 'Refrain has too much to do to ask the upstream' : `the upstream failed (${status})`}`;
}
