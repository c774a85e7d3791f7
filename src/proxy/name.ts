/**
 * The second step: the name of the answer that a request asks for, or why it
 * has none. What has none is relayed for its caller alone, its body as it came.
 */
import { ModelScan } from '../request/model.ts';
import { WholeBody } from '../request/whole-body.ts';
import { decode } from './decode.ts';
import type { ReceivedHead } from './head-memo.ts';
import type { BodySource } from './incoming-request.ts';
import { lookForModel } from './model-in-passing.ts';
import { nameExchange } from './name-exchange.ts';
import type { NamedRequest, NamelessRequest } from './named-request.ts';
import type { PassingBody } from './passing-body.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import type { RequestContext } from './request-context.ts';

/** A body that is declared no longer than this, in bytes, is read before it is sent on, whatever it is for. */
const SHORT = 64 * 1024;

/** @throws RefrainError where the body is refused */
export function name(
  proxy: ProxyDependencies,
  head: ReceivedHead,
  source: BodySource,
  context: RequestContext,
): Promise<NamedRequest | NamelessRequest> {
  const cassette = proxy.replay?.cassette ?? null;
  if (cassette !== null) return nameExchange(proxy, cassette, head, source, context);
  return nameAnswer(proxy, head, source, context);
}

async function nameAnswer(
  proxy: ProxyDependencies,
  head: ReceivedHead,
  source: BodySource,
  context: RequestContext,
): Promise<NamedRequest | NamelessRequest> {
  const { keyContext, policy } = head;
  if (keyContext === null) return { head, keyed: null, why: 'route', body: await unread(source) };
  const why = !policy.write ? 'no-store' : policy.mode === 'off' ? 'off' : null;
  if (why === 'no-store') proxy.hints.refusedToStore(policy.isHabit);
  else if (policy.wantsNew !== null) proxy.hints.wantedNew(policy.wantsNew);
  if (why !== null) return nameless(head, why, await unread(source), context);
  const body = await source.read();
  if (!(body instanceof WholeBody)) return nameless(head, body.why ?? 'large-request', body, context);
  try {
    const whyEncoded = head.coding === null ? null : await decode(proxy, body, head.coding);
    if (whyEncoded !== null) return { head, keyed: null, why: whyEncoded, body };
    const known = proxy.keyer.key(keyContext, body.plain);
    const keyed = known instanceof Promise ? await known : known;
    if (typeof keyed === 'string') {
      context.model = await ModelScan.modelInTurns(body.plain.bytes);
      body.dropDecoded();
      return { head, keyed: null, why: keyed, body };
    }
    context.key = keyed.key.slice(0, 16);
    context.model = keyed.model;
    context.question = proxy.access?.questionOf?.(keyContext.endpoint, body.plain) ?? null;
    return { head, keyContext, keyed, body };
  } catch (error) {
    body.release();
    throw error;
  }
}

function nameless(
  head: ReceivedHead,
  why: string,
  body: WholeBody | PassingBody | null,
  context: RequestContext,
): NamelessRequest {
  lookForModel(body, head.coding, context);
  return { head, keyed: null, why, body };
}

/** A body that is not looked at. A stream of its own costs more than a short body does. */
async function unread(source: BodySource): Promise<WholeBody | PassingBody | null> {
  if (source.length === 0) return null;
  return source.length === null || source.length > SHORT ? source.pass() : source.read();
}
