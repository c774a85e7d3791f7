/**
 * The terms of an answer by its head, for whom it is and whether it may be kept:
 * read once, for any number of requests that follow.
 */
import type { NoStore } from '../response/complete.ts';
import type { Head, Variant } from '../response/entry.ts';
import { innerCacheOf } from '../response/inner-cache.ts';
import { whyForOneAlone } from '../response/validator.ts';
import { whyNotStorable, type WhyNotKept } from './storable.ts';
import { type Sent, variantOf } from './variants.ts';

export interface Terms {
  /** Its variant; null where there is one for all. */
  readonly variant: Variant | null;
  /** Why it is for nobody but who asked for it, or null. */
  readonly whyForOneAlone: 'upstream-no-store' | 'vary' | null;
  /** How old it is already, in seconds. */
  readonly age: number;
  /** Why it may not be kept, or null: its body may still disappoint. */
  readonly unstorable: WhyNotKept | null;
}

/** The facts about the request that leads. */
export interface Leader {
  readonly sent: Sent;
  readonly noStore: NoStore;
  /** How long it lets its answer be kept, in seconds. */
  readonly ttl: number;
}

/** An error is for those who waited for it. */
export function termsOf(head: Head, { sent, noStore, ttl }: Leader): Terms {
  const variant = variantOf(head, sent);
  const unstorable = whyNotStorable(ttl, head, noStore);
  if (head.status !== 200) return { variant, whyForOneAlone: null, age: 0, unstorable };
  return { variant, whyForOneAlone: whyForOneAlone(head, noStore), age: innerCacheOf(head)?.age ?? 0, unstorable };
}
