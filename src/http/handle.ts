/**
 * The path of a request, as the architecture draws it.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Opening, Outcome } from '../cache/outcome.ts';
import { internalError, RefrainError } from '../errors.ts';
import { drain } from './body.ts';
import { fail } from './fail.ts';
import { answerHeaders, type Marks } from './marks.ts';
import { type Door, openAnswer } from './open.ts';
import { serve } from './serve.ts';

/** The request listener of the API door. */
export function createHandler(door: Door): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void handle(door, request, response);
}

/** Whoever reads a body hears of its end, but may have let go of it between the break and Node's telling. */
const ignore = () => {};

async function handle(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const marks: Marks = { requestId: randomUUID(), key: null, cacheable: false, why: null };
  let outcome: Outcome | null = null;
  request.on('error', ignore);
  try {
    const opening: Opening = await openAnswer(door, request, marks);
    outcome = opening.outcome;
    await serve(opening.listener, response, (head, length) => answerHeaders(head, length, opening.outcome, marks), door.heartbeat);
  } catch (cause) {
    const error = cause instanceof RefrainError ? cause : internalError(cause);
    if (error.code === 'internal_error') door.log.error({ requestId: marks.requestId, err: cause }, 'request failed');
    fail(response, error, outcome, marks);
  } finally {
    drain(request);
    const word = outcome?.word ?? 'refusal';
    door.ledger.note(word);
    door.log.debug({ requestId: marks.requestId, method: request.method, status: response.statusCode, outcome: word, key: marks.key }, 'request');
  }
}
