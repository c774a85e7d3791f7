/**
 * Errors of our own as responses: in the words that the endpoint's clients read,
 * with the headers that every response carries.
 */
import type { ServerResponse } from 'node:http';
import { failedStatus, type Outcome, xCache } from '../cache/outcome.ts';
import type { RefrainError } from '../errors.ts';
import { errorHeaders } from '../headers/error-headers.ts';
import type { HeaderContext } from '../headers/response-headers.ts';
import { endpointMeantBy } from '../request/endpoints/table.ts';
import { errorsOf } from '../response/endpoints/table.ts';
import { STATUS_CODES } from './node-http.ts';

/**
 * Answers with the error. Where an answer has begun already, its connection breaks instead.
 * @param outcome null for a request that was refused before it had one
 */
export function fail(
  response: ServerResponse,
  error: RefrainError,
  outcome: Outcome | null,
  context: HeaderContext,
): void {
  if (response.destroyed) return;
  if (response.headersSent) return void response.destroy();
  const { method = '', url = '' } = response.req;
  const body = errorsOf(context.endpoint ?? endpointMeantBy(method, url)).body(error);
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
