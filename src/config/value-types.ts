/**
 * The plain kinds of value: a host, a port, a token, a name, a file, a text,
 * the digits of a key, one of several words.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { inUnits } from './quantities.ts';
import type { ValueType } from './setting.ts';

export const host: ValueType<string> = {
  schema: z.string().refine((text) => isIP(text) !== 0 || /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(text)),
  allowed: 'a host name or an IP address, without a port',
};

export const port: ValueType<number> = {
  schema: z.preprocess(inUnits({ '': 1 }), z.int().min(0).max(65_535)),
  allowed: 'a whole number from 0 to 65535',
};

/** How many answers of their own equal requests get; as many at most as `store/sample-key` numbers. */
export const samples: ValueType<number> = {
  schema: z.preprocess(inUnits({ '': 1 }), z.int().min(1).max(100)),
  allowed: 'a whole number from 1 to 100',
};

/** Fit for an `Authorization: Bearer` header as it stands. */
export const token: ValueType<string | null> = {
  schema: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/)
    .nullable(),
  allowed: '1 to 256 printable ASCII characters without spaces',
  secret: true,
};

/** A secret of 32 bytes. */
export const secretDigits: ValueType<string | null> = {
  schema: z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .toLowerCase()
    .nullable(),
  allowed: '64 hexadecimal digits, such as `openssl rand -hex 32` prints',
  secret: true,
};

export const scopeName: ValueType<string | null> = {
  schema: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .nullable(),
  allowed: '1 to 64 letters, digits, dots, underscores and hyphens',
};

/**
 * A path. What ends in a slash means a folder, and no file of that name; `~` is known to shells alone, and would be
 * the name of a folder here.
 */
const filePath = z
  .string()
  .regex(/[^/]$/)
  .refine((text) => !text.startsWith('~/'), { error: 'a path that has the home directory itself in the place of ~' });

/** The path of a file, or null for `off`. */
export const optionalFile: ValueType<string | null> = {
  schema: z.preprocess((value) => (value === 'off' ? null : value), filePath.nullable()),
  allowed: 'the path of a file, or off',
};

/** The same, or `auto`, which is settled by where the command is given. */
export const storeFile: ValueType<string | null> = {
  ...optionalFile,
  allowed: 'the path of a file, auto or off',
};

export const yesOrNo: ValueType<boolean> = {
  schema: z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean()),
  allowed: 'true or false',
};

export const environmentName: ValueType<string> = {
  schema: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
  allowed: 'the name of an environment variable',
};

/** Names of variables, each given by a flag of its own. */
export const environmentNames: ValueType<readonly string[]> = {
  schema: z.array(environmentName.schema),
  allowed: environmentName.allowed,
};

/** As someone searches for it, or as a label has it. */
export const text: ValueType<string> = {
  schema: z.string().regex(/^[^\p{Cc}]{1,1000}$/u),
  allowed: '1 to 1000 characters without control characters',
};

/** The key of a kept answer, or its beginning; perhaps with the form of the answer. */
export const digits: ValueType<string> = {
  schema: z
    .string()
    .toLowerCase()
    .regex(/^[0-9a-f]{16,64}(\.[a-z+]+(~[0-9a-f]{16})?)?$/),
  allowed: 'the 16 to 64 hexadecimal digits of a key, perhaps with .json or .sse after them',
};

export function oneOf<const Word extends string>(...words: [Word, Word, ...Word[]]): ValueType<Word> {
  const allowed = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return { schema: z.enum(words, { error: allowed }), allowed, words };
}
