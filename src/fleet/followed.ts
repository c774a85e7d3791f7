/**
 * An answer that this node leads, on its way to one node that follows it: a reader
 * of its recording, so that it goes on for as long as anybody anywhere listens.
 *
 * One piece is under way at a time, and the next holds all that has come
 * meanwhile: pieces are as small as the hub is fast. Not more is sent than a window
 * beyond what the follower has taken, so that neither side holds much.
 */
import type { Flight } from '../cache/flight.ts';
import type { Clock } from '../clock.ts';
import type { Reader } from '../response/reader.ts';
import type { AnswerFailure } from '../response/writer.ts';
import type { Hub } from './hub.ts';
import { encodeMessage, type Join, type ToFollower } from './messages.ts';

/** The most that one message carries, in bytes. */
const PIECE = 64 * 1024;
/** How far a leader may be ahead of what its follower has taken, in bytes. */
export const WINDOW = 1024 * 1024;
/** A silence of this long, in ms, ends a following. */
export const SILENCE_MS = 3_000;

/** A message without the name of its session. */
type Unnamed<M> = M extends unknown ? Omit<M, 'session' | 'attempt'> : never;

export class Followed {
  readonly node: string;
  readonly flight: Flight;
  readonly #join: Join;
  readonly #hub: Hub;
  readonly #clock: Clock;
  readonly #reader: Reader;
  readonly #onOver: () => void;
  /** All before it is known to the follower, or on its way there. */
  #offset: number;
  #taken: number;
  #heardAt: number;
  #rest: Buffer | null = null;
  #hasBegun = false;
  #isSending = false;
  #isUnheard = false;
  /** Sent once all has been played, and again until the follower has heard it. */
  #last: Unnamed<ToFollower> | null = null;
  #isOver = false;

  /** @param onOver called once, where nothing more is to be sent or repeated */
  constructor(hub: Hub, clock: Clock, flight: Flight, join: Join, onOver: () => void) {
    this.node = join.node;
    this.flight = flight;
    this.#join = join;
    this.#hub = hub;
    this.#clock = clock;
    this.#onOver = onOver;
    this.#offset = join.offset;
    this.#taken = join.offset;
    this.#heardAt = clock.now();
    this.#reader = flight.recording.openReader();
    this.#reader.player = { changed: () => this.#play() };
  }

  get attempt(): number {
    return this.#join.attempt;
  }

  start(): void {
    this.#play();
  }

  /** The follower has all bytes before this one. */
  wanted(offset: number): void {
    this.#heardAt = this.#clock.now();
    this.#taken = Math.max(this.#taken, offset);
    this.#isUnheard = false;
    this.#play();
  }

  /** The hub is there again. */
  resumed(): void {
    this.#play();
  }

  /** Gives up a follower that is silent for too long. */
  watch(): void {
    if (this.#clock.now() - this.#heardAt >= SILENCE_MS) this.close();
  }

  beat(): void {
    void this.#send(this.#last ?? { kind: 'beat', offset: this.#offset });
  }

  /** Its flight has nothing to say, and never will: the follower is to ask anew. */
  releaseIfWaiting(): void {
    if (this.flight.recording.state === 'waiting') this.#refuse('elsewhere');
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader.leave();
    this.#onOver();
  }

  #play(): void {
    if (this.#isOver || this.#isSending || this.#isUnheard || this.#hub.state === 'down') return;
    if (!this.#hasBegun && !this.#begin()) return;
    // Reading may let the upstream say more before it returns.
    this.#isSending = true;
    const { chunks, bytes } = this.#read();
    this.#isSending = false;
    if (bytes > 0) {
      const offset = this.#offset;
      this.#offset += bytes;
      const isCommitted = this.flight.isCommitted && this.#offset === this.flight.recording.bytes;
      void this.#clocked({ kind: 'piece', offset, isCommitted }, chunks);
    } else if (this.#offset < this.#taken + WINDOW) this.#end();
  }

  #begin(): boolean {
    const { head, failure, length } = this.#reader;
    const terms = this.flight.sink?.terms ?? null;
    if (head === null) {
      if (failure) this.#fail(failure);
      return false;
    }
    if (head.status !== 200 || terms === null || terms.whyForOneAlone !== null) {
      this.#refuse('for-one');
      return false;
    }
    this.#hasBegun = true;
    void this.#send({ kind: 'begin', head, length, terms });
    return true;
  }

  /** The bytes that may be sent next, without those that the follower had when it joined. */
  #read(): { readonly chunks: Buffer[]; readonly bytes: number } {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const most = Math.min(PIECE, this.#taken + WINDOW - this.#offset);
    while (bytes < most) {
      const chunk = this.#rest ?? this.#next();
      if (!chunk) break;
      this.#rest = bytes + chunk.length > most ? chunk.subarray(most - bytes) : null;
      chunks.push(chunk.subarray(0, most - bytes));
      bytes += Math.min(chunk.length, most - bytes);
    }
    return { chunks, bytes };
  }

  #next(): Buffer | undefined {
    for (let chunk = this.#reader.read(); chunk; chunk = this.#reader.read()) {
      const start = this.#reader.position - chunk.length;
      if (this.#reader.position > this.#join.offset)
        return start < this.#join.offset ? chunk.subarray(this.#join.offset - start) : chunk;
    }
    return undefined;
  }

  #end(): void {
    if (this.#reader.failure) return this.#fail(this.#reader.failure);
    if (!this.#reader.isAtEnd) return;
    const offset = this.#offset;
    const { callMetrics, unkept } = this.flight;
    this.#isSending = true;
    void callMetrics.whenFollowed.then((call) => this.#sendLast({ kind: 'end', offset, call, unkept }));
  }

  #fail({ error: { code, status, message }, alreadySent }: AnswerFailure): void {
    this.#isSending = true;
    this.#sendLast({ kind: 'broken', offset: this.#offset, code, status, message, alreadySent });
  }

  #sendLast(message: Unnamed<ToFollower>): void {
    this.#last = message;
    void this.#send(message);
  }

  #refuse(why: 'elsewhere' | 'for-one'): void {
    void this.#send({ kind: 'refused', why });
    this.close();
  }

  /** Sends the next only after this one. */
  async #clocked(message: Unnamed<ToFollower>, bytes: readonly Buffer[]): Promise<void> {
    this.#isSending = true;
    await this.#send(message, bytes);
    this.#isSending = false;
    this.#play();
  }

  async #send(message: Unnamed<ToFollower>, bytes?: readonly Buffer[]): Promise<void> {
    const { session, attempt } = this.#join;
    const named = { ...message, session, attempt } as ToFollower;
    const isHeard = await this.#hub.send(this.node, encodeMessage(named, bytes));
    // It is gone, or does not hear yet after the hub was: until it says so, nothing more is sent.
    if (isHeard === false) this.#isUnheard = true;
  }
}
