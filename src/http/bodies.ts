/**
 * The raw bytes of requests: whole and bounded, or passing. A client that stops
 * sending half-way, or that only drips, is given up.
 */
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { bodyTooLarge, overloaded, type RefrainError } from '../errors.ts';
import { PassingBody, type WhyPassing } from '../proxy/passing-body.ts';
import type { BodyLimits, RequestBudget } from '../request/budget.ts';
import { Gathering } from '../request/gathering.ts';
import type { WholeBody } from '../request/whole-body.ts';
import { Arrivals } from './arrivals.ts';

/** A body that turns out too long while it is read, as far as it has come. */
interface BegunBody {
  readonly pieces: readonly Buffer[];
  /** How much of it is in the budget. */
  readonly held: number;
}

const NOTHING: BegunBody = { pieces: [], held: 0 };

/** The most that a stream holds, in bytes: what four buffers on its way take. */
const PASSING = 256 * 1024;

/** The reader of a body may have let go of it before it breaks. */
const ignore = () => {};

export class Bodies {
  readonly #limits: BodyLimits;
  readonly #budget: RequestBudget;
  readonly #arrivals: Arrivals;

  constructor(limits: BodyLimits, budget: RequestBudget, clock: Clock) {
    this.#limits = limits;
    this.#budget = budget;
    this.#arrivals = new Arrivals(clock);
  }

  /**
   * The whole body; or, past `limits.whole` or the budget, one that passes.
   * @param length in bytes, as declared; null where it is not
   * @throws RefrainError `body_too_large`, `body_incomplete`, `body_timeout`, `overloaded`
   */
  read(request: IncomingMessage, length: number | null): Promise<WholeBody | PassingBody> {
    const { accepted, whole } = this.#limits;
    if (length === null || length <= whole) return this.#gather(request, length ?? 0);
    return length > accepted ? Promise.reject(bodyTooLarge(accepted)) : this.#passLarge(request, length);
  }

  /**
   * The body as a stream of its own. Its reader may stop half-way, as an
   * upstream does that answers early: what the client still sends is then read
   * and dropped, for it may not read its answer before it has sent all of it.
   * @throws RefrainError `overloaded`
   */
  pass(request: IncomingMessage, length: number | null, why: WhyPassing = null): PassingBody {
    const stream = this.#stream(request, length ?? 0, Infinity, NOTHING);
    if (!stream) throw overloaded();
    return new PassingBody(stream, length, why);
  }

  async #passLarge(request: IncomingMessage, length: number): Promise<PassingBody> {
    return this.pass(request, length, 'large-request');
  }

  /** @param length in bytes, as declared; 0 where it is not */
  #gather(request: IncomingMessage, length: number): Promise<WholeBody | PassingBody> {
    const { accepted, whole } = this.#limits;
    const { whole: share } = this.#budget;
    return new Promise((resolve, reject) => {
      const gathering = new Gathering(length, whole);
      let bytes = 0;
      /** The part of the budget that it holds: all of it where its length is known, from its first piece on. */
      let held = 0;
      const stop = () => {
        this.#arrivals.delete(arriving);
        request.off('data', take).off('end', finish);
      };
      const refuse = (error: RefrainError) => {
        stop();
        share.give(held);
        reject(error);
      };
      const goOn = (why: WhyPassing, piece: Buffer) => {
        stop();
        const stream = this.#stream(request, length, accepted, { pieces: [...gathering.pieces, piece], held });
        if (stream) resolve(new PassingBody(stream, length || null, why));
        else refuse(overloaded());
      };
      const take = (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > accepted) return refuse(bodyTooLarge(accepted));
        if (bytes > whole) return goOn('large-request', piece);
        const needed = Math.max(bytes, length);
        if (bytes > held && !share.take(needed - held, needed)) return goOn('request-budget', piece);
        held = needed;
        gathering.add(piece);
        if (bytes !== length) this.#arrivals.arrived(arriving, bytes);
      };
      const finish = () => {
        this.#arrivals.delete(arriving);
        resolve(gathering.finish(share));
      };
      const arriving = this.#arrivals.add(request, refuse);
      request.on('data', take).on('end', finish);
    });
  }

  /**
   * @param length in bytes, as declared; 0 where it is not
   * @param limit the most that is accepted, in bytes
   * @returns null where the budget has no room
   */
  #stream(request: IncomingMessage, length: number, limit: number, begun: BegunBody): Readable | null {
    const { whole, passing } = this.#budget;
    const room = length > 0 ? Math.min(length, PASSING) : PASSING;
    if (!passing.take(room, room)) return null;
    const body = new PassThrough({ highWaterMark: 16 * 1024 });
    body.on('error', ignore);
    for (const piece of begun.pieces) body.write(piece);
    let bytes = begun.pieces.reduce((sum, piece) => sum + piece.length, 0);
    let { held } = begun;
    const giveHeld = () => {
      whole.give(held);
      held = 0;
    };
    if (body.writableNeedDrain) body.once('drain', giveHeld);
    else giveHeld();
    const arriving = this.#arrivals.add(request, (error) => body.destroy(error));
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      this.#arrivals.arrived(arriving, bytes);
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

/** Reads what is left of a body, to nobody. */
export function drain(request: IncomingMessage): void {
  if (request.readableEnded) return;
  request.unpipe();
  request.resume();
}
