/**
 * From a request to an open answer: what is asked, by whom, under which key,
 * and the question put to the cache. What cannot be cached is relayed, its
 * body streamed through.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Cache, Opening } from '../cache/cache.ts';
import type { Lead } from '../cache/flight.ts';
import { deletedAnswerOf, endpointOf } from '../endpoint.ts';
import { notCached } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../log.ts';
import { readAsk } from '../request/ask.ts';
import { isShared, type Scope } from '../request/caller.ts';
import type { Omissions } from '../request/fields.ts';
import { fingerprint, keyOf } from '../request/fingerprint.ts';
import { type HeaderFields, valueOf } from '../request/header-fields.ts';
import { type Policy, type PolicyDefaults, readPolicy } from '../request/policy.ts';
import { forwardedHeaders } from '../upstream/headers.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { readBody, streamBody } from './body.ts';
import type { Marks } from './marks.ts';
import { findRoute, requestPath, type Route, type Targets } from './routes.ts';

/** All that the API door needs. */
export interface Door {
  readonly cache: Cache;
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly targets: Targets;
  readonly policy: PolicyDefaults;
  readonly omissions: Omissions;
  readonly maxRequestBytes: number;
  readonly scopeOf: (fields: HeaderFields) => Scope;
}

/** @throws RefrainError where the request is refused */
export async function openAnswer(door: Door, request: IncomingMessage, fields: HeaderFields, marks: Marks): Promise<Opening> {
  const route = findRoute(request, fields, door.targets);
  const policy = readPolicy(fields, door.policy);
  const method = request.method ?? 'GET';
  const endpoint = endpointOf(method, route.path);
  marks.cacheable = endpoint !== null;
  const deleted = deletedAnswerOf(method, route.path);
  if (deleted !== null) door.cache.forget(deleted);

  const relay = (why: string, body: Buffer | Readable | null): Opening => {
    if (!policy.ask) throw notCached();
    return door.cache.bypass(why, leadOf(door, route, request, body, false));
  };
  const relayUnread = (why: string) => relay(why, hasBody(fields) ? streamBody(request) : null);
  if (endpoint === null) return relayUnread('route');
  const why = whyNotRead(policy, fields);
  if (why) return relayUnread(why);
  const body = await readBody(request, door.maxRequestBytes);
  const ask = readAsk(endpoint, body, door.omissions.body, policy.mode);
  if (typeof ask === 'string') return relay(ask, body);
  const scope = door.scopeOf(fields);
  const { target, path, query } = route;
  const { isIgnoredHeader } = door.omissions;
  const named = { scope, upstream: target.origin, method, path, query, fields, isIgnoredHeader, variant: policy.variant, text: ask.text };
  const name = fingerprint(named);
  marks.key = name.slice(0, 16);
  const { choices, inputs, jsonText } = ask;
  const expected = { endpoint, choices, inputs, jsonText, doneMarker: target.doneMarker };
  const lead = leadOf(door, route, request, body, true);
  return door.cache.open({ key: keyOf(name, ask.form), permission: policy, expected, shared: isShared(scope), lead });
}

/** Why the body is not even read, or nothing. */
function whyNotRead(policy: Policy, fields: HeaderFields): string | null {
  if (!policy.write) return 'no-store';
  if (policy.mode === 'off') return 'off';
  const coding = valueOf(fields, 'content-encoding');
  return coding === undefined || coding.toLowerCase() === 'identity' ? null : 'encoded-request';
}

function hasBody(fields: HeaderFields): boolean {
  return fields.has('transfer-encoding') || Number(valueOf(fields, 'content-length') ?? 0) > 0;
}

/** @param recorded whether the answer may be played to others, who did not choose its coding */
function leadOf(door: Door, route: Route, request: IncomingMessage, body: Buffer | Readable | null, recorded: boolean): Lead {
  const headers = forwardedHeaders(request.rawHeaders, recorded);
  const length = request.headers['content-length'];
  if (body !== null && !Buffer.isBuffer(body) && length !== undefined) headers.push('content-length', length);
  const { origin } = route.target;
  return (writer, signal) => door.upstream.send({ origin, method: request.method ?? 'GET', path: requestPath(route), headers, body }, writer, signal);
}
