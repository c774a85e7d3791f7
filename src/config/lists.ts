/**
 * Settings with several items: an array in JSON, a text with commas elsewhere,
 * where `none` is the empty list.
 */
import { z } from 'zod';
import type { ValueType } from './setting.ts';

/** The members of a scope: `sha256:` and the hex digest of a credential, or `*` for every caller. */
export const members: ValueType<readonly string[]> = {
  schema: list(
    z
      .string()
      .regex(/^(\*|sha256:[0-9a-f]{64})$/i)
      .toLowerCase(),
  ),
  allowed: 'a list, with commas between, of sha256: and 64 hex digits, or * for every caller',
  /** A credential itself is easily put here in the place of its digest. */
  secret: true,
};

/** A JSON Pointer (RFC 6901, section 3) that does not stand for the whole body. */
const POINTER = /^(?!\/\*$)(\/([^~/]|~[01])*)+$/;

/** A header's name is a token (RFC 9110, section 5.6.2). */
const HEADER = /^header:[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const POINTERS = 'JSON Pointers such as /metadata/trace_id or /input/*/id, and header:NAME';

/** Parts that are left out of the key: `default`, JSON Pointers, and headers with their names in lower case. */
export const ignored: ValueType<readonly string[]> = {
  schema: list(keyItem((item) => item === 'default')),
  allowed: `none, or a list, with commas between, of default, ${POINTERS}`,
};

/** Parts that are in the key all the same: JSON Pointers, and headers with their names in lower case. */
export const included: ValueType<readonly string[]> = {
  schema: list(keyItem(() => false)),
  allowed: `none, or a list, with commas between, of ${POINTERS}`,
};

/** Parts that a cassette has not as they were: JSON Pointers, and headers with their names in lower case. */
export const redacted: ValueType<readonly string[]> = {
  // Of a flag that is given several times, each is a list.
  schema: z.preprocess(
    (value) => (Array.isArray(value) ? value.flatMap(splitText) : value),
    list(keyItem(() => false)),
  ),
  allowed: `none, or a list, with commas between, of ${POINTERS}`,
};

/** Regular expressions, one or a list of them: a comma is a part of one. */
export const patterns: ValueType<readonly string[]> = {
  schema: z.preprocess(
    (value) => (typeof value !== 'string' ? value : value === 'none' ? [] : [value]),
    z.array(z.string().min(1)),
  ),
  allowed: 'none, or a regular expression as RE2 has them, or a list of them in JSON',
};

/** Headers that are in the caller's scope: `default`, and names in lower case, perhaps with `*` at the end. */
export const scopeHeaders: ValueType<readonly string[]> = {
  schema: list(
    z
      .string()
      .regex(/^[!#$%&'+.^_`|~0-9A-Za-z-]+\*?$/)
      .toLowerCase(),
  ),
  allowed: 'none, or a list, with commas between, of default and names of headers such as x-tenant or x-user-*',
};

/** Names of a listener, each perhaps with a port. */
export const hostNames: ValueType<readonly string[]> = {
  schema: list(
    z
      .string()
      .regex(/^([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$/i)
      .toLowerCase(),
  ),
  allowed: 'none, or a list, with commas between, of names such as refrain.internal or cache.example:8443',
};

function keyItem(isWord: (item: string) => boolean): z.ZodType<string> {
  return z
    .string()
    .refine((item) => isWord(item) || POINTER.test(item) || HEADER.test(item))
    .transform((item) => (HEADER.test(item) ? item.toLowerCase() : item));
}

/** Kinds of answers that are kept although they end before the model has ended them, or say nothing. */
export const kept: ValueType<readonly ('length' | 'content-filter' | 'empty' | 'incomplete')[]> = {
  schema: list(z.enum(['length', 'content-filter', 'empty', 'incomplete'])),
  allowed: 'none, or a list, with commas between, of length, content-filter, empty and incomplete',
};

/** `incomplete`, by which one of them was kept once. */
export const keptBefore: ValueType<z.output<typeof kept.schema>> = {
  schema: z
    .enum(['drop', 'keep'])
    .transform((word) => (word === 'keep' ? (['length', 'incomplete'] as const) : (['length'] as const))),
  allowed: 'drop or keep',
};

/** A model's name; `*` stands for anything. */
const MODEL = /^model:[^\s,]+$/;

/** Requests that go past the cache: `default`, JSON Pointers, and models by a pattern. */
export const bypassed: ValueType<readonly string[]> = {
  schema: list(z.string().refine((item) => item === 'default' || POINTER.test(item) || MODEL.test(item))),
  allowed:
    'none, or a list, with commas between, of default, JSON Pointers such as /enable_search, ' +
    'and model:PATTERN such as model:sonar*',
};

function list<Item extends string>(item: z.ZodType<Item>): z.ZodType<readonly Item[]> {
  return z.preprocess(splitText, z.array(item));
}

function splitText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value === 'none' ? [] : value.split(',').map((item) => item.trim());
}
