/**
 * The lateness of the event loop of this process, watched all the time.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The resolution in ms at which it is watched, which is part of what is measured. */
const LOOK_MS = 20;
const QUANTILES = [0.5, 0.99, 1];

export class EventLoopDelay {
  readonly #delay = monitorEventLoopDelay({ resolution: LOOK_MS });

  constructor() {
    this.#delay.enable();
  }

  /** In seconds since the last call, by quantile. */
  take(): Record<string, number> {
    const secondsOf = (quantile: number) => this.#delay.percentile(quantile * 100) / 1e9 - LOOK_MS / 1_000;
    const delays = QUANTILES.map((quantile) => [String(quantile), Math.max(0, secondsOf(quantile))]);
    this.#delay.reset();
    return Object.fromEntries(delays);
  }

  /** Stops its clock. */
  close(): void {
    this.#delay.disable();
  }
}
