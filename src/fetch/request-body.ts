/**
 * The body of a request made in this process, as the core takes it.
 */
import { Readable } from 'node:stream';
import { bodyIncomplete } from '../errors.ts';
import type { BodySource } from '../proxy/incoming-request.ts';
import { PassingBody } from '../proxy/passing-body.ts';
import { WholeBody } from '../request/whole-body.ts';

export class RequestBody implements BodySource {
  /** A `Request` does not say how long its body is. */
  readonly length: number | null;
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #most: number;
  #pieces: Uint8Array[] | null = [];

  /** @param most the most that is read as a whole, in bytes */
  constructor({ body }: Request, most: number) {
    this.length = body === null ? 0 : null;
    this.#bytes = (body ?? Readable.from([]))[Symbol.asyncIterator]();
    this.#most = most;
  }

  /** All of it, to be sent once more; null where it has passed by. */
  get again(): Uint8Array | null {
    return this.#pieces && Buffer.concat(this.#pieces);
  }

  async read(): Promise<WholeBody | PassingBody> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for (let next = await this.#next(); !next.done; next = await this.#next()) {
      pieces.push(next.value);
      bytes += next.value.length;
      if (bytes > this.#most) return this.#pass('large-request', pieces);
    }
    this.#pieces = pieces;
    // A copy, since a body that is released gives up its memory, and what this one is made of may be the caller's.
    return new WholeBody(pieces.map((piece) => Buffer.from(piece)));
  }

  pass(): PassingBody {
    return this.#pass(null, []);
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#bytes.next();
    } catch (cause) {
      throw bodyIncomplete(new TypeError('fetch failed', { cause }));
    }
  }

  #pass(why: PassingBody['why'], begun: readonly Uint8Array[]): PassingBody {
    this.#pieces = null;
    return new PassingBody(Readable.from(this.#all(begun)), null, why);
  }

  async *#all(begun: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    yield* begun;
    yield* { [Symbol.asyncIterator]: () => this.#bytes };
  }
}
