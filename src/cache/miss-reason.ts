/**
 * The reason of a miss, one word for each: why nothing that is kept was served. Known before the upstream answers, and
 * the same in usage records, series and metrics.
 */
import type { Miss } from './outcome.ts';

export type MissReason =
  /** Nothing is kept: it was never asked, was evicted, or has been purged. */
  | 'new'
  /** The entry has expired. */
  | 'expired'
  /** The entry is older than the request accepts. */
  | 'max-age'
  /** The request wanted a new answer. */
  | 'refresh'
  /** The upstream refused the caller's credential last, so that nothing kept is served. */
  | 'revoked'
  /** The upstream is asked whether it still accepts the caller's credential; an answer is kept. */
  | 'recheck'
  /** Answers vary by headers, and none is kept for what was sent. */
  | 'vary'
  /** The entry is dated in the future by the clock of this machine. */
  | 'future'
  /** A store cannot be read now, and nothing is known of what it holds. */
  | 'store-down'
  /** The last answer to the same was not kept, for the reason that `unstored` counts. */
  | `not-kept-${string}`;

/** A miss, as far as its reason needs it. */
export interface MissFacts {
  readonly outcome: Miss;
  readonly isRefused: boolean;
  readonly isRefresh: boolean;
  /** An answer is kept, and was not served for what its caller is. */
  readonly isKept: boolean;
  /** The headers that the answers vary by; null where they do not. */
  readonly variesBy: readonly string[] | null;
  readonly isStoreUp: () => boolean;
}

export function missReasonOf({ outcome, isRefused, isRefresh, isKept, variesBy, isStoreUp }: MissFacts): MissReason {
  const { notKept, answer } = outcome;
  if (isRefused) return 'revoked';
  if (isRefresh) return 'refresh';
  if (isKept) return 'recheck';
  if (notKept !== null) return `not-kept-${notKept}`;
  if (variesBy !== null) return 'vary';
  if (answer.isStale) return answer.isOfFuture ? 'future' : answer.isExpired ? 'expired' : 'max-age';
  return isStoreUp() ? 'new' : 'store-down';
}
