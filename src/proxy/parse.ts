/**
 * The first step: where a request goes, what it allows, and who asks.
 */
import { stopping } from '../errors.ts';
import type { ReceivedHead } from './head-memo.ts';
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
  if (isStopping()) throw stopping();
  const head = heads.read(raw, connection);
  context.endpoint = head.keyContext?.endpoint ?? null;
  context.scope = head.caller.scope;
  // A cassette keeps what it has recorded, deletions too.
  if (head.deletes !== null && !replay?.cassette) cache.removals.forget(head.deletes);
  return head;
}
