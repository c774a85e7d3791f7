/**
 * The second step where there is a cassette, which holds every exchange: what has no key of the cache's is named
 * exactly, by all its bytes.
 */
import type { Cassette } from '../cassette/cassette.ts';
import type { RecordedRequest } from '../cassette/recorded-exchange.ts';
import { ModelScan } from '../request/model.ts';
import { WholeBody } from '../request/whole-body.ts';
import { decode } from './decode.ts';
import type { ReceivedHead } from './head-memo.ts';
import type { BodySource } from './incoming-request.ts';
import { lookForModel } from './model-in-passing.ts';
import type { NamedRequest, NamelessRequest } from './named-request.ts';
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
    lookForModel(body, head.coding, context);
    return { head, keyed: null, why: body.why ?? 'large-request', body, exactKey: null };
  }
  try {
    const whyEncoded = body === null || head.coding === null ? null : await decode(proxy, body, head.coding);
    if (whyEncoded !== null) return { head, keyed: null, why: whyEncoded, body, exactKey: null };
    return await keyed(proxy, cassette, head, body, context);
  } catch (error) {
    body?.release();
    throw error;
  }
}

async function keyed(
  proxy: ProxyDependencies,
  { keyer, redaction }: Cassette,
  head: ReceivedHead,
  body: WholeBody | null,
  context: RequestContext,
): Promise<NamedRequest | NamelessRequest> {
  const redacted = redaction === null ? null : redaction.request(recordedRequest(keyer, head, body));
  if (redaction !== null && redacted === null) return { head, keyed: null, why: 'redaction', body, exactKey: null };
  if (redacted !== null && body !== null) asRedacted(body, redacted);
  const keyContext = redacted === null ? head.keyContext : keyer.context(redacted);
  const known = keyContext === null || body === null ? 'route' : proxy.keyer.key(keyContext, body.plain);
  const named = known instanceof Promise ? await known : known;
  if (typeof named !== 'string' && body !== null && keyContext !== null) {
    context.key = named.key.slice(0, 16);
    context.model = named.model;
    return { head, keyContext, keyed: named, body, ...(redacted && { recorded: redacted }) };
  }
  context.model = body && (await ModelScan.modelInTurns(body.plain.bytes));
  const recorded = redacted ?? recordedRequest(keyer, head, body);
  const exactKey = keyer.exactKey(recorded);
  context.key = exactKey.slice(0, 16);
  return { head, keyed: null, why: named as string, body, exactKey, recorded };
}

/** Has all that looks at the body see it redacted, but for the upstream. */
function asRedacted(body: WholeBody, { body: redacted }: RecordedRequest): void {
  body.dropDecoded();
  body.decoded = new WholeBody([redacted]);
}
