/**
 * News of a change for all readers: for a crowd, a part at a time, so that
 * others get their turn. A reader that is woken late reads all that has come.
 */
import type { Reader } from './reader.ts';

/** How many readers are woken for a change before others get their turn: a few milliseconds of writes. */
const AT_ONCE = 64;

export class Wave {
  readonly #readers: ReadonlySet<Reader>;
  readonly #ended: () => void;
  /** The readers that are yet to be woken; null where all have been. */
  #left: Iterator<Reader> | null = null;
  #again = false;

  /** @param ended called where all of a crowd have been woken, before the next wave begins */
  constructor(readers: ReadonlySet<Reader>, ended: () => void) {
    this.#readers = readers;
    this.#ended = ended;
  }

  /** True where some of a crowd are yet to be woken for the last change. */
  get isOn(): boolean {
    return this.#left !== null;
  }

  /** Wakes every reader, or sees to it that all are woken again. */
  wake(): void {
    if (this.#left) this.#again = true;
    else if (this.#readers.size <= AT_ONCE) for (const reader of this.#readers) reader.player?.changed();
    else this.#wakeNext((this.#left = this.#readers.values()));
  }

  #wakeNext(left: Iterator<Reader>): void {
    for (let woken = 0; woken < AT_ONCE; woken++) {
      const { done, value } = left.next();
      if (done) return this.#end();
      value.player?.changed();
    }
    setImmediate(() => this.#wakeNext(left));
  }

  #end(): void {
    this.#left = null;
    this.#ended();
    if (!this.#again) return;
    this.#again = false;
    this.wake();
  }
}
