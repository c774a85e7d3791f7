/**
 * The one time of a modelled fleet: it stands still while anything is done, and
 * goes on from one moment at which something falls due to the next.
 */
import type { Clock } from '../../src/clock.ts';

interface Due {
  readonly at: number;
  readonly order: number;
  act: (() => void) | null;
}

/** Enough turns for all promises that wait on one another to settle. */
const TURNS = 24;

export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  /** A heap: the first to fall due, and was set first, in front. */
  readonly #due: Due[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, act: () => void): () => void {
    const due: Due = { at: this.#now + Math.max(0, ms), order: this.#order++, act };
    this.#push(due);
    return () => {
      due.act = null;
    };
  }

  /** Does all that falls due until then, letting promises settle in between. */
  async passUntil(time: number): Promise<void> {
    for (let next = this.#due[0]; next && next.at <= time; next = this.#due[0]) {
      this.#pop();
      if (next.act === null) continue;
      this.#now = Math.max(this.#now, next.at);
      next.act();
      await this.settle();
    }
    this.#now = Math.max(this.#now, time);
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await null;
  }

  #isBefore(a: Due, b: Due): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(due: Due): void {
    const heap = this.#due;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Due;
      if (!this.#isBefore(due, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#due;
    const last = heap.pop() as Due;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && this.#isBefore(heap[below + 1] as Due, heap[below] as Due)) below++;
      const child = heap[below] as Due;
      if (!this.#isBefore(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}
