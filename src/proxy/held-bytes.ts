/**
 * The bytes that one request holds of answers that are to become its own: a part of what answers on their way may hold
 * in all.
 */
import type { AdmissionControl } from '../cache/admission-control.ts';

export class HeldBytes {
  readonly #budget: Pick<AdmissionControl, 'isFull' | 'countBytes'>;
  #bytes = 0;

  constructor(budget: Pick<AdmissionControl, 'isFull' | 'countBytes'>) {
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns whether that leaves room for more */
  add(bytes: number): boolean {
    this.#bytes += bytes;
    this.#budget.countBytes(bytes);
    return !this.#budget.isFull;
  }

  /** Legal any number of times. */
  letGo(): void {
    this.#budget.countBytes(-this.#bytes);
    this.#bytes = 0;
  }
}
