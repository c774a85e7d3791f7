/**
 * How often entries were served, gathered until it is reported: a hit costs one
 * step in a table, and however many hits there are, one timer runs.
 */
import type { Clock } from '../clock.ts';

/** How long a use may wait to be reported. */
const GATHER_MS = 1_000;
/** How many keys may wait; then they are reported at once. */
const MAX_KEYS = 10_000;

export class UseCounter {
  readonly #clock: Clock;
  readonly #tell: (key: string, times: number) => void;
  #times = new Map<string, number>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, tell: (key: string, times: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  note(key: string): void {
    this.#times.set(key, (this.#times.get(key) ?? 0) + 1);
    if (this.#cancel === undefined) this.#cancel = this.#clock.after(GATHER_MS, () => this.tell());
    else if (this.#times.size >= MAX_KEYS) this.tell();
  }

  /** Starts anew for the entry that is kept under the key from here on. */
  forget(key: string): void {
    this.#times.delete(key);
  }

  /** Reports every key once, in the order of their first use since the last time. */
  tell(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const times = this.#times;
    this.#times = new Map();
    for (const [key, count] of times) this.#tell(key, count);
  }
}
