/**
 * From a request to an open answer: what is asked, by whom, under which key,
 * and the question put to the cache. What cannot be cached is relayed, its
 * body streamed through.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Cache } from '../cache/cache.ts';
import type { Opening } from '../cache/outcome.ts';
import type { Lead } from '../cache/flight.ts';
import type { RefusedCallers } from '../cache/refused-callers.ts';
import type { Clock } from '../clock.ts';
import { deletedAnswerOf } from '../endpoint.ts';
import { notCached, stopping } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../log.ts';
import { isShared } from '../request/caller.ts';
import { decodeBody, isIdentity } from '../request/content-coding.ts';
import { keyOf } from '../request/fingerprint.ts';
import { type HeaderFields, readHeaderFields, valueOf } from '../request/header-fields.ts';
import type { Namer } from '../request/namer.ts';
import type { Policy } from '../request/policy.ts';
import { occasionOf, type Reading, readHead, type Rules } from '../request/reading.ts';
import { requestPath } from '../request/route.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { Store } from '../store/store.ts';
import { forwardedHeaders, meantHeaders } from '../upstream/headers.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { type BodyLimits, readBody, streamBody } from './body.ts';
import type { Marks } from './marks.ts';
import type { Heartbeat } from './serve.ts';
import { whyMissed } from './why.ts';

/** All that the API door needs. */
export interface Door {
  readonly cache: Cache;
  readonly store: Store;
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly rules: Rules;
  readonly namer: Namer;
  readonly refused: RefusedCallers;
  readonly bodyLimits: BodyLimits;
  readonly clock: Clock;
  /** Null where silent streams stay silent. */
  readonly heartbeat: Heartbeat | null;
  /** Whether new requests are turned away. */
  readonly isStopping: () => boolean;
  /** Whether a response that `max_output_tokens` has cut is kept. */
  readonly incomplete: 'drop' | 'keep';
  /** Whether what was asked is kept with its answer. */
  readonly keepsPrompts: boolean;
}

/** @throws RefrainError where the request is refused */
export async function openAnswer(door: Door, request: IncomingMessage, marks: Marks): Promise<Opening> {
  if (door.isStopping()) throw stopping();
  const { method = 'GET', url = '', rawHeaders } = request;
  const reading = readHead(door.rules, { method, url, fields: readHeaderFields(meantHeaders(rawHeaders)) });
  const { route, policy, endpoint, caller, head: { fields } } = reading;
  marks.cacheable = endpoint !== null;
  marks.endpoint = endpoint;
  marks.scope = caller.scope;
  const deleted = deletedAnswerOf(method, route.path);
  if (deleted !== null) door.cache.forget(deleted);

  const relay = (why: string, body: WholeBody | Readable | null): Opening => {
    if (!policy.ask) throw notCached();
    return door.cache.bypass(why, leadOf(door, reading, request, body, false), endpoint);
  };
  const relayUnread = (why: string) => relay(why, hasBody(fields) ? streamBody(request, door.clock) : null);
  if (endpoint === null) return relayUnread('route');
  const why = whyNotRead(policy);
  if (why) return relayUnread(why);
  const body = await readBody(request, door.bodyLimits, door.clock);
  const plain = await readPlain(body, fields, door.bodyLimits);
  if (typeof plain === 'string') return relay(plain, body);
  const occasion = occasionOf(door.rules, endpoint, reading);
  const naming = await door.namer.name(occasion, plain);
  if (typeof naming === 'string') return relay(naming, body);
  const { name, form, model, choices, inputs, jsonText } = naming;
  marks.key = name.slice(0, 16);
  marks.model = model;
  const isRefused = door.refused.has(whoseOf(reading));
  const like = { endpoint, model, scope: caller.scope, tags: policy.tags };
  const parts = () => naming.parts ?? door.namer.parts(occasion, plain);
  const opening = await door.cache.open({
    key: keyOf(name, form),
    permission: isRefused ? { ...policy, read: false, follow: false } : policy,
    expected: { endpoint, choices, inputs, jsonText, incomplete: door.incomplete, doneMarker: route.target.doneMarker },
    shared: isShared(caller.scope),
    label: like,
    parts: () => (door.keepsPrompts ? parts() : null),
    lead: leadOf(door, reading, request, body, true),
  });
  if (policy.debug && opening.outcome.word === 'miss') {
    marks.why = isRefused ? 'the upstream refused this credential last' : await whyMissed(door, policy, like, { ...naming, parts: parts() });
  }
  return opening;
}

/** Names a credential at one upstream. */
function whoseOf({ route, caller }: Pick<Reading, 'route' | 'caller'>): string {
  return `${route.target.origin} ${caller.digest}`;
}

/** Why the body is not even read, or nothing. */
function whyNotRead(policy: Policy): string | null {
  if (!policy.write) return 'no-store';
  return policy.mode === 'off' ? 'off' : null;
}

/** @returns the body as its key is made from it, or why it has none */
async function readPlain(body: WholeBody | Readable, fields: HeaderFields, { accepted, whole }: BodyLimits): Promise<WholeBody | string> {
  if (!(body instanceof WholeBody)) return 'large-request';
  const coding = valueOf(fields, 'content-encoding');
  if (isIdentity(coding)) return body;
  const plain = await decodeBody(body.bytes, coding as string, accepted);
  if (plain === null) return 'encoded-request';
  return plain.length > whole ? 'large-request' : new WholeBody([plain]);
}

function hasBody(fields: HeaderFields): boolean {
  return fields.has('transfer-encoding') || Number(valueOf(fields, 'content-length') ?? 0) > 0;
}

/** @param recorded whether the answer may be played to others, who did not choose its coding */
function leadOf(door: Door, { route, head: { method }, ...reading }: Reading, request: IncomingMessage, body: WholeBody | Readable | null, recorded: boolean): Lead {
  const { origin } = route.target;
  const whose = whoseOf({ route, ...reading });
  const onStatus = (status: number) => door.refused.note(whose, status);
  return (writer, signal) => {
    const headers = forwardedHeaders(request.rawHeaders, recorded);
    const length = request.headers['content-length'];
    const isWhole = body instanceof WholeBody;
    if (body !== null && !isWhole && length !== undefined) headers.push('content-length', length);
    door.upstream.send({ origin, method, path: requestPath(route), headers, body: isWhole ? body.bytes : body, decoded: recorded, onStatus }, writer, signal);
  };
}
