/**
 * The value of a setting as it was written, its place, and the one line that
 * refuses it: `REFRAIN_PORT is "abc"; it may be a whole number
 * from 0 to 65535`.
 */
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import type { ValueType } from './setting.ts';

export interface RawValue {
  readonly value: unknown;
  /** As the person knows it: a flag, a variable or a path in a JSON file. */
  readonly name: string;
  /** The file that holds it, if it is in one. */
  readonly file?: string;
}

/** Shown in the place of a secret. */
export const NOT_SHOWN = 'set (not shown)';

/** All that one source gives, under its own names. */
export type RawValues = ReadonlyMap<string, RawValue>;

export function readValue<Value>(rawValue: RawValue, type: ValueType<Value>): Value {
  const result = type.schema.safeParse(rawValue.value, { error: () => type.allowed });
  if (result.success) return result.data;
  throw refuseIssue(rawValue, result.error.issues[0]!, type.secret);
}

/** A refusal in one line, whatever was written. */
export function refuse(sentence: string): ConfigError {
  return new ConfigError(sentence.replaceAll(/\p{Cc}+/gu, ' '));
}

/** `upstreams.groq.url in refrain.json`: a value, or a part of it. */
export function placeOf({ name, file }: RawValue, inner: readonly PropertyKey[] = []): string {
  const parts = inner.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return `${name}${parts.join('')}${file === undefined ? '' : ` in ${file}`}`;
}

/** A value as it may be shown: in one short piece, without what a URL hides. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(censor(value).slice(0, 80));
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function refuseIssue(rawValue: RawValue, issue: z.core.$ZodIssue, secret = false): ConfigError {
  if (issue.code === 'unrecognized_keys') {
    const strange = placeOf(rawValue, [...issue.path, issue.keys[0]!]);
    return refuse(`${strange} is not a setting; ${placeOf(rawValue, issue.path)} may be ${issue.message}`);
  }
  if (issue.code === 'invalid_key') {
    return refuse(`${placeOf(rawValue, issue.path)} is not a usable name; it may be ${issue.issues[0]!.message}`);
  }
  const { path, value } = partAt(rawValue.value, issue.path);
  const shown = secret ? NOT_SHOWN : show(value);
  return refuse(`${placeOf(rawValue, path)} is ${shown}; it may be ${issue.message}`);
}

/** The part at a path, or at as much of the path as was written. */
function partAt(value: unknown, path: readonly PropertyKey[]): { path: readonly PropertyKey[]; value: unknown } {
  let part = value;
  for (const [depth, key] of path.entries()) {
    const reachable = typeof part === 'object' && part !== null && Object.hasOwn(part, key);
    if (!reachable) return { path: path.slice(0, depth), value: part };
    part = (part as Record<PropertyKey, unknown>)[key];
  }
  return { path, value: part };
}

/** Credentials stand before an `@`, or in a query or fragment. */
function censor(text: string): string {
  return text.replace(/^.*@/s, '…@').replace(/[?#].*$/s, '…');
}
