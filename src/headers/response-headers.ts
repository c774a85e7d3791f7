/**
 * The headers that an answer leaves with: the upstream's, as far as they are
 * for this reader, and ours.
 */
import { cacheStatus, derivationOf, type Outcome, xCache } from '../cache/outcome.ts';
import type { Endpoint } from '../endpoint.ts';
import { type Head, headerOf, selectHeaders } from '../response/entry.ts';
import type { Usage } from '../response/usage.ts';
import { isEventStream } from '../response/validator.ts';
import { followedHeaders, relayedHeaders, sharedErrorHeaders, withoutCookies } from './relayed-headers.ts';

/** How many inputs of a batch were known, and how many were asked for. */
export interface ItemCounts {
  readonly hit: number;
  readonly fetched: number;
  /** The tokens of those that were known, beside others that were asked for; null where there are none. */
  readonly spared: Usage | null;
}

/** The facts of one request that its response shows. */
export interface HeaderContext {
  readonly requestId: string;
  /** Null for a path that is not cached, and before that is known. */
  endpoint: Endpoint | null;
  /** The first 16 digits of the fingerprint; null where there is none. */
  key: string | null;
  /** Why a miss was one, for the request that asked. */
  why: string | null;
  /** Null where it is answered whole, and for one that follows. */
  items: ItemCounts | null;
}

/** Nobody downstream keeps an answer: it is one caller's, and its freshness is ours to judge. */
const UNCACHED = ['cache-control', 'private, no-store'] as const;

/** @param length the body's length in bytes; null while it is unknown */
export function responseHeaders(head: Head, length: number | null, outcome: Outcome, context: HeaderContext): string[] {
  const streams = isEventStream(head);
  // A kept answer has none of the headers that ours replace.
  const headers = outcome.word === 'hit' ? [...head.headers] : upstreamHeaders(head, outcome, context, streams);
  if (context.endpoint !== null || headerOf(headers, 'cache-control') === undefined) headers.push(...UNCACHED);
  const { requestId, key, why, items } = context;
  headers.push('cache-status', cacheStatus(outcome), 'x-cache', xCache(outcome));
  headers.push('x-refrain-request-id', requestId);
  if (key !== null) headers.push('x-refrain-key', key);
  if (why !== null) headers.push('x-refrain-why', why);
  if (items !== null) headers.push('x-refrain-items', `hit=${items.hit}, fetched=${items.fetched}`);
  if (outcome.word === 'hit') headers.push('age', String(outcome.age));
  const derivation = derivationOf(outcome);
  if (derivation !== null) headers.push('x-refrain-form', derivation);
  if (streams) headers.push('x-accel-buffering', 'no');
  if (length !== null && head.status !== 204 && head.status !== 304) headers.push('content-length', String(length));
  return headers;
}

/** Without what ours replace. On a path that is not cached, the upstream's own `Cache-Control` stands. */
function upstreamHeaders(head: Head, outcome: Outcome, { endpoint }: HeaderContext, streams: boolean): string[] {
  return selectHeaders(
    headersFor(head, outcome),
    (name) => !(endpoint !== null && name === 'cache-control') && !(streams && name === 'x-accel-buffering'),
  );
}

function headersFor({ status, headers }: Head, outcome: Outcome): readonly string[] {
  switch (outcome.word) {
    case 'hit':
      return headers;
    case 'follow':
      return status === 200 ? followedHeaders(headers) : sharedErrorHeaders(headers);
    case 'miss':
      if (status === 200 && outcome.answer.unstorable === null) return withoutCookies(relayedHeaders(headers));
      return relayedHeaders(headers);
    case 'bypass':
      return relayedHeaders(headers);
  }
}
