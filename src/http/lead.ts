/**
 * How a request is put to its upstream.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Lead } from '../cache/flight.ts';
import type { Reading } from '../request/reading.ts';
import { requestPath } from '../request/route.ts';
import { WholeBody } from '../request/whole-body.ts';
import { addVia, forwardedHeaders } from '../upstream/headers.ts';
import type { Door } from './door.ts';
import { Outgoing } from './outgoing.ts';

/** Methods that do no more when asked twice than once (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** @param recorded whether the answer may be played to others, who did not choose its coding */
export function leadOf(
  door: Door, reading: Reading, request: IncomingMessage, body: WholeBody | Readable | null, recorded: boolean,
): Lead {
  const { method, route, occasion, callerThere } = reading;
  return (writer) => {
    const headers = forwardedHeaders(request.rawHeaders, recorded);
    addVia(headers, request.httpVersion, door.pseudonym);
    const length = request.headers['content-length'];
    const isWhole = body instanceof WholeBody;
    const outgoing = isWhole && Outgoing.isWorth(body) ? new Outgoing(body) : null;
    if (outgoing) headers.push('content-length', String(outgoing.length));
    else if (body !== null && !isWhole && length !== undefined) headers.push('content-length', length);
    const onStatus = (status: number, flushed: boolean) => {
      outgoing?.answered(flushed);
      door.callers.note(callerThere, status, occasion !== null);
    };
    const { origin, setting } = route.target;
    door.upstream.send({
      origin, setting, method, headers,
      path: requestPath(route),
      body: outgoing ?? (isWhole ? body.lendWhole() : body),
      repeatable: occasion !== null || IDEMPOTENT.has(method),
      decoded: recorded,
      onStatus,
    }, writer);
  };
}
