/**
 * The headers that an answer leaves with: what the upstream said, as far as it
 * is this listener's to know, and what we add.
 */
import { cacheStatus, type Outcome, xCache } from '../cache/outcome.ts';
import { whyNotStorable } from '../cache/storable.ts';
import type { Endpoint } from '../endpoint.ts';
import { type Head, headerOf, type RawHeaders, selectHeaders } from '../response/entry.ts';
import { isEventStream } from '../response/validator.ts';
import { relayedHeaders, replayedHeaders, sharedErrorHeaders, withoutCookies } from './forwarded-headers.ts';

/** What the headers tell of one request. */
export interface Marks {
  readonly requestId: string;
  /** Null for a path that is not cached, and before that is known. */
  endpoint: Endpoint | null;
  /** The first 16 digits of the fingerprint; null where there is none. */
  key: string | null;
  /** Why a miss was one, for the request that asked. */
  why: string | null;
}

/** @param length the body's length in bytes; null while it is unknown */
export function responseHeaders(head: Head, length: number | null, outcome: Outcome, context: Marks): string[] {
  const streams = isEventStream(head);
  // On a path that we do not cache, the upstream's own stands.
  const isOurs = context.endpoint !== null;
  const isDropped = (name: string) => (isOurs && name === 'cache-control') || (streams && name === 'x-accel-buffering');
  const headers = selectHeaders(headersFor(head, outcome), (name) => !isDropped(name));
  // Nobody downstream keeps an answer: it is one caller's, and its freshness is ours to judge.
  if (isOurs || headerOf(head.headers, 'cache-control') === undefined)
    headers.push('cache-control', 'private, no-store');
  headers.push(
    'cache-status',
    cacheStatus(outcome, head),
    'x-cache',
    xCache(outcome),
    'x-refrain-request-id',
    context.requestId,
  );
  if (context.key !== null) headers.push('x-refrain-key', context.key);
  if (context.why !== null) headers.push('x-refrain-why', context.why);
  if (outcome.word === 'hit') headers.push('age', String(outcome.age));
  if (streams) headers.push('x-accel-buffering', 'no');
  if (length !== null && head.status !== 204 && head.status !== 304) headers.push('content-length', String(length));
  return headers;
}

function headersFor(head: Head, outcome: Outcome): RawHeaders {
  const { status, headers } = head;
  switch (outcome.word) {
    case 'hit':
      return headers;
    case 'follow':
      return status === 200 ? replayedHeaders(headers) : sharedErrorHeaders(headers);
    case 'miss':
      // A kept answer belongs to nobody: a cookie of it would go to the first who asks, and no other.
      if (whyNotStorable(outcome.ttl, head, outcome.noStore) === null) return withoutCookies(relayedHeaders(headers));
      return relayedHeaders(headers);
    case 'bypass':
      return relayedHeaders(headers);
  }
}
