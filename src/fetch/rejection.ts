/**
 * How a failure of ours reaches whoever called `fetch`: as a rejection such as
 * `fetch` has, never as an answer that the upstream did not give.
 */
import { failedStatus } from '../cache/outcome.ts';
import type { ErrorCode, RefrainError } from '../errors.ts';
import { errorHeaders } from '../headers/error-headers.ts';
import type { Marks } from '../headers/response-headers.ts';
import { errorsOf } from '../response/endpoints/table.ts';

/** Failures whose cause is what `fetch` rejects with itself. */
const AS_FETCH: ReadonlySet<ErrorCode> = new Set(['upstream_unreachable', 'upstream_cut', 'body_incomplete']);

/** The reason of `fetch` itself, where there is one; else a `TypeError`, whose `cause` has the code of the failure. */
export function rejectionOf(failure: RefrainError): unknown {
  const { code, message, cause } = failure;
  return AS_FETCH.has(code) && cause !== undefined ? cause : new TypeError(message, { cause: failure });
}

/** The one answer that is a cache's own: to `only-if-cached`, where nothing is kept (RFC 9111, 5.2.1.7). */
export function notCachedResponse(error: RefrainError, { requestId, key, endpoint }: Marks): Response {
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'private, no-store',
    'cache-status': failedStatus(null, error.code),
    'x-cache': 'MISS',
    'x-refrain-request-id': requestId,
    ...(key !== null && { 'x-refrain-key': key }),
    ...errorHeaders(error),
  };
  return new Response(errorsOf(endpoint).body(error), { status: error.status, headers });
}
