/**
 * The second step where there is a cassette, which holds every exchange: what has no key of the cache's is named
 * exactly, by all its bytes.
 */
import type { Cassette } from '../cassette/cassette.ts';
import { ModelScan } from '../request/model.ts';
import { WholeBody } from '../request/whole-body.ts';
import { decode } from './decode.ts';
import type { ReceivedHead } from './head-memo.ts';
import type { BodySource } from './incoming-request.ts';
import type { NamedRequest, NamelessRequest } from './name.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import { recordedRequest } from './recorded-request.ts';
import type { RequestContext } from './request-context.ts';

/** @throws RefrainError where the body is refused */
export async function nameExchange(
  proxy: ProxyDependencies,
  cassette: Cassette,
  head: ReceivedHead,
  source: BodySource,
  context: RequestContext,
): Promise<NamedRequest | NamelessRequest> {
  const body = source.length === 0 ? null : await source.read();
  if (body !== null && !(body instanceof WholeBody)) {
    return { head, keyed: null, why: body.why ?? 'large-request', body, exactKey: null };
  }
  try {
    const whyEncoded = body === null || head.coding === null ? null : await decode(proxy, body, head.coding);
    if (whyEncoded !== null) return { head, keyed: null, why: whyEncoded, body, exactKey: null };
    const { keyContext } = head;
    const known = keyContext === null || body === null ? 'route' : proxy.keyer.key(keyContext, body.plain);
    const keyed = known instanceof Promise ? await known : known;
    if (typeof keyed !== 'string' && body !== null && keyContext !== null) {
      context.key = keyed.key.slice(0, 16);
      context.model = keyed.model;
      return { head, keyContext, keyed, body };
    }
    context.model = body && ModelScan.modelIn(body.plain.bytes);
    const exactKey = cassette.keyer.exactKey(recordedRequest(cassette.keyer, head, body));
    context.key = exactKey.slice(0, 16);
    return { head, keyed: null, why: keyed as string, body, exactKey };
  } catch (error) {
    body?.release();
    throw error;
  }
}
