/**
 * A recording is one answer, finished or still arriving. One writer appends;
 * any number of readers play it, each from byte 0 and at its own pace, all
 * over the same buffers.
 *
 *   waiting    nothing known yet              begin · fail
 *   streaming  the head is known              append · finish · fail
 *   complete   every byte is here             –
 *   cut        it broke off, and says so      –
 *
 * Past its limit, or where all recordings together hold too much, a recording
 * turns *live only*: nobody may join any more, what every reader has played
 * is let go of, and the writer is held back to the pace of the fastest reader
 * (back-pressure).
 * It also waits for a reader that falls a whole limit behind that one, as long
 * as it reads; one that has stalled is cut, so that it neither holds memory nor
 * stops the rest. One that is yet to be woken for what has come is not slow: the
 * writer waits until all of a crowd are.
 */
import type { Clock } from '../clock.ts';
import type { Head } from './entry.ts';
import { Reader, type Playable, type RecordingState } from './reader.ts';
import { SlowReaders } from './slow-readers.ts';
import { Wave } from './wave.ts';
import type { AnswerFailure, Framing } from './writer.ts';

/** How far a live-only writer may run ahead of its fastest reader, in bytes. */
const AHEAD = 256 * 1024;

/** A live-only reader may always lag this far, in bytes, however small the limit. */
const LAG = 1024 * 1024;

/** The memory that all recordings share: it counts what each takes, and says when that is enough. */
export interface RecordingBudget {
  /** True where recordings should turn live only. */
  readonly isFull: boolean;
  countReader(change: 1 | -1): void;
  /** In bytes. */
  countBytes(change: number): void;
}

/** The flight that has an answer recorded. */
export interface RecordingOwner {
  /** More may be appended, after `append` returned false. */
  onDrain(): void;
  /** The last reader has left. */
  onLastReaderLeft(): void;
  /** Called once, when the limit is passed. */
  onOverflow(): void;
}

export class Recording implements Playable {
  readonly whole = null;
  readonly #limit: number;
  readonly #budget: RecordingBudget;
  readonly #owner: RecordingOwner;
  readonly #readers = new Set<Reader>();
  #state: RecordingState = 'waiting';
  #head: Head | null = null;
  #length: number | null = null;
  #failure: AnswerFailure | null = null;
  #chunks: Buffer[] = [];
  /** How many chunks have been let go of; chunk `n` stands at `#chunks[n - #gone]`. */
  #gone = 0;
  #bytes = 0;
  /** Bytes of the chunks that have not been let go of. */
  #held = 0;
  #liveOnly = false;
  readonly #slow: SlowReaders;
  readonly #wave = new Wave(this.#readers, () => this.#crowdWoken());
  /** The bytes that a wave under way wakes readers for. */
  #waking = 0;
  /** How many every reader has been woken for. */
  #woken = 0;

  /** @param limit the most that may be held for latecomers, in bytes; 0 is live only from the start */
  constructor(limit: number, budget: RecordingBudget, owner: RecordingOwner, clock: Clock) {
    this.#slow = new SlowReaders(clock);
    this.#limit = limit;
    this.#budget = budget;
    this.#owner = owner;
    this.#liveOnly = limit === 0;
  }

  get state(): RecordingState {
    return this.#state;
  }

  /** Null while waiting. */
  get head(): Head | null {
    return this.#head;
  }

  /** The body's length in bytes: as declared, or as it is once complete; null while unknown. */
  get length(): number | null {
    return this.#length;
  }

  get failure(): AnswerFailure | null {
    return this.#failure;
  }

  /** Bytes appended so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get liveOnly(): boolean {
    return this.#liveOnly;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** True once it is complete or cut. */
  get isOver(): boolean {
    return this.#state === 'complete' || this.#state === 'cut';
  }

  /** Everything appended so far; meaningless once live only. */
  get chunks(): readonly Buffer[] {
    return this.#chunks;
  }

  begin(head: Head, framing: Framing): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'streaming';
    this.#head = head;
    this.#length = framing.length;
    this.#wake();
  }

  /** @returns false where nothing more should be appended until it is wanted */
  append(chunk: Buffer): boolean {
    if (this.#state !== 'streaming' || chunk.length === 0) return true;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#hold(chunk.length);
    if (!this.#liveOnly && (this.#bytes > this.#limit || this.#budget.isFull)) {
      this.#liveOnly = true;
      this.#owner.onOverflow();
    }
    this.#wake();
    if (!this.#liveOnly || this.isOver) return true;
    this.#free();
    return this.#wanted();
  }

  finish(): void {
    if (this.#state !== 'streaming') return;
    this.#state = 'complete';
    this.#length ??= this.#bytes;
    this.#end();
  }

  fail(failure: AnswerFailure): void {
    if (this.isOver) return;
    this.#state = 'cut';
    this.#failure = failure;
    this.#end();
  }

  /** A new reader at byte 0. Not legal once the first bytes may be gone. */
  openReader(): Reader {
    if (this.#gone > 0) throw new Error('the beginning of this recording is gone');
    const reader = new Reader(this);
    this.#readers.add(reader);
    this.#budget.countReader(1);
    return reader;
  }

  chunkAt(index: number): Buffer | undefined {
    return this.#chunks[index - this.#gone];
  }

  played(): void {
    if (!this.#liveOnly || this.#state !== 'streaming') return;
    this.#free();
    if (this.#wanted()) this.#owner.onDrain();
  }

  left(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    this.#budget.countReader(-1);
    if (this.#readers.size === 0) this.#owner.onLastReaderLeft();
    else this.played();
    this.#settle();
  }

  #end(): void {
    this.#slow.set([]);
    this.#wake();
    this.#settle();
  }

  #hold(change: number): void {
    this.#held += change;
    this.#budget.countBytes(change);
  }

  /** A recording that is over and has no reader takes no room. */
  #settle(): void {
    if (this.isOver && this.#readers.size === 0) this.#hold(-this.#held);
  }

  #wake(): void {
    const bytes = this.#bytes;
    if (!this.#wave.isOn) this.#waking = bytes;
    this.#wave.wake();
    if (!this.#wave.isOn) this.#woken = Math.max(this.#woken, bytes);
  }

  #crowdWoken(): void {
    this.#woken = this.#waking;
    this.#waking = this.#bytes;
    this.played();
  }

  #wanted(): boolean {
    if (this.#slow.any || (this.#wave.isOn && this.#bytes - this.#waking > AHEAD)) return false;
    let fastest = 0;
    for (const reader of this.#readers) fastest = Math.max(fastest, reader.position);
    return this.#bytes - fastest <= AHEAD;
  }

  /** Frees the chunks that every reader has played, and finds the readers that are too far behind. */
  #free(): void {
    const behind: Reader[] = [];
    let slowest = this.#gone + this.#chunks.length;
    for (const reader of this.#readers) {
      if (this.#woken - reader.position > Math.max(this.#limit, LAG)) behind.push(reader);
      slowest = Math.min(slowest, reader.index);
    }
    for (const chunk of this.#chunks.splice(0, slowest - this.#gone)) this.#hold(-chunk.length);
    this.#gone = slowest;
    this.#slow.set(behind);
  }
}
