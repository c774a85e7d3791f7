/**
 * A recording is one answer, finished or still arriving. One writer appends;
 * any number of listeners play it, each from byte 0 and at its own pace, all
 * over the same buffers.
 *
 *   waiting    nothing known yet              begin · fail
 *   streaming  the head is known              append · finish · fail
 *   complete   every byte is here             –
 *   cut        it broke off, and says so      –
 *
 * Past its limit, or where all recordings together hold too much, a recording
 * turns *live only*: nobody may join any more, what every listener has played
 * is let go of, and the writer is held back to the pace of the fastest listener.
 * A listener that falls a whole limit behind that one is cut, so that one
 * stalled reader neither holds memory nor slows the rest. One that is yet to be
 * told of what has come is not slow: the writer waits until all of a crowd are.
 */
import { listenerTooSlow } from '../errors.ts';
import type { Head } from './entry.ts';
import { Reader, type Playable, type RecordingState } from './reader.ts';
import { Wave } from './wave.ts';
import type { Failure, Framing } from './writer.ts';

/** How far a live-only writer may run ahead of its fastest listener, in bytes. */
const AHEAD = 256 * 1024;

/** A live-only listener may always lag this far, in bytes, however small the limit. */
const LAG = 1024 * 1024;

/** What all recordings share: told of what each takes, it says when that is enough. */
export interface RecordingBudget {
  /** Whether recordings should turn live only. */
  readonly isFull: boolean;
  countListener(change: 1 | -1): void;
  /** In bytes. */
  countBytes(change: number): void;
}

/** Whoever has an answer recorded. */
export interface RecordingOwner {
  /** More may be appended, after `append` returned false. */
  onDrain(): void;
  /** The last listener has left. */
  onLastReaderLeft(): void;
  /** Told once, when the limit is passed. */
  onOverflow(): void;
}

export class Recording implements Playable {
  readonly whole = null;
  readonly #limit: number;
  readonly #budget: RecordingBudget;
  readonly #owner: RecordingOwner;
  readonly #listeners = new Set<Reader>();
  #state: RecordingState = 'waiting';
  #head: Head | null = null;
  #length: number | null = null;
  #failure: Failure | null = null;
  #chunks: Buffer[] = [];
  /** How many chunks have been let go of; chunk `n` stands at `#chunks[n - #gone]`. */
  #gone = 0;
  #bytes = 0;
  /** Bytes of the chunks that have not been let go of. */
  #held = 0;
  #liveOnly = false;
  readonly #wave = new Wave(this.#listeners, () => this.#crowdTold());
  /** How many bytes a wave that is on tells of. */
  #telling = 0;
  /** How many every listener has been told of. */
  #told = 0;

  /** @param limit the most that may be held for latecomers, in bytes; 0 is live only from the start */
  constructor(limit: number, budget: RecordingBudget, owner: RecordingOwner) {
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

  get failure(): Failure | null {
    return this.#failure;
  }

  /** Bytes appended so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get liveOnly(): boolean {
    return this.#liveOnly;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Whether it is complete or cut. */
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
    this.#letGo();
    return this.#wanted();
  }

  finish(): void {
    if (this.#state !== 'streaming') return;
    this.#state = 'complete';
    this.#length ??= this.#bytes;
    this.#wake();
    this.#settle();
  }

  fail(failure: Failure): void {
    if (this.isOver) return;
    this.#state = 'cut';
    this.#failure = failure;
    this.#wake();
    this.#settle();
  }

  /** A new listener at byte 0. Not legal once the first bytes may be gone. */
  openReader(): Reader {
    if (this.#gone > 0) throw new Error('the beginning of this recording is gone');
    const reader = new Reader(this);
    this.#listeners.add(reader);
    this.#budget.countListener(1);
    return reader;
  }

  chunkAt(index: number): Buffer | undefined {
    return this.#chunks[index - this.#gone];
  }

  played(): void {
    if (!this.#liveOnly || this.#state !== 'streaming') return;
    this.#letGo();
    if (this.#wanted()) this.#owner.onDrain();
  }

  left(reader: Reader): void {
    if (!this.#listeners.delete(reader)) return;
    this.#budget.countListener(-1);
    if (this.#listeners.size === 0) this.#owner.onLastReaderLeft();
    else this.played();
    this.#settle();
  }

  #hold(change: number): void {
    this.#held += change;
    this.#budget.countBytes(change);
  }

  /** What is over and played by nobody takes no room. */
  #settle(): void {
    if (this.isOver && this.#listeners.size === 0) this.#hold(-this.#held);
  }

  #wake(): void {
    const bytes = this.#bytes;
    if (!this.#wave.isOn) this.#telling = bytes;
    this.#wave.tell();
    if (!this.#wave.isOn) this.#told = Math.max(this.#told, bytes);
  }

  #crowdTold(): void {
    this.#told = this.#telling;
    this.#telling = this.#bytes;
    this.played();
  }

  #wanted(): boolean {
    if (this.#wave.isOn && this.#bytes - this.#telling > AHEAD) return false;
    let fastest = 0;
    for (const reader of this.#listeners) fastest = Math.max(fastest, reader.position);
    return this.#bytes - fastest <= AHEAD;
  }

  /** Frees the chunks that every listener has played, and cuts the listeners that fell too far behind. */
  #letGo(): void {
    const behind: Reader[] = [];
    let slowest = this.#gone + this.#chunks.length;
    for (const reader of this.#listeners) {
      if (this.#told - reader.position > Math.max(this.#limit, LAG)) behind.push(reader);
      else slowest = Math.min(slowest, reader.index);
    }
    for (const chunk of this.#chunks.splice(0, slowest - this.#gone)) this.#hold(-chunk.length);
    this.#gone = slowest;
    // Last, since a listener that leaves lets the writer append more.
    for (const reader of behind) reader.cut(listenerTooSlow());
  }
}
