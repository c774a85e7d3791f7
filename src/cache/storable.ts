/**
 * Why an answer is not kept, or nothing.
 */
import type { Unkept } from '../response/complete.ts';
import type { Head } from '../response/entry.ts';
import { whyNotByHead } from '../response/judge.ts';

export type WhyNotKept =
  | Unkept
  /** Its request lets it be kept for no time at all. */
  | 'ttl';

/** As far as the head tells; the body may still disappoint. @param ttl in seconds */
export function whyNotStorable(ttl: number, head: Head): WhyNotKept | null {
  return whyNotByHead(head) ?? (ttl === 0 ? 'ttl' : null);
}
