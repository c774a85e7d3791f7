/**
 * The reasons of bypasses and of answers that were not kept, and the forms of hits that were made from others: how
 * often each was met, by day. The words are ours, so that a day has few of them; where there are
 * too many rows, those of the oldest days have a day no more.
 */
import type { UsageRecord } from './usage-record.ts';
import { MOST } from './row.ts';

export interface Reason {
  /** In UTC, as `2026-11-01`; empty for days that are counted together. */
  readonly day: string;
  readonly outcome: 'bypass' | 'miss' | 'hit';
  /** As `Cache-Status` has it. */
  readonly why: string;
  readonly requests: number;
}

const MOST_REASONS = 2_000;

/** The reason of a bypass, of an answer not kept or of a derived hit; null where that failed, and of all others. */
export function whyOf(record: Pick<UsageRecord, 'outcome' | 'why' | 'error' | 'derivation'>): string | null {
  const { outcome, why, error, derivation } = record;
  if (outcome === 'bypass') return why;
  if (outcome === 'hit') return derivation;
  return outcome === 'miss' && error === null ? why : null;
}

export class Reasons {
  #rows = new Map<string, Reason>();

  get rows(): Iterable<Reason> {
    return this.#rows.values();
  }

  add(reason: Reason): void {
    this.#put(reason);
    if (this.#rows.size > MOST_REASONS) this.#drawTogether();
  }

  /** All rows, which are gone from here. */
  take(): Reason[] {
    const rows = [...this.#rows.values()];
    this.#rows = new Map();
    return rows;
  }

  #put({ day, outcome, why, requests }: Reason): void {
    const key = `${day} ${outcome} ${why}`;
    const before = this.#rows.get(key)?.requests ?? 0;
    this.#rows.set(key, { day, outcome, why, requests: Math.min(before + requests, MOST) });
  }

  #drawTogether(): void {
    const days = new Set([...this.#rows.values()].map(({ day }) => day).filter((day) => day !== ''));
    const oldest = [...days].reduce((first, day) => (day < first ? day : first), '9');
    for (const [key, row] of this.#rows) {
      if (row.day !== oldest) continue;
      this.#rows.delete(key);
      this.#put({ ...row, day: '' });
    }
  }
}
