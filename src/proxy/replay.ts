/**
 * The third step where there is a cassette: the next take of the answer, or the upstream's own, which is recorded.
 * Neither freshness, nor who asks, nor what answers vary by plays a part.
 */
import { ExchangeSink } from '../cache/exchange-sink.ts';
import type { CacheResult } from '../cache/outcome.ts';
import type { Client, Permission } from '../cache/question.ts';
import type { Cassette } from '../cassette/cassette.ts';
import { WHATEVER_IT_SAYS } from '../cassette/ended-answer.ts';
import type { Take } from '../cassette/takes.ts';
import { notCached } from '../errors.ts';
import type { WholeBody } from '../request/whole-body.ts';
import { Reader } from '../response/reader.ts';
import { StoredAnswer } from '../response/stored-answer.ts';
import { atPace } from './at-pace.ts';
import { ExchangeRecorder } from './exchange-recorder.ts';
import { fetcherFor } from './fetcher.ts';
import { keyOf, type NamedRequest, type NamelessRequest } from './named-request.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import { questionFor } from './question.ts';
import type { RequestContext } from './request-context.ts';
import { noteUnrecorded } from './unrecorded-request.ts';

/** @throws RefrainError where there is no answer to be had */
export function replay(
  proxy: ProxyDependencies,
  cassette: Cassette,
  request: NamedRequest | NamelessRequest,
  client: Client,
  context: RequestContext,
): CacheResult | Promise<CacheResult> {
  try {
    return next(proxy, cassette, request, client, context);
  } finally {
    // A take that is waited for, and a call that goes on, hold it for themselves.
    request.body?.release();
  }
}

function next(
  proxy: ProxyDependencies,
  cassette: Cassette,
  request: NamedRequest | NamelessRequest,
  client: Client,
  context: RequestContext,
): CacheResult | Promise<CacheResult> {
  const key = keyOf(request);
  if (key === null) return pass(proxy, request as NamelessRequest);
  const isOrdered = cassette.isOrdered(request.head.method, request.keyed !== null);
  const asking: Asking = { key, isOrdered, client, context };
  const take = cassette.next(key, isOrdered);
  if (!(take instanceof Promise)) return answer(proxy, cassette, request, take, asking);
  request.body?.hold();
  return take.then((found) => answer(proxy, cassette, request, found, asking)).finally(() => request.body?.release());
}

interface Asking {
  readonly key: string;
  readonly isOrdered: boolean;
  readonly client: Client;
  readonly context: RequestContext;
}

function answer(
  proxy: ProxyDependencies,
  cassette: Cassette,
  request: NamedRequest | NamelessRequest,
  take: Take | null,
  asking: Asking,
): CacheResult | Promise<CacheResult> {
  const { head } = request;
  if (take !== null) {
    const hit = proxy.cache.replay(take.key, take.found);
    if (head.method === 'HEAD') return { ...hit, reader: new Reader(new StoredAnswer(take.found.entry, null)) };
    return head.policy.pace === 'instant' ? hit : atPace(proxy, head, hit);
  }
  if (!head.policy.ask) throw notCached();
  return request.keyed === null
    ? recordExact(proxy, cassette, request, asking)
    : recordNamed(proxy, cassette, request, asking);
}

/** Relays a request that is too large to be named. */
function pass(proxy: ProxyDependencies, request: NamelessRequest): CacheResult {
  const { head, why, body } = request;
  if (!head.policy.ask) throw notCached();
  const result = proxy.cache.bypass(why, fetcherFor(proxy, head, body, false), head.keyContext?.endpoint ?? null);
  noteUnrecorded(proxy, request, why);
  return result;
}

function recordExact(
  proxy: ProxyDependencies,
  cassette: Cassette,
  request: NamelessRequest,
  { key, isOrdered }: Asking,
): CacheResult {
  const { head, why, recorded } = request;
  const body = request.body as WholeBody | null;
  const endpoint = head.keyContext?.endpoint ?? null;
  const recorder = new ExchangeRecorder(cassette, { key, isOrdered, head, body, recorded, stored: () => null });
  return settled(proxy, request, recorder, () => {
    const sink = new ExchangeSink(recorder, endpoint && { ...WHATEVER_IT_SAYS, endpoint });
    return proxy.cache.bypass(why, fetcherFor(proxy, head, body, true), endpoint, sink);
  }) as CacheResult;
}

function recordNamed(
  proxy: ProxyDependencies,
  cassette: Cassette,
  request: NamedRequest,
  { key, isOrdered, client, context }: Asking,
): CacheResult | Promise<CacheResult> {
  const { head, body, recorded } = request;
  const question = questionFor(proxy, request, { ...AFRESH, follow: !isOrdered }, client);
  const stored = () => ({ ...question.label, parts: question.parts() });
  const recorder = new ExchangeRecorder(cassette, { key, isOrdered, head, body, recorded, stored });
  context.reason = 'new';
  return settled(proxy, request, recorder, () => proxy.cache.open({ ...question, isRefresh: false, recorder }));
}

/** The call is begun; once it is over, its request is let go of, and reported where its answer is not recorded. */
function settled(
  proxy: ProxyDependencies,
  request: NamedRequest | NamelessRequest,
  recorder: ExchangeRecorder,
  begin: () => CacheResult | Promise<CacheResult>,
): CacheResult | Promise<CacheResult> {
  const begun = (result: CacheResult) => {
    recorder.settle(result, (why) => noteUnrecorded(proxy, request, why));
    return result;
  };
  const failed = (error: unknown) => {
    recorder.dismiss();
    throw error;
  };
  try {
    const result = begin();
    return result instanceof Promise ? result.then(begun, failed) : begun(result);
  } catch (error) {
    return failed(error);
  }
}

/** Nothing that is kept answers this any more, for the cassette was looked into. */
const AFRESH: Permission = {
  read: false,
  follow: true,
  ask: true,
  maxAge: Infinity,
  maxStale: 0,
  revalidates: false,
  staleIfError: 0,
  ttl: Infinity,
  forms: 'derive',
};
