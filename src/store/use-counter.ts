/**
 * How often entries were served, gathered until it is reported: a hit costs one
 * step in a table, and however many hits there are, one timer runs.
 */
import type { Clock } from '../clock.ts';
import type { Store } from './store.ts';

/** How long a use may wait to be reported. */
const GATHER_MS = 1_000;
/** How many keys may wait; then they are reported at once. */
const MAX_KEYS = 10_000;

export class UseCounter {
  readonly #clock: Clock;
  readonly #report: (key: string, times: number) => void;
  #times = new Map<string, number>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, report: (key: string, times: number) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  note(key: string): void {
    this.#times.set(key, (this.#times.get(key) ?? 0) + 1);
    if (this.#cancel === undefined) this.#cancel = this.#clock.after(GATHER_MS, () => this.flush());
    else if (this.#times.size >= MAX_KEYS) this.flush();
  }

  /** Starts anew for the entry that is kept under the key from here on. */
  forget(key: string): void {
    this.#times.delete(key);
  }

  /** Reports every key once, in the order of their first use since the last time. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const times = this.#times;
    this.#times = new Map();
    for (const [key, count] of times) this.#report(key, count);
  }
}

/**
 * Counts how often an entry was served; null where nothing is kept under its key.
 * @param clock of one of several processes, where the uses of the others are known a while later
 */
export function usesIn(store: Store, clock: Clock | null): (key: string) => Promise<number | null> {
  return async (key) => {
    if (clock) await new Promise<void>((resolve) => clock.after(2 * GATHER_MS, resolve));
    return (await store.listByPrefix(key, 1))?.[0]?.hits ?? null;
  };
}
