/**
 * The purpose of a flight: where its answer lands, and within which bounds.
 */
import type { EndedAnswer } from '../cassette/ended-answer.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Expectation, Verdict } from '../response/complete.ts';
import type { Call, Head } from '../response/entry.ts';
import type { Found } from '../store/store.ts';
import type { AdmissionControl } from './admission-control.ts';
import type { WhyNotKept } from './storable.ts';
import type { Terms } from './terms.ts';

/** The upstream call of an answer, as it is kept with it; null where it is not known. */
export interface CallHistory {
  readonly call: Call | null;
  readonly arrivals: string | null;
}

/** The destination of an answer that may be kept. */
export interface Sink {
  /** The properties of a whole answer; null where nobody validates it. */
  readonly expected: Expectation | null;
  /** The model that was asked for; null where the request does not say. */
  readonly model: string | null;
  /** Why it may not be kept, by its head, once that is known; null where it may. */
  readonly unstorable: WhyNotKept | null;
  /** Known as soon as the head is. */
  terms: Terms | null;
  /** The entry that the store has under the key, and that the answer is to replace; none once it is purged. */
  before: Found | undefined;
  /** The head has come; no reader knows it yet. */
  begun(head: Head): void;
  /** Why an answer that came to its end is not kept, or null. @param isFenced a purge came while it was on its way */
  whyNot(answer: EndedAnswer, isFenced: boolean): string | null;
  /** @param verdict null where nobody validated it */
  keep(head: Head, body: Buffer, verdict: Verdict | null, history: CallHistory): void;
  /** A complete answer is not kept, for this reason. */
  refuse(why: string): void;
  /** Called once, after `keep`: takes the flight out of the table. */
  release(): void;
}

export interface FlightPlan {
  /** Null for an answer that is only relayed. */
  readonly sink: Sink | null;
  /** The endpoint whose answers report usage; null for any other. */
  readonly endpoint: Endpoint | null;
  /** The most that is recorded, in bytes; beyond it the answer is live only. */
  readonly maxBytes: number;
  /** The treatment of the upstream call when the last reader leaves. */
  readonly onAbandon: 'abort' | 'finish';
  readonly clock: Clock;
  readonly admission: AdmissionControl;
}
