/**
 * A long body on its way to an upstream, piece by piece. Its call releases it
 * once all of it is sent and the upstream answers: an answer can take minutes,
 * and before its head the body may have to be sent once more.
 */
import type { WholeBody } from '../request/whole-body.ts';

/** The longest body, in bytes, that is sent as one buffer and held until its call is over. */
const SHORT = 128 * 1024;

export class LongBody implements Iterable<Buffer> {
  readonly length: number;
  readonly #body: WholeBody;
  #sent = false;
  #answered = false;
  #isHeld = false;

  constructor(body: WholeBody) {
    this.#body = body;
    this.length = body.length;
  }

  /** Tests whether a body is, as it came and as it is decoded: what is short is kept with its answer. */
  static isLong(body: WholeBody): boolean {
    return body.length > SHORT && body.plain.length > SHORT;
  }

  *[Symbol.iterator](): Generator<Buffer> {
    yield* this.#body.lend();
    this.#sent = true;
    if (this.#answered) this.release();
  }

  hold(): void {
    this.#body.hold();
    this.#isHeld = true;
  }

  /** Legal any number of times. */
  release(): void {
    if (this.#isHeld) this.#body.release();
    this.#isHeld = false;
  }

  /** The head of its answer is here. @param flushed whether the socket has nothing left to write */
  answered(flushed: boolean): void {
    this.#answered = true;
    if (!this.#sent) return;
    if (flushed) this.#body.takeBack();
    this.release();
  }
}
