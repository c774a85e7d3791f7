/**
 * The reasons not to keep an answer, and for how long it is kept.
 */
import type { NoStore, Unkept } from '../response/complete.ts';
import type { Entry, Head } from '../response/entry.ts';
import { innerCacheOf } from '../response/inner-cache.ts';
import { whyNotByHead } from '../response/validator.ts';

export type WhyNotKept =
  | Unkept
  /** Its request lets it be kept for no time at all. */
  | 'ttl'
  /** Longer than `maxEntryBytes`. */
  | 'too-large'
  /** The answers on their way hold `limits.bytes` already. */
  | 'limits'
  /** A purge came while it was on its way. */
  | 'purged'
  /** Keeping it failed. */
  | 'store';

const WORDS: Readonly<Record<WhyNotKept, string>> = {
  'status': 'its status was not 200',
  'upstream-no-store': 'the upstream said no-store',
  'vary': 'the upstream said that it varies by more than headers (Vary: *)',
  'encoded': 'it came in a content coding',
  'content-type': 'it was neither JSON nor an event stream',
  'not-json': 'it was not JSON',
  'error-object': 'it carried an error',
  'unfinished': 'it did not come to its end',
  'dialect': 'it is not written as this endpoint answers',
  'missing-choice': 'it has fewer choices than were asked for',
  'missing-input': 'it has fewer results than were asked for',
  'tool-call': 'the arguments of a tool call are not JSON',
  'text-not-json': 'its text is not the JSON that was asked for',
  'web-search': 'it was searched for',
  'length': 'it ends at its length, and keep has no length',
  'content-filter': 'a content filter ended it',
  'empty': 'it says nothing',
  'incomplete': 'it is cut by max_output_tokens',
  'no-event': 'no event came in its stream',
  'missing-done': 'its stream ended without data: [DONE]',
  'missing-usage': 'its stream ended without data: [DONE] and the usage that was asked for',
  'connection-close': 'only the end of its connection ended it',
  'ttl': 'its request had a ttl of 0',
  'too-large': 'it was longer than maxEntryBytes',
  'limits': 'the answers on their way held limits.bytes',
  'purged': 'a purge came while it was on its way',
  'store': 'the store failed',
};

/** By the head alone; the body may still speak against it. @param ttl in seconds */
export function whyNotStorable(ttl: number, head: Head, noStore: NoStore): WhyNotKept | null {
  return whyNotByHead(head, noStore) ?? (lifetimeOf(ttl, head, 0).expiresAt > 0 ? null : 'ttl');
}

/**
 * The time from when to when an answer is kept, in milliseconds since the epoch: what another Refrain
 * stored before us has its age already, and may be served no longer than that one would.
 * @param ttl in seconds
 */
export function lifetimeOf(ttl: number, head: Head, now: number): Pick<Entry, 'storedAt' | 'expiresAt'> {
  const { age, ttl: rest } = innerCacheOf(head) ?? { age: 0, ttl: Infinity };
  const storedAt = now - age * 1000;
  return { storedAt, expiresAt: Math.min(storedAt + ttl * 1000, now + rest * 1000) };
}

/** A reason for people. */
export function inWords(why: string): string {
  return (WORDS as Readonly<Record<string, string>>)[why] ?? why;
}
