/**
 * The first step: where a request goes, what it allows, and who asks.
 */
import { stopping } from '../errors.ts';
import { endpointMeantBy } from '../request/endpoints/table.ts';
import type { HeadMemo, ReceivedHead } from './head-memo.ts';
import type { RawHead } from './incoming-request.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import type { RequestContext } from './request-context.ts';

/**
 * @param connection whose requests are likely to repeat their heads
 * @throws RefrainError where the request is refused
 */
export function parse(
  { isStopping, heads, cache, replay }: ProxyDependencies,
  raw: RawHead,
  connection: object,
  context: RequestContext,
): ReceivedHead {
  if (isStopping()) throw refused(stopping(), raw, context);
  const head = read(heads, raw, connection, context);
  context.endpoint = head.keyContext?.endpoint ?? null;
  context.scope = head.caller.scope;
  context.tags = head.policy.tags;
  // A cassette keeps what it has recorded, deletions too.
  if (head.deletes !== null && !replay?.cassette) cache.removals.forget(head.deletes);
  return head;
}

/** A request that is refused counts under the endpoint that it means. */
function read(heads: HeadMemo, raw: RawHead, connection: object, context: RequestContext): ReceivedHead {
  try {
    return heads.read(raw, connection);
  } catch (error) {
    throw refused(error, raw, context);
  }
}

function refused(error: unknown, { method, url }: RawHead, context: RequestContext): unknown {
  context.endpoint = endpointMeantBy(method, url);
  return error;
}
