/**
 * The outcome of a request, in the four words that code, headers, logs and
 * metrics share, and as `Cache-Status` has it (RFC 9211).
 */
import type { Call, Derivation, Entry } from '../response/entry.ts';
import type { Reader } from '../response/reader.ts';
import type { Served } from './freshness.ts';
import type { WhyNotKept } from './storable.ts';

export type Outcome =
  | Hit
  /** Served from the upstream call of another request. */
  | { readonly word: 'follow' }
  | Miss
  /** Fetched for this caller alone; nothing read, joined or kept. */
  | { readonly word: 'bypass'; readonly why: string };

/** Served from the store. */
export interface Hit {
  readonly word: 'hit';
  /** The name of the store that had it. */
  readonly tier: string;
  /** Seconds. */
  readonly age: number;
  /** Seconds; negative once it has expired, `Infinity` for an entry that never does. */
  readonly ttl: number;
  readonly freshness: Served;
  /** The status of the failure in whose place it is served; null where the upstream was not asked first. */
  readonly status: number | null;
  /** The way in which it was made from an answer in another form; null where it is as it was recorded. */
  readonly derivation: Derivation | null;
}

/** Fetched, to be kept if it turns out whole. */
export interface Miss {
  readonly word: 'miss';
  /** Why the last answer under this key was not kept; null where it was, or nothing is known of it. */
  readonly notKept: string | null;
  /**
   * `isStale`: true where another entry is kept that has expired (`isExpired`), is too old for this request, or
   * `isOfFuture`.
   */
  readonly answer: {
    readonly isKept: boolean;
    readonly isStale: boolean;
    readonly isExpired: boolean;
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
  /** Of a hit: the entry that is played, at any pace; none where it was waited for while it came. */
  readonly entry?: Entry;
  /** The cost of the answer's upstream call: known at once for a hit, for the others when it is over. Null: unknown. */
  readonly call: Call | null | Promise<Call | null>;
  /** Of an answer that may be kept: why it was not, once its call is over; null where it was. */
  readonly flight?: { readonly unkept: string | null };
  /** Of a miss: the headers by which the answers vary, where others are kept. */
  readonly variesBy?: readonly string[];
}

/** Both forms of a hit that was made from another; null of any other outcome. */
export function derivationOf(outcome: Outcome): string | null {
  if (outcome.word !== 'hit' || outcome.derivation === null) return null;
  return `${outcome.derivation.form} from ${outcome.derivation.from}`;
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
      return `refrain; ${hitStatus(outcome)}; detail=${outcome.tier}`;
    case 'follow':
      return 'refrain; fwd=miss; collapsed';
    case 'miss':
      return `refrain; fwd=miss${missStatus(outcome)}`;
    case 'bypass':
      return `refrain; fwd=bypass; detail=${outcome.why}`;
  }
}

/** A request that went up first was no hit in the words of RFC 9211 (2.1, 2.2): `hit` and `fwd` exclude each other. */
function hitStatus({ ttl, status }: Hit): string {
  const served = status === null ? 'hit' : `fwd=stale; fwd-status=${status}`;
  return Number.isFinite(ttl) ? `${served}; ttl=${ttl}` : served;
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
