/**
 * Readers that are too far behind for their writer to go on. It waits for those
 * that read; one that hardly reads for a while is given up, so that it neither
 * holds memory nor stops the rest.
 */
import type { Clock } from '../clock.ts';
import { listenerTooSlow } from '../errors.ts';
import type { Reader } from './reader.ts';

/** How often it is looked whether they read, in ms. */
export const LOOK_MS = 1_000;

/**
 * How many looks in a row may find that one has read next to nothing. It is never given up after one:
 * a process that has been held for as long has not had the chance to send to it.
 */
export const LOOKS = 5;

/** The least that one reads between two looks, in bytes, where it reads at all. */
const LEAST = 64 * 1024;

interface ReaderProgress {
  /** Its position when it was last found to read. */
  readonly position: number;
  /** The looks since. */
  readonly looks: number;
}

export class SlowReaders {
  readonly #clock: Clock;
  #behind: readonly Reader[] = [];
  #progress: ReadonlyMap<Reader, ReaderProgress> = new Map();
  #cancel: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True while some are waited for. */
  get any(): boolean {
    return this.#behind.length > 0;
  }

  /** Takes these for the ones that are too far behind. */
  set(behind: readonly Reader[]): void {
    this.#behind = behind;
    if (behind.length > 0) this.#cancel ??= this.#wait();
    else this.#stop();
  }

  #wait(): () => void {
    return this.#clock.after(LOOK_MS, () => this.#look());
  }

  #look(): void {
    this.#progress = new Map(this.#behind.map((reader) => [reader, this.#progressOf(reader)]));
    const hasStalled = (reader: Reader) => this.#progress.get(reader)?.looks === LOOKS;
    const stalled = this.#behind.filter(hasStalled);
    this.#cancel = this.#wait();
    this.set(this.#behind.filter((reader) => !hasStalled(reader)));
    // Last, since a reader that leaves lets the writer append more.
    for (const reader of stalled) reader.cut(listenerTooSlow());
  }

  #progressOf(reader: Reader): ReaderProgress {
    const { position } = reader;
    const last = this.#progress.get(reader) ?? { position, looks: 0 };
    return position - last.position < LEAST ? { ...last, looks: last.looks + 1 } : { position, looks: 0 };
  }

  #stop(): void {
    if (this.#cancel === null) return;
    this.#cancel();
    this.#cancel = null;
    this.#progress = new Map();
  }
}
