/**
 * How a request is put to its upstream.
 */
import type { Cache } from '../cache/cache.ts';
import { isAccepted } from '../cache/callers.ts';
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
  { upstream, cache, callers, pseudonym, replay }: ProxyDependencies,
  head: ReceivedHead,
  body: WholeBody | PassingBody | null,
  recorded: boolean,
): Fetch {
  const { method, route, keyContext, credentialAtUpstream, raw } = head;
  const deletes = replay?.cassette ? null : head.deletes;
  return (writer, whenOver) => {
    const headers = forwardedHeaders(raw.rawHeaders, recorded);
    if (pseudonym !== null) addVia(headers, raw.httpVersion, pseudonym);
    const long = body instanceof WholeBody && LongBody.isLong(body) ? new LongBody(body) : null;
    const held = long ?? body;
    held?.hold();
    void whenOver.then(() => held?.release());
    const isOneBuffer = held instanceof WholeBody;
    if (held !== null && !isOneBuffer && held.length !== null) headers.push('content-length', String(held.length));
    const { origin, setting } = route.target;
    const onDeletion = deletes === null ? null : tellDeletion(cache, callers.isAccepted(credentialAtUpstream), deletes);
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
          callers.note(credentialAtUpstream, status, keyContext !== null);
          onDeletion?.(status);
        },
      },
      writer,
    );
  };
}

/**
 * Has other processes told of a deletion: before the upstream makes it, or where it may yet refuse the caller, once it
 * has.
 * @returns what is to be called with the upstream's status
 */
function tellDeletion({ removals }: Cache, isTrusted: boolean, answerId: string): (status: number) => void {
  if (isTrusted) removals.tellForgotten(answerId);
  return (status) => {
    if (!isTrusted && isAccepted(status)) removals.tellForgotten(answerId);
  };
}
