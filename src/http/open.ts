/**
 * From a request to an open answer: what is asked, by whom, under which key,
 * and the question put to the cache. What cannot be cached is relayed, its
 * body streamed through.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Cache } from '../cache/cache.ts';
import type { Opening } from '../cache/outcome.ts';
import type { Client, Permission } from '../cache/question.ts';
import type { Lead } from '../cache/flight.ts';
import type { RefusedCallers } from '../cache/refused-callers.ts';
import type { Clock } from '../clock.ts';
import { deletedAnswerOf } from '../endpoint.ts';
import { notCached, stopping } from '../errors.ts';
import type { Hints } from '../ledger/hints.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../log.ts';
import { showsCredential } from '../request/asked.ts';
import { asksForUsage } from '../request/form.ts';
import { isShared } from '../request/caller.ts';
import { decodeBody } from '../request/content-coding.ts';
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
import type { Bodies, BodyLimits } from './body.ts';
import type { HeadReading, Heads } from './heads.ts';
import type { Marks } from './marks.ts';
import type { Heartbeat } from './serve.ts';
import { whyMissed } from './why.ts';

/** All that the API door needs. */
export interface Door {
  readonly cache: Cache;
  readonly store: Store;
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly hints: Hints;
  readonly clock: Clock;
  readonly log: Log;
  readonly heads: Heads;
  /** How this process calls itself in `Via`. */
  readonly pseudonym: string;
  readonly namer: Namer;
  readonly refused: RefusedCallers;
  readonly bodies: Bodies;
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
  if (why !== null || mayBeLarge(door, request)) lookForModel(request, reading, marks);
  if (why !== null) return relayUnread(door, reading, request, why);
  const body = await door.bodies.read(request, lengthOf(request));
  if (!(body instanceof WholeBody)) return relay(door, reading, request, 'large-request', body);
  const plain = reading.coding === null ? body : await decoded(body, reading.coding, door.bodies.limits);
  if (typeof plain === 'string') return relay(door, reading, request, plain, body);
  const named = door.namer.name(occasion, plain);
  const naming = named instanceof Promise ? await named : named;
  if (typeof naming === 'string') {
    marks.model = ModelScan.modelIn(plain.bytes);
    return relay(door, reading, request, naming, body);
  }
  marks.key = naming.key.slice(0, 16);
  marks.model = naming.model;
  const permission = door.refused.has(reading.callerThere) ? { ...policy, read: false, follow: false } : policy;
  const hit = door.cache.hit(naming.key, permission, reading.sent);
  if (!hit) {
    const asking = { request, client: clientOf(response), reading, occasion, body, plain };
    return ask(door, asking, naming, permission, marks);
  }
  body.release();
  return hit;
}

/** Puts a question to the cache that cannot be answered at once. */
async function ask(door: Door, asking: Asking, naming: Naming, permission: Permission, marks: Marks): Promise<Opening> {
  const { request, client, reading: { route, policy, sent, caller: { scope, users } }, occasion, body, plain } = asking;
  const { endpoint } = occasion;
  const { key, model, form, choices, prompts, inputs, jsonText, output } = naming;
  const like = { endpoint, model, scope, tags: policy.tags };
  const partsOf = () => naming.parts ?? door.namer.parts(occasion, plain);
  const parts = () => (door.keepsPrompts && !showsCredential(occasion.parts) ? partsOf() : null);
  const opening = await door.cache.open({
    key, permission, sent, client,
    expected: {
      endpoint, choices, prompts, inputs, jsonText, output,
      usage: asksForUsage(form), keep: door.keep, doneMarker: route.target.doneMarker, noStore: route.target.noStore,
    },
    shared: isShared(scope),
    label: like,
    parts,
    lead: leadOf(door, asking.reading, request, body, true),
  });
  const { outcome } = opening;
  if (outcome.word === 'follow') door.hints.followed(key);
  if (outcome.word !== 'miss') return opening;
  const known = policy.debug ? partsOf() : naming.parts;
  const { callerThere: credential } = asking.reading;
  const { dialect } = route.target;
  const isUnwished = known !== null && permission.read;
  const twin = isUnwished ? door.hints.missed({ endpoint, key, parts: known, credential, callerHeaders: users, dialect }) : null;
  if (policy.debug) {
    const missed = { policy, outcome, like, naming: { ...naming, parts: known }, twin };
    const { variesBy } = opening;
    if (variesBy) marks.why = `the answers vary by ${variesBy.join(', ')}, and none is kept for what was sent`;
    else marks.why = permission === policy ? await whyMissed(door, missed) : 'the upstream refused this credential last';
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
  if (!reading.policy.ask) throw notCached();
  return door.cache.bypass(why, leadOf(door, reading, request, body, false), reading.occasion?.endpoint ?? null);
}

/** Why the body is not even looked at, or nothing. */
function whyNotRead(policy: Policy): string | null {
  if (!policy.write) return 'no-store';
  return policy.mode === 'off' ? 'off' : null;
}

async function relayUnread(door: Door, reading: Reading, request: IncomingMessage, why: string): Promise<Opening> {
  return relay(door, reading, request, why, await unreadBody(door, request));
}

/** Whether a body may be too large to be read as a whole. */
function mayBeLarge({ bodies }: Door, { headers }: IncomingMessage): boolean {
  const { 'content-length': length } = headers;
  return length === undefined || Number(length) > bodies.limits.whole;
}

/** For the books, in which a request has one model however it is answered: in a body that is not read, as it passes. */
function lookForModel(request: IncomingMessage, { coding }: Reading, marks: Marks): void {
  if (coding !== null) return;
  const scan = new ModelScan();
  const look = (chunk: Buffer) => {
    scan.push(chunk);
    marks.model ??= scan.model;
    if (scan.model !== null) request.off('data', look);
  };
  // Not `on`, which would have the body flow before anybody takes it.
  request.prependListener('data', look);
}

/** A stream of its own costs more than a short body does. */
function unreadBody(door: Door, request: IncomingMessage): Promise<WholeBody | Readable> | Readable | null {
  if (request.headers['transfer-encoding'] !== undefined) return door.bodies.stream(request);
  const length = lengthOf(request);
  if (length === 0) return null;
  return length <= SHORT ? door.bodies.read(request, length) : door.bodies.stream(request);
}

/** In bytes, as declared; 0 where it is not. */
function lengthOf(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

/** @returns the body as its key is made from it, or why it has none */
async function decoded(body: WholeBody, coding: string, { accepted, whole }: BodyLimits): Promise<WholeBody | string> {
  const plain = await decodeBody(body.bytes, coding, accepted);
  if (plain === null) return 'encoded-request';
  return plain.length > whole ? 'large-request' : new WholeBody([plain]);
}

/** @param recorded whether the answer may be played to others, who did not choose its coding */
function leadOf(door: Door, { method, route, occasion, callerThere }: Reading, request: IncomingMessage, body: WholeBody | Readable | null, recorded: boolean): Lead {
  return (writer) => {
    const headers = forwardedHeaders(request.rawHeaders, recorded);
    addVia(headers, request.httpVersion, door.pseudonym);
    const length = request.headers['content-length'];
    const isWhole = body instanceof WholeBody;
    if (body !== null && !isWhole && length !== undefined) headers.push('content-length', length);
    const onStatus = (status: number) => door.refused.note(callerThere, status);
    const { origin, setting } = route.target;
    const repeatable = occasion !== null || IDEMPOTENT.has(method);
    door.upstream.send({ origin, setting, method, path: requestPath(route), headers, body: isWhole ? body.bytes : body, repeatable, decoded: recorded, onStatus }, writer);
  };
}
