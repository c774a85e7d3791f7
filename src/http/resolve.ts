/**
 * From a request to an open answer: what is asked, by whom, under which key,
 * and the question put to the cache. What cannot be cached is relayed, its
 * body streamed through.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Standing } from '../cache/callers.ts';
import type { Miss, CacheResult } from '../cache/outcome.ts';
import type { Client, Permission, Question } from '../cache/question.ts';
import { deletedAnswerOf } from '../endpoint.ts';
import { notCached, stopping } from '../errors.ts';
import type { Twin } from '../ledger/hints.ts';
import { showsCredential } from '../request/stored-request.ts';
import type { Parts } from '../request/fingerprint.ts';
import { asksForUsage } from '../request/form.ts';
import { isShared } from '../request/caller.ts';
import { ModelScan } from '../request/model.ts';
import type { KeyedRequest, KeyContext } from '../request/key.ts';
import type { Policy } from '../request/policy.ts';
import type { ParsedHead } from '../request/parsed-head.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { Likeness } from '../store/catalogue.ts';
import type { ApiDependencies } from './api-dependencies.ts';
import type { ReceivedHead } from './head-memo.ts';
import { fetcherFor } from './fetcher.ts';
import type { RequestContext } from './response-headers.ts';
import { letGo, letGoAfter } from './let-go.ts';
import { lookForModel } from './model-in-passing.ts';
import { recheck, standingOf } from './recheck.ts';
import { whyMissed } from './why.ts';

/** A body that is declared no longer than this, in bytes, is read before it is sent on, whatever it is for. */
const SHORT = 64 * 1024;

/** One request to a path that is cached, as far as it is known. */
interface ResolvedHead {
  readonly request: IncomingMessage;
  readonly client: Client;
  readonly head: ReceivedHead;
  readonly keyContext: KeyContext;
  /** As it came. */
  readonly body: WholeBody;
  /** As its key is made from it. */
  readonly plain: WholeBody;
  readonly standing: Standing;
  /** Nothing is had without waiting, as the cache said in this very turn. */
  readonly isLookedUp: boolean;
}

/** @throws RefrainError where the request is refused */
export async function resolve(
  api: ApiDependencies,
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
): Promise<CacheResult> {
  if (api.isStopping()) throw stopping();
  const head = api.heads.read(request);
  const { method, route, policy, keyContext, caller } = head;
  context.endpoint = keyContext?.endpoint ?? null;
  context.scope = caller.scope;
  const deleted = deletedAnswerOf(method, route.path);
  if (deleted !== null) api.cache.removals.forget(deleted);

  if (keyContext === null) return relayUnread(api, head, request, 'route');
  const why = whyNotRead(policy);
  if (why === 'no-store') api.hints.refusedToStore(policy.isHabit);
  const length = lengthOf(request);
  // A length of 0 is one that is not declared.
  if (why !== null || length === 0 || length > api.bodies.limits.whole) lookForModel(request, head, context);
  if (why !== null) return relayUnread(api, head, request, why);
  const body = await api.bodies.read(request, length);
  if (!(body instanceof WholeBody)) {
    if (body.why === 'request-budget') lookForModel(request, head, context, body.begun);
    return relay(api, head, request, body.why, body.stream);
  }
  let plain = body;
  try {
    if (head.coding !== null) {
      const decoded = await api.decoding.decode(body, head.coding);
      if (!(decoded instanceof WholeBody)) return relay(api, head, request, decoded, body);
      plain = decoded;
    }
    const named = api.keyer.key(keyContext, plain);
    const keyed = named instanceof Promise ? await named : named;
    if (typeof keyed === 'string') {
      context.model = ModelScan.modelIn(plain.bytes);
      if (plain !== body) plain.release();
      return relay(api, head, request, keyed, body);
    }
    context.key = keyed.key.slice(0, 16);
    context.model = keyed.model;
    // Once for both: to read the clock is a hundredth of a hit.
    const now = api.clock.now();
    const standing = standingOf(api.callers, head, now);
    const hit = standing === 'accepted' ? api.cache.hit(keyed.key, policy, head.sent, now) : undefined;
    if (!hit) {
      const client = clientOf(response);
      const isLookedUp = hit === null;
      return await ask(api, { request, client, head, keyContext, body, plain, standing, isLookedUp }, keyed, context);
    }
    release(body, plain);
    return hit;
  } catch (error) {
    release(body, plain);
    throw error;
  }
}

/** Both, where a body was decoded. */
function release(body: WholeBody, plain: WholeBody): void {
  body.release();
  if (plain !== body) plain.release();
}

/** Puts a question to the cache that cannot be answered at once. */
async function ask(
  api: ApiDependencies,
  asking: ResolvedHead,
  keyed: KeyedRequest,
  context: RequestContext,
): Promise<CacheResult> {
  const { request, client, head, keyContext, body, plain, standing, isLookedUp } = asking;
  const {
    route,
    policy,
    sent,
    caller: { scope },
    credentialAtUpstream: callerThere,
  } = head;
  const { endpoint } = keyContext;
  const { key, model, form, choices, prompts, inputs, jsonText, output } = keyed;
  const like = { endpoint, model, scope, tags: policy.tags };
  const keepsParts = () => api.keepsPrompts && !showsCredential(keyContext.parts);
  const parts = () => (keepsParts() ? (keyed.parts ?? api.keyer.parts(keyContext, plain)) : null);
  const permission: Permission = standing === 'refused' ? { ...policy, read: false, follow: false } : policy;
  const question: Question = {
    key,
    permission,
    sent,
    client,
    expected: {
      endpoint,
      choices,
      prompts,
      inputs,
      jsonText,
      output,
      usage: asksForUsage(form),
      keep: api.keep,
      doneMarker: route.target.doneMarker,
      noStore: route.target.noStore,
    },
    shared: isShared(scope),
    label: like,
    parts,
    fetch: fetcherFor(api, head, request, body, true),
  };
  const isKept = standing === 'to-check' && policy.debug && (await api.store.read(key)) !== undefined;
  const notKept = policy.read ? api.cache.whyNotKept(key) : null;
  const checked = standing === 'to-check' ? await recheck(api, callerThere, question) : null;
  const opened = checked?.result ?? (await api.cache.open(question, isLookedUp));
  letGoAfter(checked?.flown ?? opened, body, plain);
  const result = standing === 'accepted' ? opened : afterUnkept(opened, notKept);
  const { outcome, variesBy = null } = result;
  if (outcome.word === 'follow') api.hints.followed(key);
  if (outcome.word === 'miss') await explain(api, asking, keyed, { outcome, like, variesBy, isKept }, context);
  return result;
}

/** A miss, as far as its explanation needs it. */
interface Missing {
  readonly outcome: Miss;
  readonly like: Likeness;
  /** The headers that the answers vary by; null where they do not. */
  readonly variesBy: readonly string[] | null;
  /** An answer is kept, and was not served for what its caller is. */
  readonly isKept: boolean;
}

/** Has the hints look at a miss, and notes why it was one where its request asked to know. */
async function explain(
  api: ApiDependencies,
  asking: ResolvedHead,
  keyed: KeyedRequest,
  missing: Missing,
  context: RequestContext,
): Promise<void> {
  const { head, keyContext, plain, standing } = asking;
  const { outcome, like, variesBy, isKept } = missing;
  const { policy } = head;
  const parts = keyed.parts ?? (policy.debug ? api.keyer.parts(keyContext, plain) : null);
  const mayRead = policy.read && standing !== 'refused';
  const twin = parts !== null && mayRead ? hintAt(api, head, keyContext, keyed.key, parts) : null;
  if (!policy.debug) return;
  if (standing === 'refused') context.why = 'the upstream refused this credential last';
  else if (isKept) context.why = 'kept, but the upstream is asked whether it still accepts this credential';
  else if (variesBy && outcome.notKept === null) {
    context.why = `the answers vary by ${variesBy.join(', ')}, and none is kept for what was sent`;
  } else {
    const { dialect } = keyContext;
    context.why = await whyMissed(api, { policy, outcome, like, keyed: { ...keyed, parts }, dialect, twin });
  }
}

/** A miss that may not read for what its caller is says all the same why its predecessor was not kept. */
function afterUnkept(result: CacheResult, notKept: string | null): CacheResult {
  const { outcome } = result;
  return outcome.word === 'miss' ? { ...result, outcome: { ...outcome, notKept } } : result;
}

/** Has a miss looked at for what keeps requests from hitting. @returns the last request with the same body, or null */
function hintAt(
  { hints }: ApiDependencies,
  head: ParsedHead,
  { endpoint, dialect }: KeyContext,
  key: string,
  parts: Parts,
): Twin | null {
  const {
    credentialAtUpstream: credential,
    caller: { users: callerHeaders },
  } = head;
  return hints.missed({ endpoint, key, parts, credential, callerHeaders, dialect });
}

function clientOf(response: ServerResponse): Client {
  return {
    onceGone(act) {
      if (response.destroyed) act();
      response.on('close', act);
      return () => response.off('close', act);
    },
  };
}

function relay(
  api: ApiDependencies,
  head: ParsedHead,
  request: IncomingMessage,
  why: string,
  body: WholeBody | Readable | null,
): CacheResult {
  try {
    if (!head.policy.ask) throw notCached();
    const fetch = fetcherFor(api, head, request, body, false);
    const result = api.cache.bypass(why, fetch, head.keyContext?.endpoint ?? null);
    if (body !== null) letGoAfter(result, body);
    return result;
  } catch (error) {
    if (body !== null) letGo(body);
    throw error;
  }
}

/** The reason why the body is not even looked at; null where it is. */
function whyNotRead(policy: Policy): string | null {
  if (!policy.write) return 'no-store';
  return policy.mode === 'off' ? 'off' : null;
}

async function relayUnread(
  api: ApiDependencies,
  head: ParsedHead,
  request: IncomingMessage,
  why: string,
): Promise<CacheResult> {
  return relay(api, head, request, why, await unreadBody(api, request));
}

/** A stream of its own costs more than a short body does. */
async function unreadBody({ bodies }: ApiDependencies, request: IncomingMessage): Promise<WholeBody | Readable | null> {
  if (request.headers['transfer-encoding'] !== undefined) return bodies.stream(request, 0);
  const length = lengthOf(request);
  if (length === 0) return null;
  if (length > SHORT) return bodies.stream(request, length);
  const body = await bodies.read(request, length);
  return body instanceof WholeBody ? body : body.stream;
}

/** In bytes, as declared; 0 where it is not. */
function lengthOf(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}
