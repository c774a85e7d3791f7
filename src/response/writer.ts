/**
 * The end that an answer is written to: `begin` once, `append` any number of times,
 * then `finish` or `fail`, once. What comes after the end changes nothing.
 */
import type { RefrainError } from '../errors.ts';
import type { Head } from './entry.ts';
import type { Usage } from './usage.ts';

export interface Writer {
  begin(head: Head, framing: Framing): void;
  /** @returns false where nothing more should be appended until the source is resumed */
  append(chunk: Buffer): boolean;
  finish(): void;
  fail(failure: AnswerFailure): void;
  /** Set by whoever writes, before anything else; null once that is over. */
  source: Source | null;
}

/** Where an answer comes from. */
export interface Source {
  /** More is wanted, after `append` returned false. */
  resume(): void;
  /** Nothing more is wanted. */
  abort(): void;
}

/** How the end of a body is known. */
export interface Framing {
  /** The body's length in bytes where the upstream declared it, else null. */
  readonly length: number | null;
  /** True where a length or chunks mark the end; else only the connection's end does. */
  readonly delimited: boolean;
  /** The tokens of those of its parts that were known before; absent where there are none. */
  readonly spared?: Usage;
}

/** Why an answer broke off, and whether the last of its bytes are an error of the upstream's own. */
export interface AnswerFailure {
  readonly error: RefrainError;
  readonly alreadySent: boolean;
}
