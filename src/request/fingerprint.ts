/**
 * The 32 bytes that name an answer: SHA-256, by `object-hash`, over one flat
 * record of strings. It is never given parsed JSON: on nested values it
 * collides, is quadratic and overflows the stack; on strings it frames each
 * with its length and does none of these.
 */
import { hash as digest } from 'node:crypto';
import hash from 'object-hash';
import { type Dialect, readsAsOpenai } from '../dialect.ts';
import type { Scope } from './caller.ts';
import { isConfidential } from './confidential.ts';
import { keyedCookies } from './cookies.ts';
import type { Form } from './form.ts';
import type { HeaderFields } from './header-fields.ts';

/** 64 hexadecimal digits. */
export type Fingerprint = string;

/** Raised whenever the same request would get another key, so that old entries are never read by new rules. */
export const KEY_VERSION = '3';

/** All that names an answer but its body. */
export interface Frame {
  readonly scope: Scope;
  /** The upstream that answers: scheme, host and port. */
  readonly upstream: string;
  readonly dialect: Dialect;
  readonly method: string;
  /** The path as the upstream sees it. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  readonly fields: HeaderFields;
  readonly isIgnoredHeader: (name: string) => boolean;
  readonly ignoresRouting: boolean;
  /** Keyed, so that it cannot be tested against a guess. */
  readonly digestOf: (text: string) => string;
  readonly variant: string;
}

/**
 * The texts that a fingerprint is made of, by name: `header:NAME` for each header that counts. A value that is nowhere
 * kept as it is stands there as its digest.
 */
export type Parts = Readonly<Record<string, string>>;

export function partsOf(frame: Frame): Parts {
  const { scope, upstream, dialect, method, path, query, variant } = frame;
  const { fields, isIgnoredHeader, ignoresRouting, digestOf } = frame;
  const parts: Record<string, string> = {
    version: KEY_VERSION,
    scope,
    upstream,
    // Else a request without labels would get what was answered to one whose labels another dialect left out.
    ...(!readsAsOpenai(dialect) && { dialect }),
    method,
    path,
    query: sortedQuery(query),
    variant,
  };
  for (const [name, values] of fields) {
    if (isIgnoredHeader(name) || isAsAbsent(name, values)) continue;
    const keyed = name === 'cookie' && ignoresRouting ? keyedCookies(values) : values;
    if (keyed.length === 0) continue;
    const value = keyed.join('\n');
    parts[`header:${name}`] = isConfidential(name) ? `digest:${digestOf(value)}` : value;
  }
  return parts;
}

/** @param parts with the canonical text of the body as `body` */
export function fingerprint(parts: Parts): Fingerprint {
  return hash(parts, { algorithm: 'sha256', respectType: false });
}

/** The same for one body after another, whose other parts are framed once. */
export function fingerprintFrame(parts: Parts): (body: string) => Fingerprint {
  const framed = (body: string) => {
    let text = '';
    hash.writeToStream({ ...parts, body }, { respectType: false }, { write: (piece: string) => void (text += piece) });
    return text;
  };
  const empty = `string:0:`;
  const [probe, other] = [framed(''), framed('a')];
  // Where the two differ first, the length of the body stands.
  let at = 0;
  while (probe[at] === other[at]) at++;
  const start = probe.slice(0, at - 'string:'.length);
  const end = probe.slice(start.length + empty.length);
  return (body) => digest('sha256', `${start}string:${body.length}:${body}${end}`);
}

/** The key that a store is asked by: the answer and its spelling. */
export function keyOf(name: Fingerprint, form: Form): string {
  return `${name}.${form}`;
}

export function nameOf(key: string): Fingerprint {
  return key.slice(0, key.indexOf('.'));
}

/** The form of a key, of any variant: these differ behind a tilde. */
export function formOf(key: string): Form {
  return key.slice(key.indexOf('.') + 1).split('~', 1)[0] as Form;
}

/** `a=1&b=2` and `b=2&a=1` ask the same; the order of equal names is kept, and no spelling is decoded. */
function sortedQuery(query: string): string {
  const nameOf = (pair: string) => pair.split('=', 1)[0] as string;
  const pairs = query.split('&').map((pair) => [nameOf(pair), pair] as const);
  return pairs
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, pair]) => pair)
    .join('&');
}

/**
 * Tests whether a header says what its absence says. JSON is what every body here is read as; another declared media
 * type may be read otherwise. Any language is what Node's `fetch` asks for by itself (RFC 9110, 12.5.4).
 */
function isAsAbsent(name: string, [value = '', ...others]: readonly string[]): boolean {
  if (others.length > 0) return false;
  if (name === 'accept-language') return value === '*';
  return name === 'content-type' && /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(value);
}
