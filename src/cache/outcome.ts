/**
 * How a request was answered, in the four words that code, headers, logs and
 * metrics share, and how each is told (RFC 9211).
 */
import type { Call } from '../response/entry.ts';
import type { Reader } from '../response/reader.ts';
import type { Tier } from '../store/store.ts';
import type { WhyNotKept } from './storable.ts';

export type Outcome =
  /** Served from the store. `age` and `ttl` in seconds; `ttl` is `Infinity` for an entry that never expires. */
  | { readonly word: 'hit'; readonly tier: Tier; readonly age: number; readonly ttl: number }
  /** Served from the upstream call of another request. */
  | { readonly word: 'follow' }
  | Miss
  /** Fetched for this caller alone; nothing read, joined or kept. */
  | { readonly word: 'bypass'; readonly why: string };

/** Fetched, to be kept if it turns out whole. */
export interface Miss {
  readonly word: 'miss';
  /** Why the last answer under this key was not kept; null where it was, or nothing is known of it. */
  readonly notKept: string | null;
  /** `isStale`: whether something else is kept, which has expired, is too old for this request, or `isOfFuture`. */
  readonly answer: {
    readonly isKept: boolean;
    readonly isStale: boolean;
    readonly isOfFuture: boolean;
    /** Why it may not be kept, by its head, once that is known; null where it may. */
    readonly unstorable: WhyNotKept | null;
  };
}

export type OutcomeWord = Outcome['word'];

/** An answer that may be played, and how the request came by it. */
export interface CacheResult {
  readonly outcome: Outcome;
  readonly reader: Reader;
  /** What the answer's upstream call took: known at once for a hit; for the others when it is over. Null: nothing to tell. */
  readonly call: Call | null | Promise<Call | null>;
  /** Of a miss: why its answer was not kept, once its call is over; null where it was. */
  readonly flight?: { readonly unkept: string | null };
  /** Of a miss: the headers by which the answers vary, where others are kept. */
  readonly variesBy?: readonly string[];
}

const X_CACHE = { hit: 'HIT', follow: 'FOLLOW', miss: 'MISS', bypass: 'BYPASS' } as const satisfies Record<
  OutcomeWord,
  string
>;

/** The value of `x-cache`. */
export function xCache(outcome: Outcome): string {
  return X_CACHE[outcome.word];
}

/** The member that we add to `Cache-Status`. */
export function cacheStatus(outcome: Outcome): string {
  switch (outcome.word) {
    case 'hit':
      return `refrain; hit${Number.isFinite(outcome.ttl) ? `; ttl=${outcome.ttl}` : ''}; detail=${outcome.tier}`;
    case 'follow':
      return 'refrain; fwd=miss; collapsed';
    case 'miss':
      return `refrain; fwd=miss${missStatus(outcome)}`;
    case 'bypass':
      return `refrain; fwd=bypass; detail=${outcome.why}`;
  }
}

/** `stored` is said of what is stored by now (RFC 9211, 2.5): of an answer that was over before its head was sent. */
function missStatus({ notKept, answer }: Miss): string {
  if (answer.isKept) return '; stored';
  const why = answer.unstorable ?? (notKept && `not-kept-${notKept}`);
  return why ? `; detail=${why}` : '';
}

/** The member for a request that ended in an error of our own, `null` where it had no outcome yet. */
export function failedStatus(outcome: Outcome | null, code: string): string {
  const forwarded =
    outcome === null || outcome.word === 'hit' ? '' : `fwd=${outcome.word === 'bypass' ? 'bypass' : 'miss'}; `;
  return `refrain; ${forwarded}detail=${code}`;
}
