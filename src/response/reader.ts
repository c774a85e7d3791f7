/**
 * One reader's place in a recording.
 */
import type { RefrainError } from '../errors.ts';
import type { Head } from './entry.ts';
import type { AnswerFailure } from './writer.ts';

export type RecordingState = 'waiting' | 'streaming' | 'complete' | 'cut';

/** A recording, as its reader needs it. */
export interface Playable {
  readonly state: RecordingState;
  /** Null while waiting. */
  readonly head: Head | null;
  /** The body's length in bytes: as declared, or as it is once complete; null while unknown. */
  readonly length: number | null;
  readonly failure: AnswerFailure | null;
  /** All bytes of an answer that was complete before anybody read it; null of any other. */
  readonly whole: Buffer | null;
  /** How many there are so far. */
  readonly bytes: number;
  /** The chunk of this number, counted from 0; nothing if it is not here yet. */
  chunkAt(index: number): Buffer | undefined;
  /** A reader has played a chunk. */
  played(): void;
  /** A reader gives up its place. */
  left(reader: Reader): void;
}

/** The one that plays a recording to somebody. */
export interface Player {
  /** There is more to read, or the state has changed. */
  changed(): void;
}

export class Reader {
  /** Set by the one that plays. */
  player: Player | null = null;
  readonly #recording: Playable;
  #index = 0;
  #position = 0;
  #failure: AnswerFailure | null = null;

  constructor(recording: Playable) {
    this.#recording = recording;
  }

  get state(): RecordingState {
    return this.#failure ? 'cut' : this.#recording.state;
  }

  get head(): Head | null {
    return this.#recording.head;
  }

  get length(): number | null {
    return this.#recording.length;
  }

  get failure(): AnswerFailure | null {
    return this.#failure ?? this.#recording.failure;
  }

  /** The next chunk to play, counted from 0. */
  get index(): number {
    return this.#index;
  }

  /** Bytes played so far. */
  get position(): number {
    return this.#position;
  }

  /** True where every byte of a complete answer has been read. */
  get isAtEnd(): boolean {
    return this.#recording.state === 'complete' && this.#position === this.#recording.bytes;
  }

  /** The next bytes, or nothing yet; shared, so never to be written to. */
  read(): Buffer | undefined {
    if (this.#failure) return undefined;
    const chunk = this.#recording.chunkAt(this.#index);
    if (!chunk) return undefined;
    this.#index++;
    this.#position += chunk.length;
    this.#recording.played();
    return chunk;
  }

  /** All of an answer that was complete before anybody read it; null of any other. */
  get whole(): Buffer | null {
    return this.#recording.whole;
  }

  /** The same in one piece, read; null of one that somebody has begun to read, too. */
  readWhole(): Buffer | null {
    const { whole } = this.#recording;
    if (whole === null || this.#index > 0 || this.#failure) return null;
    this.#index = 1;
    this.#position = whole.length;
    return whole;
  }

  /** Resolves when the head is known or there will be none. Not legal while somebody plays. */
  whenBegun(): Promise<void> {
    if (this.state !== 'waiting') return Promise.resolve();
    return new Promise((resolve) => {
      const changed = () => {
        this.player = null;
        resolve();
      };
      this.player = { changed };
    });
  }

  /** Ends this reader alone. */
  cut(error: RefrainError): void {
    this.#failure = { error, alreadySent: false };
    this.leave();
    this.player?.changed();
  }

  /** Gives up its place; legal at any time, any number of times. */
  leave(): void {
    this.#recording.left(this);
  }
}
