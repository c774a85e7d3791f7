/**
 * The path of a request, as the architecture draws it.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Opening } from '../cache/outcome.ts';
import { internalError, RefrainError } from '../errors.ts';
import { drain } from './body.ts';
import type { Door } from './door.ts';
import { fail } from './fail.ts';
import { answerHeaders, newMarks } from './marks.ts';
import { noteRequest } from './note.ts';
import { openAnswer } from './open.ts';
import { serve } from './serve.ts';

/** The request listener of the API door. */
export function createHandler(door: Door): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void handle(door, request, response);
}

/** Whoever reads a body hears of its end, but may have let go of it between the break and Node's telling. */
const ignore = () => {};

async function handle(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const marks = newMarks(randomUUID());
  let opening: Opening | null = null;
  let error: RefrainError | null = null;
  request.on('error', ignore);
  try {
    const { listener, outcome } = (opening = await openAnswer(door, request, response, marks));
    await serve(listener, response, (head, length) => answerHeaders(head, length, outcome, marks), door.heartbeat);
  } catch (cause) {
    error = cause instanceof RefrainError ? cause : internalError(cause);
    if (error.code === 'internal_error') door.log.error({ requestId: marks.requestId, err: cause }, 'request failed');
    fail(response, error, opening?.outcome ?? null, marks);
  } finally {
    drain(request);
    noteRequest(door, { marks, opening, response, error });
    door.log.debug({ requestId: marks.requestId, method: request.method, status: response.statusCode, outcome: opening?.outcome.word ?? 'refusal', key: marks.key }, 'request');
  }
}
