/**
 * The headers of a request: those that go upstream, spelled as they came, and
 * those that say what is asked.
 */
import { headerOf, type RawHeaders, selectHeaders } from '../response/entry.ts';
import { connectionNames, isHop, isOwn } from './hop.ts';

/** Made anew for each hop from the body itself. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'host', 'expect']);

const NONE: ReadonlySet<string> = new Set();

/**
 * The headers that go upstream.
 * @param identity asks for a body without content coding, so that one recording serves every reader
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
 * Names us among those who carried a message (RFC 9110, 7.6.3), after those who did before.
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
    (name) => !named.has(name) || isHop(name, NONE) || FRAMING.has(name) || isOwn(name) || name === 'cache-control',
  );
}
