/**
 * The sums of one run of a command, from the moment on at which it is watched.
 */
import type { Ledger } from './ledger.ts';
import type { PricedUsageRecord } from './usage-record.ts';

export class RunTotals {
  /** Requests that asked no upstream: hits and follows. */
  hits = 0;
  /** Requests that did: misses, and those that have no key. */
  misses = 0;
  /** What the hits would have cost, as far as their models have a price. */
  savedDollars = 0;
  /** The time that the calls of the hits took once. */
  savedMs = 0;

  constructor(ledger: Ledger) {
    ledger.subscribe((record) => this.#add(record));
  }

  #add({ outcome, dollars, call }: PricedUsageRecord): void {
    if (outcome === 'miss' || outcome === 'bypass') this.misses++;
    if (outcome !== 'hit' && outcome !== 'follow') return;
    this.hits++;
    this.savedDollars += dollars ?? 0;
    this.savedMs += call?.ms ?? 0;
  }
}
