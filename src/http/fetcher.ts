/**
 * How a request is put to its upstream.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Fetch } from '../cache/flight.ts';
import type { ParsedHead } from '../request/parsed-head.ts';
import { requestPath } from '../request/route.ts';
import { WholeBody } from '../request/whole-body.ts';
import { addVia, forwardedHeaders } from '../upstream/headers.ts';
import type { ApiDependencies } from './api-dependencies.ts';
import { Outgoing } from './outgoing.ts';

/** Methods that do no more when asked twice than once (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** @param recorded whether the answer may be played to others, who did not choose its coding */
export function fetcherFor(
  api: ApiDependencies,
  head: ParsedHead,
  request: IncomingMessage,
  body: WholeBody | Readable | null,
  recorded: boolean,
): Fetch {
  const { method, route, keyContext, credentialAtUpstream: callerThere } = head;
  return (writer) => {
    const headers = forwardedHeaders(request.rawHeaders, recorded);
    addVia(headers, request.httpVersion, api.pseudonym);
    const length = request.headers['content-length'];
    const isWhole = body instanceof WholeBody;
    const outgoing = isWhole && Outgoing.isWorth(body) ? new Outgoing(body) : null;
    if (outgoing) headers.push('content-length', String(outgoing.length));
    else if (body !== null && !isWhole && length !== undefined) headers.push('content-length', length);
    const onStatus = (status: number, flushed: boolean) => {
      outgoing?.answered(flushed);
      api.callers.note(callerThere, status, keyContext !== null);
    };
    const { origin, setting } = route.target;
    api.upstream.send(
      {
        origin,
        setting,
        method,
        headers,
        path: requestPath(route),
        body: outgoing ?? (isWhole ? body.lendWhole() : body),
        repeatable: keyContext !== null || IDEMPOTENT.has(method),
        decoded: recorded,
        onStatus,
      },
      writer,
    );
  };
}
