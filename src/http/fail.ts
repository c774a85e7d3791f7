/**
 * Where errors of our own are rendered: in the words that the endpoint's clients
 * read, with the marks that every response carries.
 */
import type { ServerResponse } from 'node:http';
import { failedStatus, type Outcome, xCache } from '../cache/outcome.ts';
import type { RefrainError } from '../errors.ts';
import { errorHeaders } from '../headers/error-headers.ts';
import type { Marks } from '../headers/response-headers.ts';
import type { ErrorDialect } from '../response/error-dialect.ts';
import { STATUS_CODES } from './node-http.ts';

/**
 * Answers with the error. Where an answer has begun already, its connection breaks instead.
 * @param outcome null for a request that was refused before it had one
 */
export function fail(
  response: ServerResponse,
  error: RefrainError,
  outcome: Outcome | null,
  context: Marks,
  dialect: ErrorDialect,
): void {
  if (response.destroyed) return;
  if (response.headersSent) return void response.destroy();
  const body = dialect.body(error);
  const headers = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'private, no-store',
    'cache-status',
    failedStatus(outcome, error.code),
    'x-cache',
    outcome ? xCache(outcome) : error.code === 'not_cached' ? 'MISS' : 'BYPASS',
    'x-refrain-request-id',
    context.requestId,
  ];
  headers.push(...Object.entries(errorHeaders(error)).flat());
  if (context.key !== null) headers.push('x-refrain-key', context.key);
  // The phrase is named because a head that was refused may have left its own behind.
  response.writeHead(error.status, STATUS_CODES[error.status] ?? '', headers);
  response.end(body);
}
