/**
 * The decision: a request with a key is a hit, a follow or a miss; one without
 * is a bypass. Each comes back as a listener on a recording, so that whoever
 * serves it need not know which it was.
 *
 * The flight is registered before the first `await`, and the store is asked
 * inside it: of any number of equal requests, one asks the upstream.
 */
import type { Endpoint } from '../endpoint.ts';
import { notCached } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Head, RawHeaders } from '../response/entry.ts';
import type { Found, Store } from '../store/store.ts';
import { Flight, type Fetch } from './flight.ts';
import { FutureEntries } from './future-entries.ts';
import { Flights } from './flights.ts';
import { isOverdue, mayPlay, type Patience, waitForHead } from './following.ts';
import { DeletedResponses } from './deleted-responses.ts';
import { type CacheContext, StoreSink } from './store-sink.ts';
import type { AdmissionControl } from './admission-control.ts';
import type { Miss, CacheResult } from './outcome.ts';
import type { Permission, Question } from './question.ts';
import { Removals } from './removals.ts';
import { isGoodEnough, lookUp, openStored, isSurelyAbsent } from './stored.ts';
import { HitForMiss } from './hit-for-miss.ts';
import { isVariantKey, ownKey, type Sent, suits, variantKey, variantOf } from './variants.ts';

export interface CacheOptions extends Patience {
  readonly store: Store;
  readonly log: Log;
  /** The most that one answer may take, in bytes, to be kept. */
  readonly maxEntryBytes: number;
  readonly onAbandon: 'abort' | 'finish';
  readonly admission: AdmissionControl;
  /** Which headers of an answer are kept with it. */
  readonly keptHeaders: (headers: RawHeaders) => RawHeaders;
}

export class Cache {
  /** Throws answers away. */
  readonly removals: Removals;
  readonly #options: CacheOptions;
  readonly #flights = new Flights();
  readonly #hitForMiss: HitForMiss;
  readonly #deletedResponses = new DeletedResponses();
  readonly #future: FutureEntries;
  readonly #context: CacheContext;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#hitForMiss = new HitForMiss(options.clock);
    this.#future = new FutureEntries(options.log);
    this.removals = new Removals({ ...options, flights: this.#flights, deletedResponses: this.#deletedResponses });
    this.#context = {
      ...options,
      flights: this.#flights,
      hitForMiss: this.#hitForMiss,
      deletedResponses: this.#deletedResponses,
    };
  }

  /** How many flights may be joined. */
  get flights(): number {
    return this.#flights.size;
  }

  /** The keys to which an answer is on its way that may still be kept. */
  keysInTheAir(): string[] {
    return this.#flights.keys();
  }

  /** What is kept under a key, where it can be had without waiting and is good enough. */
  hit(key: string, permission: Permission, sent: Sent, now = this.#options.clock.now()): CacheResult | undefined {
    const { store } = this.#options;
    const stored = permission.read ? store.getSync(key) : undefined;
    if (stored === undefined) return undefined;
    const own = ownKey(key, stored.entry, sent);
    const found = this.#goodEnough(own === key ? stored : store.getSync(own), permission, sent, now);
    return found && this.#hit(own, found, now);
  }

  /** Answers what `hit` could not. @throws RefrainError `not_cached` where the upstream may not be asked */
  open(question: Question): CacheResult | Promise<CacheResult> {
    const { key, permission } = question;
    if (!permission.ask) return this.#onlyIfCached(question);
    const flight = permission.follow ? this.#flights.joinable(key) : null;
    if (!flight || isOverdue(flight, this.#options)) return this.#miss(question);
    const { head } = flight.recording;
    return head && !mayPlay(flight, head, question) ? this.#askBeside(head, question) : this.#follow(flight, question);
  }

  /** Fetches for one caller; nobody joins and nothing is kept. @param endpoint whose answers tell what they took */
  bypass(why: string, fetch: Fetch, endpoint: Endpoint | null = null): CacheResult {
    const { clock, admission } = this.#options;
    admission.admitFlight();
    const flight = new Flight({ sink: null, endpoint, maxBytes: 0, onAbandon: 'abort', clock, admission });
    const reader = flight.recording.openReader();
    flight.start(fetch);
    return { outcome: { word: 'bypass', why }, reader, call: flight.callMetrics.whenOver };
  }

  async #onlyIfCached(question: Question): Promise<CacheResult> {
    const { key, permission, sent } = question;
    const stored = permission.read ? await lookUp(this.#options.store, key) : undefined;
    const own = stored ? ownKey(key, stored.entry, sent) : key;
    if (own !== key) return this.#onlyIfCached({ ...question, key: own });
    const found = this.#goodEnough(stored, permission, sent);
    if (!found) throw notCached();
    return this.#hit(key, found);
  }

  #follow(flight: Flight, question: Question): CacheResult | Promise<CacheResult> {
    this.#options.admission.admitReader();
    const reader = flight.recording.openReader();
    const result: CacheResult = { outcome: { word: 'follow' }, reader, call: flight.callMetrics.whenOver };
    return flight.lookup ? this.#followStored(flight, result, question) : this.#followHead(flight, result, question);
  }

  /** Follows a flight that is still asking the store. */
  async #followStored(flight: Flight, result: CacheResult, question: Question): Promise<CacheResult> {
    const stored = await flight.lookup;
    if (!stored) return this.#followHead(flight, result, question);
    result.reader.leave();
    return this.#answerFrom(stored, question);
  }

  /** Follows once the head is known, unless it says that the answer is for the one who leads; then asks for itself. */
  #followHead(flight: Flight, result: CacheResult, question: Question): CacheResult | Promise<CacheResult> {
    const { reader } = result;
    const { head, state } = reader;
    if (head === null) {
      if (state !== 'waiting') return result;
      return waitForHead(reader, question.client).then((stays) =>
        stays && reader.head ? this.#followHead(flight, result, question) : result,
      );
    }
    if (mayPlay(flight, head, question)) return result;
    reader.leave();
    return this.#askBeside(head, question);
  }

  /** Answers what a flight in the air does not. @param head of that flight's answer */
  #askBeside(head: Head, question: Question): CacheResult | Promise<CacheResult> {
    const { key, sent } = question;
    const variant = variantOf(head, sent);
    if (variant && !isVariantKey(key)) {
      return this.open({ ...question, key: variantKey(key, variant.digest), varying: { by: variant.by } });
    }
    // An answer that is no answer has left the table, and another may be on its way already.
    return head.status === 200 ? this.#miss(question) : this.open(question);
  }

  /** Answers by what the store has under the key, or from where that says the answer is. */
  #answerFrom(stored: Found, question: Question): CacheResult | Promise<CacheResult> {
    const { key, permission, sent } = question;
    const { entry } = stored;
    const own = ownKey(key, entry, sent);
    if (own !== key) {
      return this.open({ ...question, key: own, varying: { by: entry.variant?.by ?? [], first: entry } });
    }
    if (this.#goodEnough(stored, permission, sent)) return this.#hit(key, stored);
    return this.open({ ...question, permission: { ...permission, read: false } });
  }

  #miss(question: Question): CacheResult | Promise<CacheResult> {
    const { key, permission, fetch, sent, varying, isRefresh } = question;
    const { admission, store } = this.#options;
    const isToLookUp = permission.read && !isSurelyAbsent(store, key);
    if (isToLookUp) admission.admitReader();
    else admission.admitFlight();
    const sink = new StoreSink(this.#context, question);
    const flight = this.#register(question, sink);
    const reader = flight.recording.openReader();
    const notKept = isRefresh ? null : this.#hitForMiss.whyNot(key);
    const outcome: Miss = { word: 'miss', notKept, answer: sink };
    const result: CacheResult = {
      outcome,
      reader,
      call: flight.callMetrics.whenOver,
      flight,
      ...(varying && { variesBy: varying.by }),
    };
    if (!isToLookUp) {
      flight.start(fetch);
      return result;
    }
    const lookup = lookUp(store, key).then((stored) => {
      const isElsewhere = stored !== undefined && ownKey(key, stored.entry, sent) !== key;
      const found = isElsewhere ? stored : this.#goodEnough(stored, permission, sent);
      flight.lookup = null;
      sink.before = stored?.entry;
      if (found) {
        flight.dismiss();
        reader.leave();
      } else flight.startIfAdmitted(admission, fetch);
      return found;
    });
    flight.lookup = lookup;
    return lookup.then((found) => (found ? this.#answerFrom(found, question) : result));
  }

  /** A flight that is joinable unless another one holds the key already. */
  #register(question: Question, sink: StoreSink): Flight {
    const {
      key,
      expected: { endpoint },
    } = question;
    const { clock, admission, maxEntryBytes, onAbandon } = this.#options;
    const flight = new Flight({ sink, endpoint, maxBytes: maxEntryBytes, onAbandon, clock, admission });
    if (flight.recording.liveOnly) return flight;
    sink.slot = this.#flights.add(flight, question, !this.#hitForMiss.has(key) && !this.#isHeld(question));
    return flight;
  }

  /** Tests whether another flight holds the key, and is to be waited for. */
  #isHeld(question: Question): boolean {
    const held = this.#flights.joinable(question.key);
    if (held === null || isOverdue(held, this.#options)) return false;
    const { head } = held.recording;
    return head === null || mayPlay(held, head, question);
  }

  #hit(key: string, found: Found, now = this.#options.clock.now()): CacheResult {
    this.#options.store.use(key);
    return openStored(found, now);
  }

  /** The entry found, unless it is too old, of another variant, or was dropped while a slow store looked for it. */
  #goodEnough(
    found: Found | undefined,
    { maxAge }: Permission,
    sent: Sent,
    now = this.#options.clock.now(),
  ): Found | undefined {
    if (!found || this.#deletedResponses.has(found.entry.answerId) || !suits(found.entry, sent)) return undefined;
    if (isGoodEnough(found.entry, maxAge, now)) return found;
    this.#future.note(found.entry, now);
    return undefined;
  }
}
