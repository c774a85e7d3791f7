/**
 * The raw bytes of requests: whole and bounded, or as a stream. A client that
 * stops sending half-way, or that only drips, is given up.
 */
import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { bodyTooLarge, overloaded, RefrainError } from '../errors.ts';
import type { RequestBudget } from '../request/budget.ts';
import { Gathering } from '../request/gathering.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { BodySource } from '../proxy/incoming-request.ts';
import { PassingBody, type WhyPassing } from '../proxy/passing-body.ts';
import { Arrivals } from './arrivals.ts';

export interface BodyLimits {
  /** The most that is accepted, in bytes. */
  readonly accepted: number;
  /** The most that is read as a whole, in bytes. */
  readonly whole: number;
}

/** The most that a stream holds, in bytes: what four buffers on its way take. */
const PASSING = 256 * 1024;

export class Bodies {
  readonly limits: BodyLimits;
  readonly #budget: RequestBudget;
  readonly #arrivals: Arrivals;

  constructor(limits: BodyLimits, budget: RequestBudget, clock: Clock) {
    this.limits = limits;
    this.#budget = budget;
    this.#arrivals = new Arrivals(clock);
  }

  /** The body of a request that nobody has read yet. */
  of(request: IncomingMessage): BodySource {
    return new SocketBody(this, request);
  }

  /**
   * The whole body; or, past `limits.whole` or the budget, one that passes.
   * @param length in bytes, as declared; 0 where it is not
   * @throws RefrainError `body_too_large`, `body_incomplete`, `body_timeout`, `overloaded`
   */
  read(request: IncomingMessage, length: number): Promise<WholeBody | PassingBody> {
    const { accepted, whole } = this.limits;
    if (length > accepted) return Promise.reject(bodyTooLarge(accepted));
    return length > whole ? this.#readLarge(request, length) : this.#gather(request, length);
  }

  async #readLarge(request: IncomingMessage, length: number): Promise<PassingBody> {
    return this.pass(request, length, 'large-request');
  }

  #gather(request: IncomingMessage, length: number): Promise<WholeBody | PassingBody> {
    const {
      limits: { accepted, whole },
    } = this;
    const { whole: share } = this.#budget;
    return new Promise((resolve, reject) => {
      const gathering = new Gathering(length, whole);
      let bytes = 0;
      /** The part of the budget that it holds: all of it where its length is known, from its first piece on. */
      let held = 0;
      // Of a body in pieces, each is digested while it is still in the processor's cache.
      let hash: Hash | undefined;
      const stop = (outcome: PassingBody | RefrainError) => {
        this.#arrivals.delete(arriving);
        request.off('data', take).off('end', finish);
        if (!(outcome instanceof RefrainError)) return resolve(outcome);
        share.give(held);
        reject(outcome);
      };
      const arriving = this.#arrivals.add(request, stop);
      const take = (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > accepted) return stop(bodyTooLarge(accepted));
        const needed = Math.max(bytes, length);
        const isLarge = bytes > whole;
        if (isLarge || (bytes > held && !share.take(needed - held, needed))) {
          const begun = [...gathering.pieces, piece];
          return stop(this.#goOn(isLarge ? 'large-request' : 'request-budget', request, length, begun, held));
        }
        held = needed;
        gathering.add(piece);
        if (hash || bytes !== length) {
          (hash ??= createHash('sha256')).update(piece);
          this.#arrivals.heard(arriving, bytes);
        }
      };
      const finish = () => {
        this.#arrivals.delete(arriving);
        resolve(new WholeBody(gathering.pieces, hash?.digest('base64'), share));
      };
      request.on('data', take).on('end', finish);
    });
  }

  /** Turns a body that was to be read as a whole into a stream of all of it. */
  #goOn(
    why: WhyPassing,
    request: IncomingMessage,
    length: number,
    begun: readonly Buffer[],
    held: number,
  ): PassingBody | RefrainError {
    const stream = this.#passOn(request, length, this.limits.accepted, begun, held);
    return stream === null ? overloaded() : new PassingBody(stream, length || null, why);
  }

  /**
   * The body as a stream of its own. Whoever reads it may stop half-way, as an
   * upstream does that answers early: what the client still sends is then read
   * and dropped, for it may not read its answer before it has sent all of it.
   * @param length in bytes, as declared; 0 where it is not
   * @throws RefrainError `overloaded`
   */
  pass(request: IncomingMessage, length: number, why: WhyPassing = null): PassingBody {
    const stream = this.#passOn(request, length, Infinity, [], 0);
    if (!stream) throw overloaded();
    return new PassingBody(stream, length || null, why);
  }

  /**
   * @param begun what has been read of it already
   * @param held how much of that is in the budget
   * @returns null where the budget has no room
   */
  #passOn(
    request: IncomingMessage,
    length: number,
    limit: number,
    begun: readonly Buffer[],
    held: number,
  ): Readable | null {
    const { whole, passing } = this.#budget;
    const room = length > 0 ? Math.min(length, PASSING) : PASSING;
    if (!passing.take(room, room)) return null;
    const body = new PassThrough({ highWaterMark: 16 * 1024 });
    // Whoever reads it may have let go of it before it breaks.
    body.on('error', () => {});
    for (const piece of begun) body.write(piece);
    let bytes = begun.reduce((sum, piece) => sum + piece.length, 0);
    let heldNow = held;
    const giveHeld = () => {
      whole.give(heldNow);
      heldNow = 0;
    };
    if (body.writableNeedDrain) body.once('drain', giveHeld);
    else giveHeld();
    const arriving = this.#arrivals.add(request, (error) => body.destroy(error));
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      this.#arrivals.heard(arriving, bytes);
      if (bytes > limit) body.destroy(bodyTooLarge(limit));
    });
    request.on('pause', () => this.#arrivals.hold(arriving)).on('resume', () => this.#arrivals.goOn(arriving));
    request.pipe(body);
    request.once('end', () => this.#arrivals.delete(arriving));
    body.once('close', () => {
      this.#arrivals.delete(arriving);
      passing.give(room);
      giveHeld();
      drain(request);
    });
    return body;
  }
}

class SocketBody implements BodySource {
  readonly length: number | null;
  readonly #bodies: Bodies;
  readonly #request: IncomingMessage;

  constructor(bodies: Bodies, request: IncomingMessage) {
    const { 'content-length': length = 0, 'transfer-encoding': coding } = request.headers;
    this.length = coding === undefined ? Number(length) : null;
    this.#bodies = bodies;
    this.#request = request;
  }

  read(): Promise<WholeBody | PassingBody> {
    return this.#bodies.read(this.#request, this.length ?? 0);
  }

  pass(): PassingBody {
    return this.#bodies.pass(this.#request, this.length ?? 0);
  }
}

/** Reads what is left of a body, to nobody. */
export function drain(request: IncomingMessage): void {
  if (request.readableEnded) return;
  request.unpipe();
  request.resume();
}
