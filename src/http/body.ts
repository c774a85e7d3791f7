/**
 * The raw bytes of a request: whole and bounded, or as a stream. A client that
 * stops sending half-way is given up.
 */
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

/** How long a client may pause while it sends its body. */
const PAUSE_MS = 30_000;

/**
 * The whole body; or, past `limits.whole`, a stream of all of it.
 * @throws RefrainError `body_too_large`, `body_incomplete`, `body_timeout`
 */
export function readBody(request: IncomingMessage, limits: BodyLimits, clock: Clock): Promise<WholeBody | Readable> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limits.accepted) return Promise.reject(bodyTooLarge(limits.accepted));
  if (declared > limits.whole) return Promise.resolve(streamBody(request, clock));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (act: () => void) => {
      stopWatching();
      request.off('data', take).off('end', finish);
      act();
    };
    const give = (error: RefrainError) => settle(() => reject(error));
    const stopWatching = watch(request, clock, give);
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > limits.accepted) give(bodyTooLarge(limits.accepted));
      else if (bytes > limits.whole) settle(() => resolve(streamBody(request, clock, chunks, limits.accepted)));
    };
    const finish = () => settle(() => resolve(new WholeBody(chunks)));
    request.on('data', take).on('end', finish);
  });
}

/**
 * The body as a stream of its own. Whoever reads it may stop half-way, as an
 * upstream does that answers early: what the client still sends is then read
 * and dropped, for it may not read its answer before it has sent all of it.
 * @param begun what has been read of it already
 */
export function streamBody(request: IncomingMessage, clock: Clock, begun: readonly Buffer[] = [], limit = Infinity): Readable {
  const body = new PassThrough();
  // Whoever reads it may have let go of it before it breaks.
  body.on('error', () => {});
  for (const chunk of begun) body.write(chunk);
  let bytes = begun.reduce((sum, chunk) => sum + chunk.length, 0);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit) body.destroy(bodyTooLarge(limit));
  });
  request.pipe(body);
  const stopWatching = watch(request, clock, (error) => body.destroy(error));
  request.once('end', stopWatching);
  body.once('close', () => {
    stopWatching();
    drain(request);
  });
  return body;
}

/** Reads what is left of a body, to nobody. */
export function drain(request: IncomingMessage): void {
  request.unpipe();
  request.resume();
}

/** Tells of a body that will never be whole. @returns what ends the watch */
function watch(request: IncomingMessage, clock: Clock, give: (error: RefrainError) => void): () => void {
  let cancel = () => {};
  const expect = () => {
    cancel();
    // A body that waits for whoever reads it is not late.
    cancel = clock.after(PAUSE_MS, () => (request.isPaused() ? expect() : give(bodyTimeout(PAUSE_MS / 1000))));
  };
  const fail = () => request.complete || give(bodyIncomplete());
  expect();
  request.on('data', expect).once('error', fail).once('close', fail);
  return () => {
    cancel();
    request.off('data', expect).off('error', fail).off('close', fail);
  };
}
