/**
 * The decision: a request with a key is a hit, a follow or a miss; one without
 * is a bypass. Each comes back as a reader of a recording, so that it is sent
 * in one way, whichever it was.
 *
 * The flight is registered before the first `await`, and the store is asked
 * inside it: of any number of equal requests, one asks the upstream. Where the
 * store has an entry that is served stale, the flight goes on without a reader:
 * it refreshes the entry, and is the only one that does.
 */
import type { Endpoint } from '../endpoint.ts';
import type { Log } from '../log.ts';
import type { Head, RawHeaders } from '../response/entry.ts';
import type { Found, Store } from '../store/store.ts';
import type { AdmissionControl } from './admission-control.ts';
import { detach, type DetachedCalls } from './call-metrics.ts';
import { DeletedResponses } from './deleted-responses.ts';
import { Flight, type Fetch } from './flight.ts';
import { Flights } from './flights.ts';
import type { Sink } from './flight-plan.ts';
import { isOverdue, mayPlay, type Takeover, waitForHead } from './following.ts';
import { HitForMiss } from './hit-for-miss.ts';
import { Leading } from './leading.ts';
import type { Leases } from './lease.ts';
import type { Instead } from './led.ts';
import type { CacheResult } from './outcome.ts';
import type { Permission, Question } from './question.ts';
import { Removals } from './removals.ts';
import { Samples } from './samples.ts';
import { StaleIfError } from './stale-if-error.ts';
import { StoredAnswers } from './stored.ts';
import { isVariantKey, ownKey, type Sent, variantKey, variantOf } from './variants.ts';

export interface CacheOptions extends Takeover {
  readonly store: Store;
  readonly log: Log;
  /** The most that one answer may take, in bytes, to be kept. */
  readonly maxEntryBytes: number;
  readonly onAbandon: 'abort' | 'finish';
  /** How long expired entries are retained, in seconds. */
  readonly retention: number;
  readonly admission: AdmissionControl;
  /** The headers of an answer that are kept with it. */
  readonly keptHeaders: (headers: RawHeaders) => RawHeaders;
  readonly onDetachedCall: DetachedCalls;
}

export class Cache {
  /** Throws answers away. */
  readonly removals: Removals;
  /** Chooses among the answers to equal requests. */
  readonly samples: Samples;
  readonly #options: CacheOptions;
  readonly #flights = new Flights();
  readonly #stored: StoredAnswers;
  readonly #staleIfError: StaleIfError;
  readonly #leading: Leading;

  constructor(options: CacheOptions) {
    const flights = this.#flights;
    const hitForMiss = new HitForMiss(options.clock);
    const deletedResponses = new DeletedResponses();
    const stored = (this.#stored = new StoredAnswers({ ...options, deletedResponses }));
    this.#options = options;
    this.samples = new Samples({ store: options.store, flights, stored });
    this.#staleIfError = new StaleIfError(stored);
    const removals = (this.removals = new Removals({ ...options, flights, deletedResponses }));
    const instead: Instead = {
      answerFrom: (found, question) => this.#answerFrom(found, question),
      follow: (flight, result, question) =>
        this.#followHead(flight, { ...result, outcome: { word: 'follow' } }, question),
    };
    this.#leading = new Leading({ ...options, flights, hitForMiss, deletedResponses, removals, stored }, instead);
  }

  /** From here on other processes may lead: they are asked for leave. */
  join(leases: Leases): void {
    this.#leading.leases = leases;
  }

  /** The most that one answer may take, in bytes, to be kept. */
  get maxEntryBytes(): number {
    return this.#options.maxEntryBytes;
  }

  /** How many flights may be joined. */
  get flights(): number {
    return this.#flights.size;
  }

  /** The keys to which an answer is on its way that may still be kept. */
  keysInTheAir(): string[] {
    return this.#flights.keys();
  }

  /** A hit that can be had without waiting and needs no upstream call; null where nothing can be had so. */
  hit(key: string, permission: Permission, sent: Sent, now?: number): CacheResult | null | undefined {
    return this.#stored.hit(key, permission, sent, now);
  }

  /** A hit on an answer that is served however old it is. */
  replay(key: string, found: Found): CacheResult {
    return this.#stored.open(key, found, 'fresh');
  }

  /**
   * Answers what `hit` could not.
   * @param isLookedUp `hit` said null in this very turn
   * @throws RefrainError `not_cached` where the upstream may not be asked
   */
  open(question: Question, isLookedUp = false): CacheResult | Promise<CacheResult> {
    if (!this.#staleIfError.isPermitted(question)) return this.#open(question, isLookedUp);
    return this.orStale(new Promise((resolve) => resolve(this.#open(question, isLookedUp))), question);
  }

  /** The result, or a stale answer where the upstream fails or may not be asked, and the question permits that. */
  async orStale(opening: CacheResult | Promise<CacheResult>, question: Question): Promise<CacheResult> {
    let result: CacheResult;
    try {
      result = await opening;
    } catch (error) {
      return this.#staleIfError.insteadOf(error, question);
    }
    const answered = await this.#staleIfError.instead(result, question);
    if (answered !== result) this.detach(result, question);
    return answered;
  }

  /** Has the call of a result counted that is not the answer: it is no request's any more. */
  detach({ outcome, call }: CacheResult, { label }: Question): void {
    if (outcome.word === 'miss') detach(this.#options.onDetachedCall, label, call);
  }

  /**
   * Fetches for one caller; nobody joins, and nothing is kept unless a sink does.
   * @param endpoint whose answers report what they took
   */
  bypass(why: string, fetch: Fetch, endpoint: Endpoint | null = null, sink: Sink | null = null): CacheResult {
    const { clock, admission, maxEntryBytes } = this.#options;
    admission.admitFlight();
    const maxBytes = sink === null ? 0 : maxEntryBytes;
    const onAbandon = sink === null ? 'abort' : 'finish';
    const flight = new Flight({ sink, endpoint, maxBytes, onAbandon, clock, admission });
    const reader = flight.recording.openReader();
    flight.start(fetch);
    const call = flight.callMetrics.whenOver;
    return { outcome: { word: 'bypass', why }, reader, call, ...(sink && { flight }) };
  }

  #open(question: Question, isLookedUp = false): CacheResult | Promise<CacheResult> {
    const { key, permission } = question;
    if (!permission.ask) return this.#stored.only(question, isLookedUp);
    const flight = permission.follow ? this.#flights.joinable(key) : null;
    if (!flight) return this.#miss(question, isLookedUp);
    const before = this.#servedBefore(flight, question);
    if (before) return this.#answerFrom(before, question);
    if (isOverdue(flight, this.#options)) return this.#miss(question, isLookedUp);
    const { head } = flight.recording;
    return head && !mayPlay(flight, head, question) ? this.#askBeside(head, question) : this.#follow(flight, question);
  }

  #follow(flight: Flight, question: Question): CacheResult | Promise<CacheResult> {
    this.#options.admission.admitReader();
    const reader = flight.recording.openReader();
    const result: CacheResult = { outcome: { word: 'follow' }, reader, call: flight.callMetrics.whenFollowed };
    return flight.lookup ? this.#followStored(flight, result, question) : this.#followHead(flight, result, question);
  }

  /** Follows a flight that is still asking the store. */
  async #followStored(flight: Flight, result: CacheResult, question: Question): Promise<CacheResult> {
    const takeBack = question.client.onceGone(() => result.reader.leave());
    const found = (await flight.lookup) ?? this.#servedBefore(flight, question);
    takeBack();
    if (!found) return this.#followHead(flight, result, question);
    result.reader.leave();
    return this.#answerFrom(found, question);
  }

  /** The entry that a flight is to replace, where it is good enough for this question, or says where its answer is. */
  #servedBefore(flight: Flight, question: Question): Found | undefined {
    const { key, permission, sent } = question;
    const before = permission.read ? flight.sink?.before : undefined;
    if (before === undefined) return undefined;
    const isElsewhere = ownKey(key, before.entry, sent) !== key;
    return isElsewhere || this.#stored.servable(before, question) ? before : undefined;
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
      return this.#open({ ...question, key: variantKey(key, variant.digest), varying: { by: variant.by } });
    }
    // An answer that is no answer has left the table, and another may be on its way already.
    return head.status === 200 ? this.#miss(question, false, true) : this.#open(question);
  }

  /** Answers by what the store has under the key, or from where that says the answer is. */
  #answerFrom(found: Found, question: Question): CacheResult | Promise<CacheResult> {
    const { key, permission, sent } = question;
    const { entry } = found;
    const own = ownKey(key, entry, sent);
    if (own !== key) {
      return this.#open({ ...question, key: own, varying: { by: entry.variant?.by ?? [], first: entry } });
    }
    const served = this.#stored.servable(found, question);
    if (served) {
      const result = this.#stored.open(key, found, served);
      if (!found.wasAwaited) return result;
      const { entry: _, ...unpaced } = result;
      return unpaced;
    }
    return this.#open({ ...question, permission: { ...permission, read: false } });
  }

  /** @param isBeside an answer on its way is for others */
  #miss(question: Question, isLookedUp = false, isBeside = false): CacheResult | Promise<CacheResult> {
    return this.#leading.lead(question, isLookedUp, isBeside);
  }
}
