/**
 * Leading: how a request comes to ask the upstream. Its flight is registered
 * first, then the store is asked, and only where that has nothing good enough,
 * the upstream. Where the entry is served stale, the flight goes on without a
 * reader and refreshes it, with the credential of the one who led.
 */
import type { Found } from '../store/store.ts';
import type { AdmissionControl } from './admission-control.ts';
import { type DetachedCalls, detach } from './call-metrics.ts';
import { Flight } from './flight.ts';
import { isOverdue, mayPlay, type Takeover } from './following.ts';
import type { CacheResult, Miss } from './outcome.ts';
import type { Question } from './question.ts';
import { type CacheContext, StoreSink } from './store-sink.ts';
import type { StoredAnswers } from './stored.ts';
import { ownKey } from './variants.ts';

export interface LeadingParts extends CacheContext, Takeover {
  readonly stored: StoredAnswers;
  readonly admission: AdmissionControl;
  readonly maxEntryBytes: number;
  readonly onAbandon: 'abort' | 'finish';
  readonly onDetachedCall: DetachedCalls;
}

/** A flight on its way, and what leads it. */
interface Led {
  readonly flight: Flight;
  readonly sink: StoreSink;
  readonly result: CacheResult;
}

export class Leading {
  readonly #parts: LeadingParts;

  constructor(parts: LeadingParts) {
    this.#parts = parts;
  }

  /**
   * @param isLookedUp nothing can be had from the store without waiting
   * @param answerFrom answers by what the store has
   * @throws RefrainError `overloaded`
   */
  lead(
    question: Question,
    isLookedUp: boolean,
    answerFrom: (found: Found) => CacheResult | Promise<CacheResult>,
  ): CacheResult | Promise<CacheResult> {
    const { key, permission, fetch } = question;
    const { admission, stored } = this.#parts;
    const isToLookUp = permission.read && !(isLookedUp && stored.isSync);
    if (isToLookUp) admission.admitReader();
    else admission.admitFlight();
    const led = this.#begin(question);
    const { flight, result } = led;
    if (isToLookUp) {
      flight.lookup = stored.find(key, isLookedUp).then((found) => this.#lookedUp(led, found, question));
      return flight.lookup.then((found) => (found ? answerFrom(found) : result));
    }
    flight.start(fetch);
    return result;
  }

  #begin(question: Question): Led {
    const { key, isRefresh, varying } = question;
    const sink = new StoreSink(this.#parts, question);
    const flight = this.#register(question, sink);
    const notKept = isRefresh ? null : this.#parts.hitForMiss.whyNot(key);
    const outcome: Miss = { word: 'miss', notKept, answer: sink };
    const result: CacheResult = {
      outcome,
      reader: flight.recording.openReader(),
      call: flight.callMetrics.whenOver,
      flight,
      ...(varying && { variesBy: varying.by }),
    };
    return { flight, sink, result };
  }

  /** The store has said what it has. @returns where the answer is to come from, unless this flight asks the upstream */
  #lookedUp({ flight, sink, result }: Led, found: Found | undefined, question: Question): Found | undefined {
    const { key, sent, label, fetch } = question;
    const { stored, admission, flights, onDetachedCall } = this.#parts;
    flight.lookup = null;
    sink.before = found;
    const isElsewhere = found !== undefined && ownKey(key, found.entry, sent) !== key;
    const served = stored.servable(found, question);
    if (!isElsewhere && !served) {
      flight.startIfAdmitted(admission, fetch);
      return undefined;
    }
    const isToRefresh = served === 'stale-while-revalidate' && flights.joinable(key) === flight;
    flight.isDetached = isToRefresh;
    result.reader.leave();
    if (isToRefresh) {
      detach(onDetachedCall, label, result.call);
      flight.startIfAdmitted(admission, fetch);
    } else flight.dismiss();
    return found;
  }

  /** A flight that is joinable unless another one holds the key already. */
  #register(question: Question, sink: StoreSink): Flight {
    const {
      key,
      expected: { endpoint },
    } = question;
    const { clock, admission, maxEntryBytes, onAbandon, flights, hitForMiss } = this.#parts;
    const flight = new Flight({ sink, endpoint, maxBytes: maxEntryBytes, onAbandon, clock, admission });
    if (flight.recording.liveOnly) return flight;
    sink.slot = flights.add(flight, question, !hitForMiss.has(key) && !this.#isHeld(question));
    return flight;
  }

  /** Tests whether another flight holds the key, and is to be waited for. */
  #isHeld(question: Question): boolean {
    const held = this.#parts.flights.joinable(question.key);
    if (held === null || isOverdue(held, this.#parts)) return false;
    const { head } = held.recording;
    return head === null || mayPlay(held, head, question);
  }
}
