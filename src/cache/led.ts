/**
 * A flight on its way, with what leads it, and the parts that all of them share.
 */
import { abandoned, type RefrainError } from '../errors.ts';
import type { Found } from '../store/store.ts';
import type { AdmissionControl } from './admission-control.ts';
import type { DetachedCalls } from './call-metrics.ts';
import type { Fetch, Flight } from './flight.ts';
import type { Takeover } from './following.ts';
import type { CacheResult } from './outcome.ts';
import type { Question } from './question.ts';
import type { CacheContext, StoreSink } from './store-sink.ts';
import type { StoredAnswers } from './stored.ts';

export interface LeadingParts extends CacheContext, Takeover {
  readonly stored: StoredAnswers;
  readonly admission: AdmissionControl;
  readonly maxEntryBytes: number;
  readonly onAbandon: 'abort' | 'finish';
  readonly onDetachedCall: DetachedCalls;
}

export interface Led {
  readonly flight: Flight;
  readonly sink: StoreSink;
  /** That of the request which led. */
  readonly result: CacheResult;
}

/** The ways to an answer that a flight turns out not to lead to. */
export interface Instead {
  /** From the store. */
  answerFrom(found: Found, question: Question): CacheResult | Promise<CacheResult>;
  /** From the process that leads. */
  follow(flight: Flight, result: CacheResult, question: Question): CacheResult | Promise<CacheResult>;
}

/** Asks the upstream, unless there is too much to do already, or all have left who waited for the answer. */
export function startIfAdmitted(flight: Flight, admission: AdmissionControl, fetch: Fetch): void {
  if (flight.recording.readers === 0 && !flight.isDetached)
    return flight.abort({ error: abandoned(), alreadySent: false });
  try {
    admission.admitCall();
  } catch (error) {
    return flight.abort({ error: error as RefrainError, alreadySent: false });
  }
  flight.start(fetch);
}
