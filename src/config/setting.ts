/**
 * A setting: what it may be and what it means. Its names on the command line
 * and in the environment follow by rule from its path.
 */
import type { z } from 'zod';

/** A type of values: how one is checked, and the words that say what it may be. */
export interface ValueType<Value> {
  /** Takes text, what JSON holds, and its own output. */
  readonly schema: z.ZodType<Value>;
  /** Completes the sentence "it may be …". */
  readonly allowed: string;
  /** All that it may be, where that is a few words. */
  readonly words?: readonly string[];
  /** Its value is never shown. */
  readonly secret?: true;
}

export interface Setting<Value = unknown> extends ValueType<Value> {
  /** One line without a full stop. */
  readonly meaning: string;
  /** Too rich for one line of text: only the JSON file gives it. */
  readonly fileOnly?: true;
  readonly former?: FormerSetting<Value>;
  /** The flag may be given several times: it is a list of what was. */
  readonly isRepeatable?: true;
}

/** An option of one command. Like a setting, `olderThan` is `--older-than` on the line. */
export interface Option<Value = unknown> extends Setting<Value> {
  /** The placeholder of its value in --help. */
  readonly value: string;
}

/** A name that a setting had once, read with a notice where its name of today is given nowhere. */
export interface FormerSetting<Value = unknown> extends ValueType<Value> {
  /** Its name then, or that of the setting that said the same. */
  readonly path: string;
}

/** The flag of a setting, without its dashes: `memory.bytes` is `memory-bytes`, `maxTtl` is `max-ttl`. */
export function flagName(path: string): string {
  return path.replace(/\.|(?=[A-Z])/g, '-').toLowerCase();
}

/** The environment variable of a setting: `memory.bytes` is `REFRAIN_MEMORY_BYTES`. */
export function variableName(path: string): string {
  return `REFRAIN_${flagName(path).replaceAll('-', '_').toUpperCase()}`;
}

/** The ending of a variable that names a file with the secret in it, in the place of the secret itself. */
export const SECRET_FILE = '_FILE';
