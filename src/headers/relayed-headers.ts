/**
 * The headers of an answer, by the reader they are for: the caller it was
 * fetched for, or anybody to whom it is played.
 */
import { type RawHeaders, selectHeaders } from '../response/entry.ts';
import { connectionNames, isHop, isOwn } from './hop.ts';

/** All that is kept with an answer, and played with it to others. */
const REPLAYED: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'vary',
  'x-request-id',
  'request-id',
  'openai-version',
  'x-content-type-options',
]);

/** The words of caches before us on an answer, which are about all who share its call. */
const OF_CACHES: ReadonlySet<string> = new Set(['age', 'cache-status']);

/** All that is recorded in a cassette, which holds answers of every kind. */
const RECORDED: ReadonlySet<string> = new Set([
  ...REPLAYED,
  'location',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'www-authenticate',
  'allow',
  'content-disposition',
  'content-range',
  'accept-ranges',
]);

const COOKIES: ReadonlySet<string> = new Set(['set-cookie', 'set-cookie2']);

/** Facts about one caller's session, which no other caller may see. */
const PERSONAL: ReadonlySet<string> = new Set([
  ...COOKIES,
  'openai-organization',
  'openai-project',
  'anthropic-organization-id',
]);

/** The headers of an answer that its own caller gets. */
export function relayedHeaders(raw: RawHeaders): string[] {
  const named = connectionNames(raw);
  return selectHeaders(raw, (name) => !isHop(name, named) && !isOwn(name) && name !== 'content-length');
}

/** The headers of an answer that is kept, for its own caller: a cookie of it would go to no other reader. */
export function withoutCookies(raw: RawHeaders): string[] {
  return selectHeaders(raw, (name) => !COOKIES.has(name));
}

/** The headers of an answer that is kept. */
export function replayedHeaders(raw: RawHeaders): string[] {
  return selectHeaders(raw, isReplayed);
}

/** The headers of an answer that is played to somebody else as it comes: how old it is already stays. */
export function followedHeaders(raw: RawHeaders): string[] {
  return selectHeaders(raw, (name) => isReplayed(name) || OF_CACHES.has(name));
}

function isReplayed(name: string): boolean {
  return REPLAYED.has(name) || name.startsWith('access-control-');
}

/**
 * The headers of an answer that a cassette takes in: with those by which an error or a redirect says what to do, and
 * the length that `HEAD` asks for.
 */
export function recordedHeaders(raw: RawHeaders, method: string): string[] {
  const isRecorded = (name: string) => RECORDED.has(name) || (name === 'content-length' && method === 'HEAD');
  return selectHeaders(raw, (name) => isRecorded(name) || name.startsWith('access-control-'));
}

/** The headers of an error that others waited for: what tells them when to try again stays. */
export function sharedErrorHeaders(raw: RawHeaders): string[] {
  return selectHeaders(relayedHeaders(raw), (name) => !PERSONAL.has(name));
}
