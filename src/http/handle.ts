/**
 * The path of a request, as the architecture draws it: parse, name, resolve,
 * send, record.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheResult } from '../cache/outcome.ts';
import { internalError, RefrainError } from '../errors.ts';
import { name } from '../proxy/name.ts';
import { parse } from '../proxy/parse.ts';
import { record } from '../proxy/record.ts';
import { createContext } from '../proxy/request-context.ts';
import { resolve } from '../proxy/resolve.ts';
import type { ApiDependencies } from './api-dependencies.ts';
import { drain } from './bodies.ts';
import { Exchange } from './exchange.ts';
import { fail } from './fail.ts';
import { send } from './send.ts';

/** The request listener of the API. */
export function createHandler(api: ApiDependencies): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (!api.ownPaths(request, response)) void handle(api, request, response);
  };
}

/** A body can break between its reader's leaving and Node's report of it. */
const ignore = () => {};

async function handle(api: ApiDependencies, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { bodies, heartbeat } = api;
  const proxy = api.proxy();
  const { method = '', url = '', httpVersion, rawHeaders, socket } = request;
  const exchange = new Exchange(bodies, request, response);
  const context = createContext(randomUUID());
  let result: CacheResult | null = null;
  let error: RefrainError | null = null;
  request.on('error', ignore);
  try {
    const head = parse(proxy, { method, url, httpVersion, rawHeaders }, socket, context);
    const named = await name(proxy, head, exchange, context);
    result = await resolve(proxy, named, exchange, context);
    await send(result, response, context, heartbeat, proxy.admission);
  } catch (cause) {
    error = cause instanceof RefrainError ? cause : internalError(cause);
    if (error.code === 'internal_error')
      proxy.log.error({ requestId: context.requestId, err: cause }, 'request failed');
    fail(response, error, result?.outcome ?? null, context);
  } finally {
    drain(request);
    const status = response.headersSent ? response.statusCode : null;
    record(proxy, { method, target: url, context, result, status, error });
  }
}
