/**
 * To whom an answer may be played, by its head: read once, for any number of
 * requests that follow.
 */
import type { NoStore } from '../response/complete.ts';
import type { Head, Variant } from '../response/entry.ts';
import { innerCacheOf } from '../response/inner-cache.ts';
import { whyForOneAlone } from '../response/validator.ts';
import { type Sent, variantOf } from './variants.ts';

export interface Terms {
  /** Which variant it is; null where there is one for all. */
  readonly variant: Variant | null;
  /** Why it is for nobody but who asked for it, or null. */
  readonly whyForOneAlone: 'upstream-no-store' | 'vary' | null;
  /** How old it is already, in seconds. */
  readonly age: number;
}

/** @param sent by the request that leads. An error has no terms but its variant: it is for those who waited for it */
export function termsOf(head: Head, sent: Sent, noStore: NoStore): Terms {
  const variant = variantOf(head, sent);
  if (head.status !== 200) return { variant, whyForOneAlone: null, age: 0 };
  return { variant, whyForOneAlone: whyForOneAlone(head, noStore), age: innerCacheOf(head)?.age ?? 0 };
}
