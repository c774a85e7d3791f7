/**
 * The sums of one run of a proxy, for its last line.
 */
import type { Ledger } from '../ledger/ledger.ts';
import type { PricedCallRecord, PricedUsageRecord } from '../ledger/usage-record.ts';

export class RunSums {
  requests = 0;
  /** Hits and follows: they cost no upstream call. */
  hits = 0;
  misses = 0;
  readonly dollars = { spent: 0, saved: 0 };
  /** Upstream time that hits and follows spared, in seconds. */
  waitedSaved = 0;

  /** Those of all requests from here on. */
  static of(ledger: Pick<Ledger, 'subscribe' | 'onCall'>): RunSums {
    const sums = new RunSums();
    ledger.subscribe((record) => sums.add(record));
    ledger.onCall((record) => sums.addCall(record));
    return sums;
  }

  /** Of the requests that could have been hits, the share that were; null where there were none. */
  get hitRate(): number | null {
    const answered = this.hits + this.misses;
    return answered === 0 ? null : this.hits / answered;
  }

  add({ outcome, dollars, call }: PricedUsageRecord): void {
    this.requests++;
    if (outcome === 'miss') this.misses++;
    if (outcome !== 'hit' && outcome !== 'follow') {
      this.dollars.spent += dollars ?? 0;
      return;
    }
    this.hits++;
    this.dollars.saved += dollars ?? 0;
    this.waitedSaved += (call?.ms ?? 0) / 1000;
  }

  addCall({ dollars }: PricedCallRecord): void {
    this.dollars.spent += dollars ?? 0;
  }
}
