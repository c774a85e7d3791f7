/**
 * Has what is to be purged deleted, a little at a time, and tells whoever
 * ordered it how much that was.
 */
import { add, type Totals } from './listing.ts';
import type { Swept } from './sqlite-entries.ts';

interface Order {
  totals: Totals;
  readonly tell: (totals: Totals | undefined) => void;
}

export class SqliteSweeps {
  /** Undefined where the file failed. */
  readonly #sweep: () => Promise<Swept | undefined>;
  readonly #orders = new Map<string, Order>();
  #running: Promise<void> | undefined;

  constructor(sweep: () => Promise<Swept | undefined>) {
    this.#sweep = sweep;
  }

  /** @param totals what was deleted already. @returns with what was deleted in all, or nothing where that is not known */
  expect(token: string, totals: Totals): Promise<Totals | undefined> {
    return new Promise((tell) => void this.#orders.set(token, { totals, tell }));
  }

  /** Until there is no more to do, or the file fails. */
  run(): Promise<void> {
    return (this.#running ??= this.#runOn());
  }

  /** Nobody waits any longer: what was ordered may happen much later. */
  giveUp(): void {
    for (const token of this.#orders.keys()) this.#end(token, false);
  }

  async #runOn(): Promise<void> {
    while (await this.#step()) continue;
    this.#running = undefined;
  }

  /** Whether there is more to do. */
  async #step(): Promise<boolean> {
    const swept = await this.#sweep();
    if (swept === undefined) return false;
    const {
      progress,
      size: { isPurging },
    } = swept;
    const { token, isDone } = progress;
    const order = this.#orders.get(token);
    if (order) order.totals = add(order.totals, progress);
    if (isDone) this.#end(token, true);
    if (!isPurging) for (const left of this.#orders.keys()) this.#end(left, true);
    return isPurging;
  }

  #end(token: string, isKnown: boolean): void {
    const order = this.#orders.get(token);
    this.#orders.delete(token);
    order?.tell(isKnown ? order.totals : undefined);
  }
}
