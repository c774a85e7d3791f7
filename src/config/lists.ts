/**
 * Settings with several items: an array in JSON, a text with commas elsewhere,
 * where `none` is the empty list.
 */
import { z } from 'zod';
import type { Kind } from './setting.ts';

/** Who shares a scope: `sha256:` and the hex digest of a credential, or `*` for every caller. */
export const members: Kind<readonly string[]> = {
  schema: list(z.string().regex(/^(\*|sha256:[0-9a-f]{64})$/i).toLowerCase()),
  allowed: 'a list, with commas between, of sha256: and 64 hex digits, or * for every caller',
  /** A credential itself is easily put here in the place of its digest. */
  secret: true,
};

/** A JSON Pointer that is not empty (RFC 6901, section 3). */
const POINTER = /^(\/([^~/]|~[01])*)+$/;

/** A header's name is a token (RFC 9110, section 5.6.2). */
const HEADER = /^header:[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What is left out of the key: `default`, JSON Pointers, and headers with their names in lower case. */
export const ignored: Kind<readonly string[]> = {
  schema: list(
    z.string()
      .refine((item) => item === 'default' || POINTER.test(item) || HEADER.test(item))
      .transform((item) => (HEADER.test(item) ? item.toLowerCase() : item)),
  ),
  allowed: 'none, or a list, with commas between, of default, JSON Pointers such as /metadata/trace_id, and header:NAME',
};

/** A model's name; `*` stands for anything. */
const MODEL = /^model:[^\s,]+$/;

/** What goes past the cache: `default`, JSON Pointers, and models by a pattern. */
export const bypassed: Kind<readonly string[]> = {
  schema: list(z.string().refine((item) => item === 'default' || POINTER.test(item) || MODEL.test(item))),
  allowed:
    'none, or a list, with commas between, of default, JSON Pointers such as /enable_search, ' +
    'and model:PATTERN such as model:sonar*',
};

function list(item: z.ZodType<string>): z.ZodType<readonly string[]> {
  return z.preprocess(splitText, z.array(item));
}

function splitText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value === 'none' ? [] : value.split(',').map((item) => item.trim());
}
