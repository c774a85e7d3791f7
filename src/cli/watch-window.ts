/**
 * The last minute of a proxy, second by second: what its requests came to, and
 * which of them took longest. By when they were heard of here, since another
 * machine may have another time.
 */
import type { PricedUsageRecord } from '../ledger/usage-record.ts';

/** The members of a usage record that are shown. */
export type WatchedRequest = Pick<
  PricedUsageRecord,
  'outcome' | 'model' | 'endpoint' | 'ms' | 'status' | 'why' | 'dollars' | 'call'
>;

/** Sums over some seconds. */
export interface WindowSums {
  readonly requests: number;
  readonly perSecond: number;
  /** Null where no request could have been a hit. */
  readonly hitRate: number | null;
  readonly dollars: { readonly spent: number; readonly saved: number };
  /** Upstream time that hits and follows spared, in seconds. */
  readonly waitedSaved: number;
}

export const LONGEST_SECONDS = 60;

/** As many as are listed. */
const SLOWEST = 10;

/** One second. */
interface Bucket {
  readonly second: number;
  requests: number;
  hits: number;
  misses: number;
  spent: number;
  saved: number;
  waitedMs: number;
  slowest: WatchedRequest[];
}

export class WatchWindow {
  #buckets: Bucket[] = [];

  /** @param now in ms */
  add(request: WatchedRequest, now: number): void {
    const bucket = this.#bucketOf(Math.floor(now / 1000));
    const { outcome, dollars, call } = request;
    bucket.requests++;
    if (outcome === 'miss') bucket.misses++;
    if (outcome === 'hit' || outcome === 'follow') {
      bucket.hits++;
      bucket.saved += dollars ?? 0;
      bucket.waitedMs += call?.ms ?? 0;
    } else bucket.spent += dollars ?? 0;
    bucket.slowest = slowestOf([...bucket.slowest, request]);
  }

  /** Of the last whole seconds, and what there is of this one. */
  sums(seconds: number, now: number): WindowSums {
    const sum = { requests: 0, hits: 0, misses: 0, spent: 0, saved: 0, waitedMs: 0 };
    const names = Object.keys(sum) as (keyof typeof sum)[];
    for (const bucket of this.#since(seconds, now)) for (const name of names) sum[name] += bucket[name];
    const answered = sum.hits + sum.misses;
    return {
      requests: sum.requests,
      perSecond: sum.requests / seconds,
      hitRate: answered === 0 ? null : sum.hits / answered,
      dollars: { spent: sum.spent, saved: sum.saved },
      waitedSaved: sum.waitedMs / 1000,
    };
  }

  /** The slowest first. */
  slowest(seconds: number, now: number): readonly WatchedRequest[] {
    return slowestOf(this.#since(seconds, now).flatMap(({ slowest }) => slowest));
  }

  #since(seconds: number, now: number): readonly Bucket[] {
    const first = Math.floor(now / 1000) - seconds;
    return this.#buckets.filter(({ second }) => second > first);
  }

  #bucketOf(second: number): Bucket {
    const last = this.#buckets.at(-1);
    if (last && last.second >= second) return last;
    const bucket = { second, requests: 0, hits: 0, misses: 0, spent: 0, saved: 0, waitedMs: 0, slowest: [] };
    this.#buckets = [...this.#buckets.filter((one) => one.second > second - LONGEST_SECONDS), bucket];
    return bucket;
  }
}

function slowestOf(requests: readonly WatchedRequest[]): WatchedRequest[] {
  return requests.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST);
}
