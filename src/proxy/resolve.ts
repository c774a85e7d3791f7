/**
 * The third step: from what a request asks for to an answer that can be played,
 * whether it is kept, on its way or still to be fetched.
 */
import type { Standing } from '../cache/callers.ts';
import { missReasonOf } from '../cache/miss-reason.ts';
import type { CacheResult } from '../cache/outcome.ts';
import { type Client, type Permission, withoutStale } from '../cache/question.ts';
import { notCached } from '../errors.ts';
import { REQUEST_ENDPOINTS } from '../request/endpoints/table.ts';
import { batchOf } from './batch-question.ts';
import { atPace } from './at-pace.ts';
import { explainHit } from './explain-hit.ts';
import { explainMiss } from './explain-miss.ts';
import { fetcherFor } from './fetcher.ts';
import type { ReceivedHead } from './head-memo.ts';
import type { NamedRequest, NamelessRequest } from './named-request.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import { questionFor } from './question.ts';
import { recheck } from './recheck.ts';
import { replay } from './replay.ts';
import type { RequestContext } from './request-context.ts';
import { sampled } from './sampled.ts';
import { orUnrecorded } from './unrecorded-request.ts';

/** @throws RefrainError where there is no answer to be had */
export function resolve(
  proxy: ProxyDependencies,
  request: NamedRequest | NamelessRequest,
  client: Client,
  context: RequestContext,
): CacheResult | Promise<CacheResult> {
  if (proxy.replay === null) return answer(proxy, request, client, context);
  const { cassette, isOffline } = proxy.replay;
  const act = () =>
    cassette === null ? answer(proxy, request, client, context) : replay(proxy, cassette, request, client, context);
  return isOffline ? orUnrecorded(proxy, request, act) : act();
}

/** From what the cache keeps, or from the upstream. */
function answer(
  proxy: ProxyDependencies,
  request: NamedRequest | NamelessRequest,
  client: Client,
  context: RequestContext,
): CacheResult | Promise<CacheResult> {
  const { policy } = request.head;
  if (policy.samples > 1 && request.keyed !== null && request.sample === undefined) {
    return sampled(proxy, request, context, (one) => answer(proxy, one, client, context));
  }
  try {
    if (request.keyed === null) return bypass(proxy, request);
    const { head, keyed } = request;
    // Once for both: to read the clock is a hundredth of a hit.
    const now = proxy.clock.now();
    const standing = standingOf(proxy, head, now);
    const permission = permissionOf(proxy, head, standing);
    const hit = standing === 'accepted' ? proxy.cache.hit(keyed.key, permission, head.sent, now) : undefined;
    if (!hit) return ask(proxy, request, { standing, permission, isLookedUp: hit === null }, client, context);
    noteShared(proxy, request, context);
    if (policy.debug) context.why = explainHit(hit.outcome);
    return policy.pace === 'instant' ? hit : atPace(proxy, head, hit);
  } finally {
    // A question or a call that goes on holds it for itself.
    request.body?.release();
  }
}

/**
 * The standing of a request's caller, where it would read what is kept and may ask; any other request has an answer of
 * the upstream's in any case, or none.
 */
function standingOf({ callers, replay }: ProxyDependencies, head: ReceivedHead, now: number): Standing {
  const { policy, caller, credentialAtUpstream } = head;
  // Words of an upstream are no bar to what is played without it.
  if (replay?.isOffline) return 'accepted';
  const standing = callers.standing(credentialAtUpstream, caller.credential !== null, now);
  return standing === 'to-check' && !(policy.read && policy.ask) ? 'accepted' : standing;
}

/** Nothing kept for a caller whom the upstream refused last, and nothing stale for one who was to pay. */
function permissionOf({ callers }: ProxyDependencies, head: ReceivedHead, standing: Standing): Permission {
  const { policy, credentialAtUpstream } = head;
  if (standing === 'refused') return { ...policy, read: false, follow: false };
  const fresh = withoutStale(policy);
  return fresh === policy || callers.mayHaveStale(credentialAtUpstream) ? policy : fresh;
}

/** The answer of another request was given to this one, too, which wants no sample of its own. */
function noteShared(
  { hints: { repeats } }: ProxyDependencies,
  { head, keyContext, keyed, body }: NamedRequest,
  { startedAt }: RequestContext,
): void {
  if (head.policy.samples > 1 || !repeats.shared(keyed.key, head.credentialAtUpstream, startedAt)) return;
  if (REQUEST_ENDPOINTS[keyContext.endpoint].isGenerative) repeats.explain(body.plain);
}

function bypass(proxy: ProxyDependencies, { head, why, body }: NamelessRequest): CacheResult {
  if (!head.policy.ask) throw notCached();
  return proxy.cache.bypass(why, fetcherFor(proxy, head, body, false), head.keyContext?.endpoint ?? null);
}

/** The rights of a caller at this moment. */
interface Rights {
  readonly standing: Standing;
  readonly permission: Permission;
  /** Nothing is had without waiting, as the cache said in this very turn. */
  readonly isLookedUp: boolean;
}

/** Puts the question to the cache that could not be answered at once. */
async function ask(
  proxy: ProxyDependencies,
  request: NamedRequest,
  { standing, permission, isLookedUp }: Rights,
  client: Client,
  context: RequestContext,
): Promise<CacheResult> {
  const { head, keyed, body } = request;
  const { cache, hints, store } = proxy;
  body.hold();
  try {
    const asked = questionFor(proxy, request, permission, client);
    const batch = batchOf(proxy, request, asked);
    const question = batch?.question ?? asked;
    // Looked up before the answer to this request can be kept, while the upstream is asked.
    let isKept = false;
    const lookup =
      standing === 'to-check' ? store.get(keyed.key).then((found) => (isKept = found !== undefined)) : null;
    const result = await (standing === 'to-check'
      ? recheck(proxy, head.credentialAtUpstream, question)
      : cache.open(question, isLookedUp && batch === null));
    const { outcome, variesBy = null } = result;
    context.items = batch?.countsOf(outcome) ?? null;
    if (outcome.word === 'follow') {
      hints.followed(batch?.keys[0] ?? keyed.key);
      noteShared(proxy, request, context);
    }
    if (head.policy.debug) context.why = explainHit(outcome);
    if (outcome.word === 'miss') {
      if (head.policy.debug) await lookup;
      const { isStoreUp } = proxy;
      const [isRefused, { isRefresh }] = [standing === 'refused', question];
      context.reason = missReasonOf({ outcome, isRefused, isRefresh, isKept, variesBy, isStoreUp });
      const missing = { outcome, label: question.label, variesBy, standing, isKept, batch };
      context.why = await explainMiss(proxy, request, missing);
    }
    return head.policy.pace === 'instant' ? result : atPace(proxy, head, result);
  } finally {
    body.release();
  }
}
