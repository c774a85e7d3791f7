/**
 * A body that goes on to its upstream as it arrives. Nobody can read it twice.
 */
import type { Readable } from 'node:stream';

/** Why a body is not read as a whole; null where nobody wanted it whole. */
export type WhyPassing = 'large-request' | 'request-budget' | null;

export class PassingBody {
  readonly stream: Readable;
  /** In bytes, as declared; null where it is not. */
  readonly length: number | null;
  readonly why: WhyPassing;
  #holders = 1;

  constructor(stream: Readable, length: number | null, why: WhyPassing = null) {
    this.stream = stream;
    this.length = length;
    this.why = why;
  }

  /** One more may need it: it stays until each has released it. */
  hold(): void {
    this.#holders++;
  }

  /** The last to release it ends it. */
  release(): void {
    this.#holders--;
    if (this.#holders === 0) this.stream.destroy();
  }
}
