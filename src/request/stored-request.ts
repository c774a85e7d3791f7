/**
 * The request that was asked, from the parts of its key, as people read it.
 */
import { isCredential } from './confidential.ts';
import type { Parts } from './fingerprint.ts';

/** A request as it is shown. The body is canonical text: members in the order of the key, labels left out. */
export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Those that are in the key, by lower-case name; several values are on a line each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Tests whether a request shows a credential in its query. It is forwarded and keeps answers apart, but what was asked
 * is then not kept. One in a header is kept as its digest.
 */
export function showsCredential({ query = '' }: Parts): boolean {
  return [...new URLSearchParams(query).keys()].some(isCredential);
}

export function askedRequest(parts: Parts): AskedRequest {
  const { method = '', path = '', query = '', body = '' } = parts;
  const headers = Object.entries(parts)
    .filter(([name]) => name.startsWith('header:'))
    .map(([name, value]) => [name.slice('header:'.length), value]);
  return { method, path, query, headers: Object.fromEntries(headers), body: bodyText(body) };
}

/** A body as it was sent, without its kind: `json:` stands before canonical text, `raw:` before bytes as Latin-1. */
export function bodyText(body: string): string {
  const text = body.slice(body.indexOf(':') + 1);
  return body.startsWith('raw:') ? Buffer.from(text, 'latin1').toString() : text;
}
