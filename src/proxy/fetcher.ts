/**
 * How a request is put to its upstream.
 */
import type { Fetch } from '../cache/flight.ts';
import { addVia, forwardedHeaders } from '../headers/forwarded-headers.ts';
import { requestPath } from '../request/route.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { ReceivedHead } from './head-memo.ts';
import { LongBody } from './long-body.ts';
import type { PassingBody } from './passing-body.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';

/** Methods that do no more when asked twice than once (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/**
 * The call holds the body from its start until it is over.
 * @param recorded whether the answer may be played to others, who did not choose its coding
 */
export function fetcherFor(
  { upstream, cache, callers, pseudonym }: ProxyDependencies,
  head: ReceivedHead,
  body: WholeBody | PassingBody | null,
  recorded: boolean,
): Fetch {
  const { method, route, keyContext, credentialAtUpstream, raw, deletes } = head;
  return (writer, whenOver) => {
    let mayBeDeleted = deletes !== null;
    const forget = () => {
      if (mayBeDeleted) cache.removals.forgetEverywhere(deletes as string);
      mayBeDeleted = false;
    };
    // It may have been heard where nothing was answered.
    if (mayBeDeleted) void whenOver.then(forget);
    const headers = forwardedHeaders(raw.rawHeaders, recorded);
    if (pseudonym !== null) addVia(headers, raw.httpVersion, pseudonym);
    const long = body instanceof WholeBody && LongBody.isLong(body) ? new LongBody(body) : null;
    const held = long ?? body;
    held?.hold();
    void whenOver.then(() => held?.release());
    const isOneBuffer = held instanceof WholeBody;
    if (held !== null && !isOneBuffer && held.length !== null) headers.push('content-length', String(held.length));
    const { origin, setting } = route.target;
    upstream.send(
      {
        origin,
        setting,
        method,
        headers,
        path: requestPath(route),
        body: isOneBuffer ? held.lendWhole() : (long ?? (body as PassingBody | null)?.stream ?? null),
        repeatable: keyContext !== null || IDEMPOTENT.has(method),
        decoded: recorded,
        onStatus(status, flushed) {
          long?.answered(flushed);
          if (status >= 400 && status < 500) mayBeDeleted = false;
          forget();
          callers.note(credentialAtUpstream, status, keyContext !== null);
        },
      },
      writer,
    );
  };
}
