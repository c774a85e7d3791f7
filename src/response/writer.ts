/**
 * What an answer is poured into: `begin` once, `append` any number of times,
 * then `finish` or `fail`, once. What comes after the end changes nothing.
 */
import type { RefrainError } from '../errors.ts';
import type { Head } from './entry.ts';

export interface Writer {
  begin(head: Head, framing: Framing): void;
  /** @returns false when the writer should wait for `onWanted` before it appends more. */
  append(chunk: Buffer): boolean;
  finish(): void;
  fail(failure: Failure): void;
  /** Set by whoever writes; called when more is wanted after `append` returned false. */
  onWanted: (() => void) | null;
}

/** How the end of a body is known. */
export interface Framing {
  /** The body's length in bytes where the upstream declared it, else null. */
  readonly length: number | null;
  /** Whether a length or chunks mark the end; else only the connection's end does. */
  readonly delimited: boolean;
}

/** Why an answer broke off, and whether its bytes have told the listener already. */
export interface Failure {
  readonly error: RefrainError;
  readonly told: boolean;
}
