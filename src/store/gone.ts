/**
 * A thing thrown away, as it is reported to those who may still hold it: other
 * processes over the same file, whose memory would go on serving it.
 */
import type { Entry } from '../response/entry.ts';
import { isPurgedBy, type Purge } from './filter.ts';

export type Gone =
  | { readonly key: string }
  /** Every entry whose answer has this `id`. */
  | { readonly answerId: string }
  | { readonly purge: Purge };

/** A thing thrown away, as other processes are told of it. */
export type GoneNews =
  | Gone
  /** Some of what fits may be gone, by what was asked: a copy of a slower store's entry goes, as nobody can tell. */
  | { readonly doubt: Purge };

/** Tests whether an entry that is kept under a key is of what is gone. */
export function isGone(gone: Gone, key: string, entry: Pick<Entry, 'storedAt' | 'request' | 'answerId'>): boolean {
  if ('key' in gone) return gone.key === key;
  return 'answerId' in gone ? gone.answerId === entry.answerId : isPurgedBy(gone.purge, entry);
}
