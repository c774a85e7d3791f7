/**
 * Leading: how a request comes to ask the upstream. Its flight is registered
 * first, then the store is asked, and only where that has nothing good enough,
 * the upstream. Where the entry is served stale, the flight goes on without a
 * reader and refreshes it, with the credential of the one who led.
 */
import type { Found } from '../store/store.ts';
import { detach } from './call-metrics.ts';
import { Flight } from './flight.ts';
import { FormWait, type OtherFlight, otherFlight } from './form-wait.ts';
import { isOverdue, mayPlay } from './following.ts';
import type { Leases } from './lease.ts';
import { LeasedFlight } from './leased-flight.ts';
import { type Instead, type Led, type LeadingParts, startIfAdmitted } from './led.ts';
import type { CacheResult, Miss } from './outcome.ts';
import type { Question } from './question.ts';
import { StoreSink } from './store-sink.ts';
import { ownKey } from './variants.ts';

export class Leading {
  /** Null where no other process could lead. */
  leases: Leases | null = null;
  readonly #parts: LeadingParts;
  readonly #instead: Instead;

  constructor(parts: LeadingParts, instead: Instead) {
    this.#parts = parts;
    this.#instead = instead;
  }

  /**
   * @param isLookedUp nothing can be had from the store without waiting
   * @param isBeside the answer on its way is for others: nobody is asked who else leads
   * @throws RefrainError `overloaded`
   */
  lead(question: Question, isLookedUp: boolean, isBeside: boolean): CacheResult | Promise<CacheResult> {
    const { permission, fetch } = question;
    const { admission, stored } = this.#parts;
    const isToLookUp = permission.read && (!(isLookedUp && stored.isSync) || stored.mayDerive(question));
    const other = otherFlight(question, this.#parts);
    if (isToLookUp || other) admission.admitReader();
    else admission.admitFlight();
    const lookUp = isToLookUp ? () => stored.find(question, isLookedUp) : null;
    if (this.leases !== null && !isBeside && this.#isToLease(question)) {
      return this.#leadLeased(this.leases, question, lookUp, other);
    }
    const led = this.#begin(question);
    const { flight, result } = led;
    const looking = other ? new FormWait(led, question, other).find(lookUp, stored) : lookUp?.();
    if (looking !== undefined) {
      flight.lookup = looking.then((found) => this.#lookedUp(led, found, question));
      return flight.lookup.then((found) => (found ? this.#instead.answerFrom(found, question) : result));
    }
    flight.start(fetch);
    return result;
  }

  /** Tests whether other processes are to know that this one leads: not of what nobody could follow or keep. */
  #isToLease({ key, permission, isRefresh }: Question): boolean {
    const { maxEntryBytes, hitForMiss } = this.#parts;
    return (permission.follow || isRefresh) && maxEntryBytes > 0 && !hitForMiss.has(key);
  }

  #leadLeased(
    leases: Leases,
    question: Question,
    lookUp: (() => Promise<Found | undefined>) | null,
    other: OtherFlight | null,
  ): CacheResult | Promise<CacheResult> {
    const held = this.#parts.flights.joinable(question.key);
    const overdue = held !== null && isOverdue(held, this.#parts) ? held.leaseToken : null;
    const flight = new LeasedFlight(this.#parts, leases, this.#begin(question), question);
    return question.isRefresh ? flight.refresh() : flight.open(lookUp, overdue, other, this.#instead);
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
      startIfAdmitted(flight, admission, fetch);
      return undefined;
    }
    const isToRefresh = served === 'stale-while-revalidate' && flights.joinable(key) === flight;
    flight.isDetached = isToRefresh;
    result.reader.leave();
    if (isToRefresh) {
      detach(onDetachedCall, label, result.call);
      startIfAdmitted(flight, admission, fetch);
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
