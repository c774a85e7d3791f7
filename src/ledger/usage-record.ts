/**
 * The record of a request in the usage ledger, once it is over.
 */
import type { OutcomeWord } from '../cache/outcome.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Call } from '../response/entry.ts';
import type { Usage } from '../response/usage.ts';

/** `refusal`: answered by an error of our own before there was an outcome. */
export type LedgerWord = OutcomeWord | 'refusal';

export interface UsageRecord {
  /** When the request was over, in milliseconds since the epoch. */
  readonly time: number;
  readonly requestId: string;
  readonly outcome: LedgerWord;
  readonly endpoint: Endpoint | 'other';
  /** Null where neither the request nor its answer was read, or they do not say. */
  readonly model: string | null;
  /** As in the key: `private:` and 64 hexadecimal digits, or `shared:` and a name. Null where it was refused unread. */
  readonly scope: string | null;
  /** As the request named them; none where it was refused unread. */
  readonly tags: readonly string[];
  /** The first 16 digits of the key; null where there is none. */
  readonly key: string | null;
  /** 499 where the client left before its answer began. */
  readonly status: number;
  /** Why it was a miss; null for all others. */
  readonly reason: string | null;
  /** Why it was a bypass, a stale hit, or its answer not kept; else the code of the error that it ended in. */
  readonly why: string | null;
  /** The code of the error of ours that it ended in. */
  readonly error: string | null;
  /** The tier that had it, of a hit. */
  readonly tier: string | null;
  /** Of a hit that was made from another form: both, as `x-refrain-form` has them. */
  readonly derivation: string | null;
  /** From the request to the last byte, as the client saw it, in ms. */
  readonly ms: number;
  /** Of the answer's body, as far as it was sent; 0 for an error of our own. */
  readonly bytes: number;
  /** The upstream call that was made (miss, bypass) or spared (hit, follow). */
  readonly call: Call | null;
  /** Of a batch that was answered input by input: how many were known, and how many asked for; absent of any other. */
  readonly items?: BatchItems;
}

export interface BatchItems {
  readonly hit: number;
  readonly fetched: number;
  /** The tokens that were spared beside those of `call`; null where that is not known, or there are none. */
  readonly spared: Usage | null;
  /** The price of these, where that is known; absent before it is. */
  readonly dollars?: number | null;
}

/** A record as subscribers get it: with its price, and its scope as in the usage ledger. */
export interface PricedUsageRecord extends UsageRecord {
  /** Null where the model has no price, or there was no usage. */
  readonly dollars: number | null;
}

/** An upstream call that no request is charged with: the refresh of an answer, or one that failed for a stale hit. */
export interface CallRecord extends Pick<UsageRecord, 'time' | 'endpoint' | 'model' | 'scope' | 'tags'> {
  readonly call: Call;
}

export interface PricedCallRecord extends CallRecord {
  readonly dollars: number | null;
}
