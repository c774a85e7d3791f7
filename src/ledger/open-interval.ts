/**
 * An interval that is under way: a hit adds to a few plain numbers, which get their names once the interval is taken.
 */
import {
  bucketName,
  COSTS,
  costName,
  HIT_BUCKETS,
  OUTCOMES,
  reasonName,
  type CostSide,
  type MeasureSums,
  UPSTREAM_BUCKETS,
} from './interval.ts';
import type { Amounts } from './row.ts';
import type { LedgerWord } from './usage-record.ts';

/** A request or a call, as it is counted. */
export interface TimedRequest {
  readonly outcome: LedgerWord;
  /** Of a request, as its client saw it, in ms. */
  readonly ms: number;
  /** Why it was a miss; null for all others, and for a call that no request is charged with. */
  readonly reason: string | null;
  /** Of a bypass: why it was one. */
  readonly why: string | null;
}

const SIDES: Readonly<Record<LedgerWord, CostSide>> = {
  hit: 'saved',
  follow: 'saved',
  miss: 'spent',
  bypass: 'spent',
  refusal: 'spent',
};

const NAMES = [
  ...OUTCOMES,
  ...(['saved', 'spent'] as const).flatMap((side) => COSTS.map((cost) => costName(side, cost))),
  ...[...HIT_BUCKETS, Infinity].map((bound) => bucketName('hit', bound)),
  ...[...UPSTREAM_BUCKETS, Infinity].map((bound) => bucketName('upstream', bound)),
];
const OUTCOME_AT = { hit: 0, follow: 1, miss: 2, bypass: 3, refusal: 4 } as const satisfies Record<LedgerWord, number>;
const SIDE_AT = { saved: OUTCOMES.length, spent: OUTCOMES.length + COSTS.length } as const;
const HIT_AT = OUTCOMES.length + 2 * COSTS.length;
const UPSTREAM_AT = HIT_AT + HIT_BUCKETS.length + 1;

/** The words are ours; a version that has more of them than this counts the rest together. */
const MOST_REASONS = 64;
const OTHER_REASON = 'other';

export class OpenInterval {
  readonly #counts = new Float64Array(NAMES.length);
  #reasons: Map<string, number> | null = null;

  add({ outcome, ms, reason, why }: TimedRequest, amounts: Amounts): void {
    const counts = this.#counts;
    const { requests } = amounts;
    add(counts, OUTCOME_AT[outcome], requests);
    const side = SIDES[outcome];
    for (let at = 0; at < COSTS.length; at += 1) add(counts, SIDE_AT[side] + at, amounts[COSTS[at] as keyof Amounts]);
    if (outcome === 'hit') add(counts, HIT_AT + bucketOf(HIT_BUCKETS, ms), 1);
    else if (side === 'spent' && amounts.upstreamMs > 0)
      add(counts, UPSTREAM_AT + bucketOf(UPSTREAM_BUCKETS, amounts.upstreamMs), 1);
    if (reason !== null) this.#addReason('miss', reason);
    if (outcome === 'bypass' && why !== null) this.#addReason('bypass', why);
  }

  /** By name, without those that are 0. */
  sums(): MeasureSums {
    const sums: MeasureSums = {};
    for (const [at, name] of NAMES.entries()) if (this.#counts[at]) sums[name] = this.#counts[at] as number;
    for (const [name, requests] of this.#reasons ?? []) sums[name] = requests;
    return sums;
  }

  #addReason(outcome: 'miss' | 'bypass', reason: string): void {
    const reasons = (this.#reasons ??= new Map<string, number>());
    const name = reasonName(outcome, reason);
    const counted = reasons.has(name) || reasons.size < MOST_REASONS ? name : reasonName(outcome, OTHER_REASON);
    reasons.set(counted, (reasons.get(counted) ?? 0) + 1);
  }
}

function add(counts: Float64Array, at: number, more: number): void {
  counts[at] = (counts[at] as number) + more;
}

function bucketOf(bounds: readonly number[], ms: number): number {
  let at = 0;
  while (at < bounds.length && ms > (bounds[at] as number)) at += 1;
  return at;
}
