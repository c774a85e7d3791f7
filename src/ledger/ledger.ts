/**
 * What was served, in totals that balance: hits, follows, misses, bypasses and
 * refusals add up to requests.
 */
import type { OutcomeWord } from '../cache/outcome.ts';

/** `refusal`: answered by an error of our own before there was an outcome. */
export type LedgerWord = OutcomeWord | 'refusal';

export type Totals = Readonly<Record<LedgerWord | 'requests', number>>;

export class Ledger {
  readonly #totals: Record<LedgerWord | 'requests', number> = { requests: 0, hit: 0, follow: 0, miss: 0, bypass: 0, refusal: 0 };

  /** Once per request, after its last byte. */
  note(word: LedgerWord): void {
    this.#totals.requests++;
    this.#totals[word]++;
  }

  totals(): Totals {
    return { ...this.#totals };
  }
}
