/**
 * From a request to an open answer: what is asked, by whom, under which key,
 * and the question put to the cache. What cannot be cached is relayed, its
 * body streamed through.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Cache } from '../cache/cache.ts';
import type { Callers, Standing } from '../cache/callers.ts';
import type { Opening } from '../cache/outcome.ts';
import type { Client, Permission, Question } from '../cache/question.ts';
import type { Lead } from '../cache/flight.ts';
import type { Clock } from '../clock.ts';
import { deletedAnswerOf } from '../endpoint.ts';
import { notCached, stopping } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../log.ts';
import { showsCredential } from '../request/asked.ts';
import { asksForUsage } from '../request/form.ts';
import { isShared } from '../request/caller.ts';
import type { Decoding } from '../request/content-coding.ts';
import { ModelScan } from '../request/model.ts';
import type { Namer } from '../request/namer.ts';
import type { Naming, Occasion } from '../request/naming.ts';
import type { Policy } from '../request/policy.ts';
import type { Reading } from '../request/reading.ts';
import { requestPath } from '../request/route.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { Keep } from '../response/complete.ts';
import type { Store } from '../store/store.ts';
import { addVia, forwardedHeaders } from '../upstream/headers.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Bodies } from './body.ts';
import type { HeadReading, Heads } from './heads.ts';
import type { Marks } from './marks.ts';
import { letGo, letGoAfter } from './let-go.ts';
import { lookForModel, mayBeLarge } from './model-in-passing.ts';
import { Outgoing } from './outgoing.ts';
import { recheck, standingOf } from './recheck.ts';
import type { Heartbeat } from './serve.ts';
import { whyMissed } from './why.ts';

/** All that the API door needs. */
export interface Door {
  readonly cache: Cache;
  readonly store: Store;
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly heads: Heads;
  /** How this process calls itself in `Via`. */
  readonly pseudonym: string;
  readonly namer: Namer;
  readonly callers: Callers;
  readonly bodies: Bodies;
  readonly decoding: Decoding;
  /** Null where silent streams stay silent. */
  readonly heartbeat: Heartbeat | null;
  /** Whether new requests are turned away. */
  readonly isStopping: () => boolean;
  /** Which answers are kept that end early or say nothing. */
  readonly keep: ReadonlySet<Keep>;
  /** Whether what was asked is kept with its answer, unless it shows a credential. */
  readonly keepsPrompts: boolean;
}

/** A body that is declared no longer than this, in bytes, is read before it is sent on, whatever it is for. */
const SHORT = 64 * 1024;

/** What is asked twice does no more than asked once (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

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
export async function openAnswer(door: Door, request: IncomingMessage, response: ServerResponse, marks: Marks): Promise<Opening> {
  if (door.isStopping()) throw stopping();
  const reading = door.heads.read(request);
  const { method, route, policy, occasion, caller } = reading;
  marks.endpoint = occasion?.endpoint ?? null;
  marks.scope = caller.scope;
  const deleted = deletedAnswerOf(method, route.path);
  if (deleted !== null) door.cache.forget(deleted);

  if (occasion === null) return relayUnread(door, reading, request, 'route');
  const why = whyNotRead(policy);
  if (why !== null || mayBeLarge(door.bodies, request)) lookForModel(request, reading, marks);
  if (why !== null) return relayUnread(door, reading, request, why);
  const body = await door.bodies.read(request, lengthOf(request));
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
    const standing = standingOf(door.callers, reading);
    const hit = standing === 'accepted' ? door.cache.hit(naming.key, policy, reading.sent) : undefined;
    if (!hit) return await ask(door, { request, client: clientOf(response), reading, occasion, body, plain, standing }, naming, marks);
    body.release();
    plain.release();
    return hit;
  } catch (error) {
    body.release();
    plain.release();
    throw error;
  }
}

/** Puts a question to the cache that cannot be answered at once. */
async function ask(door: Door, asking: Asking, naming: Naming, marks: Marks): Promise<Opening> {
  const { request, client, reading: { route, policy, sent, caller: { scope }, callerThere }, occasion, body, plain, standing } = asking;
  const { endpoint } = occasion;
  const { key, model, form, choices, prompts, inputs, jsonText, output } = naming;
  const like = { endpoint, model, scope, tags: policy.tags };
  const partsOf = () => naming.parts ?? door.namer.parts(occasion, plain);
  const parts = () => (door.keepsPrompts && !showsCredential(occasion.parts) ? partsOf() : null);
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
    lead: leadOf(door, asking.reading, request, body, true),
  };
  const whyNow = () => whyMissed(door, policy, like, { ...naming, parts: partsOf() });
  const whyChecked = standing === 'to-check' && policy.debug ? await whyNow() : null;
  const checked = standing === 'to-check' ? await recheck(door, callerThere, question) : null;
  const opening = checked?.opening ?? (await door.cache.open(question));
  letGoAfter(checked?.flown ?? opening, body, plain);
  if (policy.debug && opening.outcome.word === 'miss') {
    const { variesBy } = opening;
    if (standing === 'refused') marks.why = 'the upstream refused this credential last';
    else if (variesBy) marks.why = `the answers vary by ${variesBy.join(', ')}, and none is kept for what was sent`;
    else marks.why = whyChecked ?? (await whyNow());
  }
  return opening;
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

function relay(door: Door, reading: Reading, request: IncomingMessage, why: string, body: WholeBody | Readable | null): Opening {
  try {
    if (!reading.policy.ask) throw notCached();
    const opening = door.cache.bypass(why, leadOf(door, reading, request, body, false), reading.occasion?.endpoint ?? null);
    if (body !== null) letGoAfter(opening, body);
    return opening;
  } catch (error) {
    if (body !== null) letGo(body);
    throw error;
  }
}

/** Why the body is not even looked at, or nothing. */
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

/** @param recorded whether the answer may be played to others, who did not choose its coding */
function leadOf(door: Door, { method, route, occasion, callerThere }: Reading, request: IncomingMessage, body: WholeBody | Readable | null, recorded: boolean): Lead {
  return (writer) => {
    const headers = forwardedHeaders(request.rawHeaders, recorded);
    addVia(headers, request.httpVersion, door.pseudonym);
    const length = request.headers['content-length'];
    const isWhole = body instanceof WholeBody;
    const outgoing = isWhole && Outgoing.isWorth(body) ? new Outgoing(body) : null;
    if (outgoing) headers.push('content-length', String(outgoing.length));
    else if (body !== null && !isWhole && length !== undefined) headers.push('content-length', length);
    const onStatus = (status: number, flushed: boolean) => {
      outgoing?.answered(flushed);
      door.callers.note(callerThere, status);
    };
    const { origin } = route.target;
    const repeatable = occasion !== null || IDEMPOTENT.has(method);
    door.upstream.send({ origin, method, path: requestPath(route), headers, body: outgoing ?? (isWhole ? body.lendWhole() : body), repeatable, decoded: recorded, onStatus }, writer);
  };
}
