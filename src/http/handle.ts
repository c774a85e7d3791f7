/**
 * The path of a request, as the architecture draws it.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheResult } from '../cache/outcome.ts';
import { internalError, RefrainError } from '../errors.ts';
import { drain } from './body.ts';
import type { ApiDependencies } from './api-dependencies.ts';
import { fail } from './fail.ts';
import { responseHeaders, createContext } from './response-headers.ts';
import { recordRequest } from './record-request.ts';
import { resolve } from './resolve.ts';
import { serve } from './serve.ts';

/** The request listener of the API door. */
export function createHandler(api: ApiDependencies): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void handle(api, request, response);
}

/** Whoever reads a body hears of its end, but may have let go of it between the break and Node's telling. */
const ignore = () => {};

async function handle(api: ApiDependencies, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const context = createContext(randomUUID());
  let result: CacheResult | null = null;
  let error: RefrainError | null = null;
  request.on('error', ignore);
  try {
    const { reader, outcome } = (result = await resolve(api, request, response, context));
    await serve(reader, response, (head, length) => responseHeaders(head, length, outcome, context), api.heartbeat);
  } catch (cause) {
    error = cause instanceof RefrainError ? cause : internalError(cause);
    if (error.code === 'internal_error') api.log.error({ requestId: context.requestId, err: cause }, 'request failed');
    fail(response, error, result?.outcome ?? null, context);
  } finally {
    drain(request);
    recordRequest(api, { context, result, response, error });
    api.log.debug(
      {
        requestId: context.requestId,
        method: request.method,
        status: response.statusCode,
        outcome: result?.outcome.word ?? 'refusal',
        key: context.key,
      },
      'request',
    );
  }
}
