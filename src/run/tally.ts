/**
 * A run, counted: its requests by what they were, and what hits saved. From the usage records, so that it is the same
 * with a cassette and with any other store.
 */
import type { PricedUsageRecord } from '../ledger/usage-record.ts';

export class RunTally {
  /** Answered without a call of their own. */
  hits = 0;
  misses = 0;
  bypasses = 0;
  /** Not answered, since nothing was stored and nobody may be asked. */
  refused = 0;
  savedDollars = 0;
  savedMs = 0;

  add({ outcome, error, call, dollars }: PricedUsageRecord): void {
    if (error === 'not_cached') this.refused++;
    else if (outcome === 'miss') this.misses++;
    else if (outcome === 'bypass') this.bypasses++;
    if (outcome !== 'hit' && outcome !== 'follow') return;
    this.hits++;
    this.savedDollars += dollars ?? 0;
    this.savedMs += call?.ms ?? 0;
  }
}
