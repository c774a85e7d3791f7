/**
 * The sums of one run of a proxy, from the moment on at which it is watched.
 */
import type { Ledger } from './ledger.ts';
import type { PricedCallRecord, PricedUsageRecord } from './usage-record.ts';

export class RunTotals {
  requests = 0;
  /** Hits and follows: they cost no upstream call. */
  hits = 0;
  misses = 0;
  bypasses = 0;
  /** The cost of the hits as misses, as far as their models have a price. */
  savedDollars = 0;
  /** The time that the calls took which the hits spared. */
  savedMs = 0;
  spentDollars = 0;

  /** Those of all requests from here on. */
  static of(ledger: Pick<Ledger, 'subscribe' | 'onCall'>): RunTotals {
    const totals = new RunTotals();
    ledger.subscribe((record) => totals.add(record));
    ledger.onCall((record) => totals.addCall(record));
    return totals;
  }

  /** Of the requests that could have been hits, the share that were; null where there were none. */
  get hitRate(): number | null {
    const answered = this.hits + this.misses;
    return answered === 0 ? null : this.hits / answered;
  }

  add({ outcome, dollars, call, items }: PricedUsageRecord): void {
    this.requests++;
    this.savedDollars += items?.dollars ?? 0;
    if (outcome === 'miss') this.misses++;
    else if (outcome === 'bypass') this.bypasses++;
    if (outcome !== 'hit' && outcome !== 'follow') {
      this.spentDollars += dollars ?? 0;
      return;
    }
    this.hits++;
    this.savedDollars += dollars ?? 0;
    this.savedMs += call?.ms ?? 0;
  }

  addCall({ dollars }: PricedCallRecord): void {
    this.spentDollars += dollars ?? 0;
  }
}
