/**
 * The raw bytes of requests: whole and bounded, or as a stream. A client that
 * stops sending half-way is given up.
 */
import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { bodyIncomplete, bodyTimeout, bodyTooLarge, type RefrainError } from '../errors.ts';
import { WholeBody } from '../request/whole-body.ts';

export interface BodyLimits {
  /** The most that is accepted, in bytes. */
  readonly accepted: number;
  /** The most that is read as a whole, in bytes. */
  readonly whole: number;
}

/** A body on its way. */
interface Arriving {
  readonly request: IncomingMessage;
  /** In milliseconds since the epoch. */
  heardAt: number;
  /** Told that it will never be whole. */
  readonly give: (error: RefrainError) => void;
}

/** How long a client may pause while it sends its body. */
const PAUSE_MS = 30_000;

export class Bodies {
  readonly limits: BodyLimits;
  readonly #clock: Clock;
  /** One alarm looks after all: most bodies are whole before it could be set for each. */
  readonly #arriving = new Set<Arriving>();
  #alarmed = false;

  constructor(limits: BodyLimits, clock: Clock) {
    this.limits = limits;
    this.#clock = clock;
  }

  /**
   * The whole body; or, past `limits.whole`, a stream of all of it.
   * @param length in bytes, as declared; 0 where it is not
   * @throws RefrainError `body_too_large`, `body_incomplete`, `body_timeout`
   */
  read(request: IncomingMessage, length: number): Promise<WholeBody | Readable> {
    const { accepted, whole } = this.limits;
    if (length > accepted) return Promise.reject(bodyTooLarge(accepted));
    if (length > whole) return Promise.resolve(this.stream(request));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      // Of a body in pieces, each is digested while it is still in the processor's cache.
      let hash: Hash | undefined;
      const settle = (act: () => void) => {
        this.#arriving.delete(arriving);
        request.off('data', take).off('end', finish);
        act();
      };
      const arriving = this.#expect(request, (error) => settle(() => reject(error)));
      const take = (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > accepted) arriving.give(bodyTooLarge(accepted));
        else if (bytes > whole) settle(() => resolve(this.stream(request, chunks, accepted)));
        else if (hash || bytes !== length) {
          (hash ??= createHash('sha256')).update(chunk);
          arriving.heardAt = this.#clock.now();
        }
      };
      const finish = () => {
        this.#arriving.delete(arriving);
        resolve(new WholeBody(chunks, hash?.digest('base64')));
      };
      request.on('data', take).on('end', finish);
    });
  }

  /**
   * The body as a stream of its own. Whoever reads it may stop half-way, as an
   * upstream does that answers early: what the client still sends is then read
   * and dropped, for it may not read its answer before it has sent all of it.
   * @param begun what has been read of it already
   */
  stream(request: IncomingMessage, begun: readonly Buffer[] = [], limit = Infinity): Readable {
    const body = new PassThrough();
    // Whoever reads it may have let go of it before it breaks.
    body.on('error', () => {});
    for (const chunk of begun) body.write(chunk);
    let bytes = begun.reduce((sum, chunk) => sum + chunk.length, 0);
    const arriving = this.#expect(request, (error) => body.destroy(error));
    request.on('data', (chunk: Buffer) => {
      arriving.heardAt = this.#clock.now();
      bytes += chunk.length;
      if (bytes > limit) body.destroy(bodyTooLarge(limit));
    });
    request.pipe(body);
    request.once('end', () => this.#arriving.delete(arriving));
    body.once('close', () => {
      this.#arriving.delete(arriving);
      drain(request);
    });
    return body;
  }

  #expect(request: IncomingMessage, give: (error: RefrainError) => void): Arriving {
    const arriving: Arriving = { request, heardAt: this.#clock.now(), give };
    this.#arriving.add(arriving);
    request.on('close', () => this.#arriving.delete(arriving) && !request.complete && give(bodyIncomplete()));
    if (!this.#alarmed) this.#alarm(PAUSE_MS);
    return arriving;
  }

  #alarm(ms: number): void {
    this.#alarmed = true;
    this.#clock.after(ms, () => this.#giveUpLate());
  }

  #giveUpLate(): void {
    const now = this.#clock.now();
    let next = Infinity;
    for (const arriving of this.#arriving) {
      // A body that waits for whoever reads it is not late.
      if (arriving.request.isPaused()) arriving.heardAt = now;
      const left = arriving.heardAt + PAUSE_MS - now;
      if (left > 0) {
        next = Math.min(next, left);
        continue;
      }
      this.#arriving.delete(arriving);
      arriving.give(bodyTimeout(PAUSE_MS / 1000));
    }
    this.#alarmed = false;
    if (next < Infinity) this.#alarm(next);
  }
}

/** Reads what is left of a body, to nobody. */
export function drain(request: IncomingMessage): void {
  if (request.readableEnded) return;
  request.unpipe();
  request.resume();
}
