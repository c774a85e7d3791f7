/**
 * The time that an answer has, after its terminal event, to end by itself.
 */
import type { Clock } from '../clock.ts';

/** From its last byte on, and in all, in ms. */
const SETTLE_MS = 1_000;
const SETTLE_MOST_MS = 10_000;

export class Settling {
  readonly #clock: Clock;
  readonly #end: () => void;
  readonly #by: number;
  #cancel: (() => void) | null = null;

  /** @param end called once the time is over */
  constructor(clock: Clock, end: () => void) {
    this.#clock = clock;
    this.#end = end;
    this.#by = clock.now() + SETTLE_MOST_MS;
  }

  /** Its terminal event has come, or a byte after that. */
  wait(): void {
    this.stop();
    this.#cancel = this.#clock.after(Math.min(SETTLE_MS, this.#by - this.#clock.now()), this.#end);
  }

  stop(): void {
    this.#cancel?.();
  }
}
