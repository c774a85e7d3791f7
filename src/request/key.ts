/**
 * From the bytes of a request to the name of its answer: what they ask, and
 * the fingerprint of that. Pure, and of plain values both ways, so that another
 * thread can do it.
 */
import { hash } from 'node:crypto';
import type { Dialect } from '../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import { type ParsedRequest, parseRequest, type WhyNotCacheable } from './parsed-request.ts';
import type { Bypasses } from './bypasses.ts';
import type { Ignored } from './canonical.ts';
import { fingerprint, keyOf, type Parts } from './fingerprint.ts';
import type { CacheMode } from './policy.ts';

/** All that a key is made from but the bytes of its request. */
export interface KeyContext {
  readonly endpoint: Endpoint;
  readonly mode: CacheMode;
  readonly dialect: Dialect;
  readonly ignored: Ignored;
  readonly bypasses: Bypasses;
  /** All but `body`. */
  readonly parts: Parts;
  /** Distinguishes the contexts of one proxy; SHA-256, in base64. */
  readonly digest: string;
}

/** With its digest. */
export function createKeyContext(facts: Omit<KeyContext, 'digest'>): KeyContext {
  return { ...facts, digest: hash('sha256', JSON.stringify([facts.mode, facts.dialect, facts.parts]), 'base64') };
}

export interface KeyedRequest extends Omit<ParsedRequest, 'text'> {
  readonly key: string;
  /** The parts of the name; null where the body is too long to be kept with its answer. */
  readonly parts: Parts | null;
}

/** @returns the key, with its parts, or why the request has none */
export function computeKey(keyContext: KeyContext, body: Buffer): KeyedRequest | WhyNotCacheable {
  const parsed = parseRequest(keyContext, body);
  if (typeof parsed === 'string') return parsed;
  const { text, ...facts } = parsed;
  const parts = { ...keyContext.parts, body: text };
  return { ...facts, key: keyOf(fingerprint(parts), facts.form), parts };
}

/** The longest body text that is kept with an answer, in UTF-16 units. */
const KEPT_TEXT = 256 * 1024;

/** Without parts that are too long to be kept. */
export function lightened(keyed: KeyedRequest | WhyNotCacheable): KeyedRequest | WhyNotCacheable {
  if (typeof keyed === 'string' || (keyed.parts?.body?.length ?? 0) <= KEPT_TEXT) return keyed;
  return { ...keyed, parts: null };
}
