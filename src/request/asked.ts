/**
 * What was asked, from the parts that its key was made of, as people read it.
 */
import type { Parts } from './fingerprint.ts';

/** A request as it is told of. The body is canonical text: members in the order of the key, labels left out. */
export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Those that are in the key, by lower-case name; several values are on a line each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a header or a parameter of the query is called that is, or holds, a credential: `cookie`, `x-goog-api-key`, `helicone-auth`, `?key=`. */
const SECRET_NAME = /(?:^|[-_]|\b|api)(?:key|token|secret|auth|authorization|password|passwd|credentials?|sig|signature|cookie)$/i;

/**
 * Whether a request shows a credential beside those that are in the scope. It
 * is forwarded and tells answers apart, but what was asked is then not kept.
 */
export function showsCredential({ query = '', ...others }: Parts): boolean {
  const headers = Object.keys(others).filter((name) => name.startsWith('header:'));
  return [...headers, ...new URLSearchParams(query).keys()].some(isSecretName);
}

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

export function askedRequest(parts: Parts): AskedRequest {
  const { method = '', path = '', query = '', body = '' } = parts;
  const headers = Object.entries(parts).filter(([name]) => name.startsWith('header:')).map(([name, value]) => [name.slice('header:'.length), value]);
  return { method, path, query, headers: Object.fromEntries(headers), body: bodyText(body) };
}

/** Without its kind: `json:` stands before canonical text, `raw:` before bytes as Latin-1. */
function bodyText(body: string): string {
  const text = body.slice(body.indexOf(':') + 1);
  return body.startsWith('raw:') ? Buffer.from(text, 'latin1').toString() : text;
}
