/**
 * Records one exchange for a cassette, which keeps by other rules than the cache does: whatever the upstream ended by
 * itself is an answer, for whoever asks.
 */
import type { EndedAnswer } from '../cassette/ended-answer.ts';
import type { Head } from '../response/entry.ts';
import type { CallHistory } from './flight-plan.ts';
import type { Terms } from './terms.ts';

export interface Recorder {
  /** Why it is not recorded, or null. */
  whyNot(answer: EndedAnswer): string | null;
  record(head: Head, body: Buffer, history: CallHistory): void;
}

/** Those of an answer to any equal request. */
export const FOR_ALL: Terms = { variant: null, whyForOneAlone: null, age: 0, unstorable: null };
