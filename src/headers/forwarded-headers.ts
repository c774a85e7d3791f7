/**
 * Which headers cross, each way. What describes one hop (RFC 9110, 7.6.1) never
 * crosses; what is ours is ours; the rest passes as it is spelled.
 */
import { HOP_BY_HOP } from '../request/header-fields.ts';
import { headerOf, type RawHeaders, selectHeaders } from '../response/entry.ts';

const HOP = new Set(HOP_BY_HOP);

/** Made anew for each hop from the body itself. */
const FRAMING = new Set(['content-length', 'host', 'expect']);

/** What a stored or shared answer keeps. */
const KEPT = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'vary',
  'x-request-id',
  'request-id',
  'openai-version',
  'x-content-type-options',
]);

const COOKIES = new Set(['set-cookie', 'set-cookie2']);

/** Facts about one caller's session, which no other caller may see. */
const PERSONAL = new Set([...COOKIES, 'openai-organization', 'openai-project', 'anthropic-organization-id']);

/**
 * The headers that go upstream.
 * @param identity asks for a body without content coding, so that one recording serves every listener
 */
export function forwardedHeaders(raw: RawHeaders, identity: boolean): string[] {
  const named = connectionNames(raw);
  const headers = selectHeaders(
    raw,
    (name) => !isHop(name, named) && !isOwn(name) && !FRAMING.has(name) && !(identity && name === 'accept-encoding'),
  );
  if (identity) headers.push('accept-encoding', 'identity');
  return headers;
}

/**
 * Names us among those who carried a message (RFC 9110, 7.6.3), after whoever did before.
 * @param version of HTTP that the request came in
 */
export function addVia(headers: string[], version: string, pseudonym: string): void {
  const ours = `${version} ${pseudonym}`;
  const last = headers.findLastIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'via');
  if (last === -1) headers.push('via', ours);
  else headers[last + 1] = `${headers[last + 1]}, ${ours}`;
}

/** Tests whether a request has come by here before. */
export function namesUs(raw: RawHeaders, pseudonym: string): boolean {
  return (headerOf(raw, 'via') ?? '').split(',').some((member) => member.trim().split(/\s+/)[1] === pseudonym);
}

/**
 * The headers of a request that say what is asked: those that `Connection` declares to be of this hop go no
 * further, so nothing may be kept under them. What frames the message or tells us what to do still counts.
 */
export function meantHeaders(raw: RawHeaders): string[] {
  const named = connectionNames(raw);
  return selectHeaders(
    raw,
    (name) => !named.has(name) || HOP.has(name) || FRAMING.has(name) || isOwn(name) || name === 'cache-control',
  );
}

/** The headers of an answer that its own caller gets. */
export function relayedHeaders(raw: RawHeaders): string[] {
  const named = connectionNames(raw);
  return selectHeaders(raw, (name) => !isHop(name, named) && !isOwn(name) && name !== 'content-length');
}

/** The headers of an answer that is played again, or to somebody else. */
export function replayedHeaders(raw: RawHeaders): string[] {
  return selectHeaders(raw, (name) => KEPT.has(name) || name.startsWith('access-control-'));
}

/** The headers of an error that others waited for: what tells them when to try again stays. */
export function sharedErrorHeaders(raw: RawHeaders): string[] {
  return selectHeaders(relayedHeaders(raw), (name) => !PERSONAL.has(name));
}

/** The headers of an answer that is kept, for its own caller. */
export function withoutCookies(raw: RawHeaders): string[] {
  return selectHeaders(raw, (name) => !COOKIES.has(name));
}

function isHop(name: string, named: ReadonlySet<string>): boolean {
  return HOP.has(name) || named.has(name);
}

/** Our controls on the way up, our marks on the way down: those of another Refrain are its own affair. */
function isOwn(name: string): boolean {
  return name.startsWith('x-refrain-') || name === 'x-cache';
}

/** Headers that `Connection` declares to be of this hop alone. */
function connectionNames(raw: RawHeaders): ReadonlySet<string> {
  return new Set((headerOf(raw, 'connection') ?? '').split(',').map((name) => name.trim().toLowerCase()));
}
