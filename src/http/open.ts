/**
 * From a request to an open answer: what is asked, by whom, under which key,
 * and the question put to the cache. What cannot be cached is relayed, its
 * body streamed through.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Standing } from '../cache/callers.ts';
import type { Miss, Opening } from '../cache/outcome.ts';
import type { Client, Permission, Question } from '../cache/question.ts';
import { deletedAnswerOf } from '../endpoint.ts';
import { notCached, stopping } from '../errors.ts';
import type { Twin } from '../ledger/hints.ts';
import { showsCredential } from '../request/asked.ts';
import type { Parts } from '../request/fingerprint.ts';
import { asksForUsage } from '../request/form.ts';
import { isShared } from '../request/caller.ts';
import { ModelScan } from '../request/model.ts';
import type { Naming, Occasion } from '../request/naming.ts';
import type { Policy } from '../request/policy.ts';
import type { Reading } from '../request/reading.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { Likeness } from '../store/store.ts';
import type { Door } from './door.ts';
import type { HeadReading } from './heads.ts';
import { leadOf } from './lead.ts';
import type { Marks } from './marks.ts';
import { letGo, letGoAfter } from './let-go.ts';
import { lookForModel } from './model-in-passing.ts';
import { recheck, standingOf } from './recheck.ts';
import { whyMissed } from './why.ts';

/** A body that is declared no longer than this, in bytes, is read before it is sent on, whatever it is for. */
const SHORT = 64 * 1024;

/** One request to a path that is cached, as far as it is known. */
interface Asking {
  readonly request: IncomingMessage;
  readonly client: Client;
  readonly reading: HeadReading;
  readonly occasion: Occasion;
  /** As it came. */
  readonly body: WholeBody;
  /** As its key is made from it. */
  readonly plain: WholeBody;
  readonly standing: Standing;
}

/** @throws RefrainError where the request is refused */
export async function openAnswer(
  door: Door, request: IncomingMessage, response: ServerResponse, marks: Marks,
): Promise<Opening> {
  if (door.isStopping()) throw stopping();
  const reading = door.heads.read(request);
  const { method, route, policy, occasion, caller } = reading;
  marks.endpoint = occasion?.endpoint ?? null;
  marks.scope = caller.scope;
  const deleted = deletedAnswerOf(method, route.path);
  if (deleted !== null) door.cache.removals.forget(deleted);

  if (occasion === null) return relayUnread(door, reading, request, 'route');
  const why = whyNotRead(policy);
  if (why === 'no-store') door.hints.refusedToStore(policy.isHabit);
  const length = lengthOf(request);
  // A length of 0 is one that is not declared.
  if (why !== null || length === 0 || length > door.bodies.limits.whole) lookForModel(request, reading, marks);
  if (why !== null) return relayUnread(door, reading, request, why);
  const body = await door.bodies.read(request, length);
  if (!(body instanceof WholeBody)) {
    if (body.why === 'request-budget') lookForModel(request, reading, marks, body.begun);
    return relay(door, reading, request, body.why, body.stream);
  }
  let plain = body;
  try {
    if (reading.coding !== null) {
      const decoded = await door.decoding.decode(body, reading.coding);
      if (!(decoded instanceof WholeBody)) return relay(door, reading, request, decoded, body);
      plain = decoded;
    }
    const named = door.namer.name(occasion, plain);
    const naming = named instanceof Promise ? await named : named;
    if (typeof naming === 'string') {
      marks.model = ModelScan.modelIn(plain.bytes);
      if (plain !== body) plain.release();
      return relay(door, reading, request, naming, body);
    }
    marks.key = naming.key.slice(0, 16);
    marks.model = naming.model;
    // Once for both: to read the clock is a hundredth of a hit.
    const now = door.clock.now();
    const standing = standingOf(door.callers, reading, now);
    const hit = standing === 'accepted' ? door.cache.hit(naming.key, policy, reading.sent, now) : undefined;
    if (!hit) {
      const client = clientOf(response);
      return await ask(door, { request, client, reading, occasion, body, plain, standing }, naming, marks);
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
async function ask(door: Door, asking: Asking, naming: Naming, marks: Marks): Promise<Opening> {
  const { request, client, reading, occasion, body, plain, standing } = asking;
  const { route, policy, sent, caller: { scope }, callerThere } = reading;
  const { endpoint } = occasion;
  const { key, model, form, choices, prompts, inputs, jsonText, output } = naming;
  const like = { endpoint, model, scope, tags: policy.tags };
  const keepsParts = () => door.keepsPrompts && !showsCredential(occasion.parts);
  const parts = () => (keepsParts() ? naming.parts ?? door.namer.parts(occasion, plain) : null);
  const permission: Permission = standing === 'refused' ? { ...policy, read: false, follow: false } : policy;
  const question: Question = {
    key, permission, sent, client,
    expected: {
      endpoint, choices, prompts, inputs, jsonText, output,
      usage: asksForUsage(form), keep: door.keep, doneMarker: route.target.doneMarker, noStore: route.target.noStore,
    },
    shared: isShared(scope),
    label: like,
    parts,
    lead: leadOf(door, reading, request, body, true),
  };
  const isKept = standing === 'to-check' && policy.debug && (await door.store.read(key)) !== undefined;
  const notKept = policy.read ? door.cache.whyNotKept(key) : null;
  const checked = standing === 'to-check' ? await recheck(door, callerThere, question) : null;
  const opened = checked?.opening ?? (await door.cache.open(question));
  letGoAfter(checked?.flown ?? opened, body, plain);
  const opening = standing === 'accepted' ? opened : afterUnkept(opened, notKept);
  const { outcome, variesBy = null } = opening;
  if (outcome.word === 'follow') door.hints.followed(key);
  if (outcome.word === 'miss') await explain(door, asking, naming, { outcome, like, variesBy, isKept }, marks);
  return opening;
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
async function explain(door: Door, asking: Asking, naming: Naming, missing: Missing, marks: Marks): Promise<void> {
  const { reading, occasion, plain, standing } = asking;
  const { outcome, like, variesBy, isKept } = missing;
  const { policy } = reading;
  const parts = naming.parts ?? (policy.debug ? door.namer.parts(occasion, plain) : null);
  const mayRead = policy.read && standing !== 'refused';
  const twin = parts !== null && mayRead ? hintAt(door, reading, occasion, naming.key, parts) : null;
  if (!policy.debug) return;
  if (standing === 'refused') marks.why = 'the upstream refused this credential last';
  else if (isKept) marks.why = 'kept, but the upstream is asked whether it still accepts this credential';
  else if (variesBy && outcome.notKept === null) {
    marks.why = `the answers vary by ${variesBy.join(', ')}, and none is kept for what was sent`;
  } else {
    const { dialect } = occasion;
    marks.why = await whyMissed(door, { policy, outcome, like, naming: { ...naming, parts }, dialect, twin });
  }
}

/** A miss that may not read for what its caller is says all the same why its predecessor was not kept. */
function afterUnkept(opening: Opening, notKept: string | null): Opening {
  const { outcome } = opening;
  return outcome.word === 'miss' ? { ...opening, outcome: { ...outcome, notKept } } : opening;
}

/** Has a miss looked at for what keeps requests from hitting. @returns the last request with the same body, or null */
function hintAt(
  { hints }: Door, reading: Reading, { endpoint, dialect }: Occasion, key: string, parts: Parts,
): Twin | null {
  const { callerThere: credential, caller: { users: callerHeaders } } = reading;
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
  door: Door, reading: Reading, request: IncomingMessage, why: string, body: WholeBody | Readable | null,
): Opening {
  try {
    if (!reading.policy.ask) throw notCached();
    const lead = leadOf(door, reading, request, body, false);
    const opening = door.cache.bypass(why, lead, reading.occasion?.endpoint ?? null);
    if (body !== null) letGoAfter(opening, body);
    return opening;
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

async function relayUnread(door: Door, reading: Reading, request: IncomingMessage, why: string): Promise<Opening> {
  return relay(door, reading, request, why, await unreadBody(door, request));
}

/** A stream of its own costs more than a short body does. */
async function unreadBody({ bodies }: Door, request: IncomingMessage): Promise<WholeBody | Readable | null> {
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
