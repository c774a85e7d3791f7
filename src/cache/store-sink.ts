/**
 * The store as the place where a flight lands that answers a question: under
 * its key.
 */
import type { EndedAnswer } from '../cassette/ended-answer.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Expectation, Verdict } from '../response/complete.ts';
import type { Entry, Head, PurgeMark, RawHeaders } from '../response/entry.ts';
import type { Found, Store } from '../store/store.ts';
import type { CallHistory, Sink } from './flight-plan.ts';
import type { Flights, FlightSlot } from './flights.ts';
import type { DeletedResponses } from './deleted-responses.ts';
import type { Removals } from './removals.ts';
import { isOfFuture } from './freshness.ts';
import type { GrantedLease } from './lease.ts';
import type { Question } from './question.ts';
import { lifetimeOf, type WhyNotKept } from './storable.ts';
import { FOR_ALL } from './recorder.ts';
import { type Terms, termsOf } from './terms.ts';
import type { HitForMiss } from './hit-for-miss.ts';
import { storeVariant, variantKey } from './variants.ts';

/** The parts that all landings share. */
export interface CacheContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly flights: Flights;
  readonly hitForMiss: HitForMiss;
  readonly deletedResponses: DeletedResponses;
  readonly removals: Removals;
  /** How long expired entries are retained, in seconds. */
  readonly retention: number;
  /** The headers of an answer that are kept with it. */
  readonly keptHeaders: (headers: RawHeaders) => RawHeaders;
}

export class StoreSink implements Sink {
  /** Among the flights in the air; null where the answer cannot be kept. */
  slot: FlightSlot | null = null;
  isKept = false;
  before: Found | undefined = undefined;
  terms: Terms | null = null;
  readonly #context: CacheContext;
  readonly #question: Question;
  #lease: GrantedLease | null = null;
  /** As it was when the flight was registered: a later purge may be about its answer. */
  readonly #purgeMark: PurgeMark | undefined;
  #isRefused = false;
  #isReleased = false;

  constructor(context: CacheContext, question: Question) {
    this.#context = context;
    this.#question = question;
    this.#purgeMark = context.removals.mark;
  }

  /** Its flight leads under this lease. */
  takeLease(lease: GrantedLease): void {
    if (this.#isReleased) lease.release();
    else this.#lease = lease;
  }

  get isStale(): boolean {
    return this.before !== undefined && !this.#context.deletedResponses.has(this.before.entry.answerId);
  }

  get isExpired(): boolean {
    return this.before !== undefined && this.before.entry.expiresAt <= this.#context.clock.now();
  }

  get isOfFuture(): boolean {
    return this.before !== undefined && isOfFuture(this.before.entry, this.#context.clock.now());
  }

  get unstorable(): WhyNotKept | null {
    return this.terms?.unstorable ?? null;
  }

  get expected(): Expectation {
    return this.#question.expected;
  }

  get model(): string | null {
    return this.#question.label.model;
  }

  begun(head: Head): void {
    const { sent, permission, recorder, items } = this.#question;
    if (recorder) return void (this.terms = FOR_ALL);
    const terms = termsOf(head, { sent, noStore: this.expected.noStore, ttl: permission.ttl });
    this.terms = items ? { ...terms, age: Math.max(terms.age, items.age) } : terms;
    if (this.terms.whyForOneAlone !== null) this.refuse(this.terms.whyForOneAlone);
  }

  whyNot(answer: EndedAnswer, isFenced: boolean): string | null {
    const { recorder } = this.#question;
    const { verdict } = answer;
    if (recorder) return isFenced ? 'purged' : recorder.whyNot(answer);
    if (verdict?.kind !== 'whole') return verdict?.why ?? 'too-large';
    return isFenced ? 'purged' : this.unstorable;
  }

  keep(head: Head, body: Buffer, verdict: Verdict | null, history: CallHistory): void {
    const answerId = verdict?.kind === 'whole' ? verdict.answerId : null;
    const { recorder } = this.#question;
    if (recorder) recorder.record(head, body, history);
    else if (this.#context.deletedResponses.has(answerId)) return;
    else this.#store(head, body, answerId, history);
    this.isKept = true;
  }

  #store(head: Head, body: Buffer, answerId: string | null, { call, arrivals }: CallHistory): void {
    const { store, clock, flights, hitForMiss, removals, keptHeaders, retention } = this.#context;
    const { key, label, parts, permission, varying } = this.#question;
    const variant = this.terms?.variant;
    hitForMiss.delete(key);
    const entry: Entry = {
      head: { ...head, headers: keptHeaders(head.headers) },
      body,
      answerId,
      ...lifetimeOf(permission.ttl, head, clock.now()),
      ...(variant && { variant }),
      ...(call && { call }),
      ...(arrivals !== null && { arrivals }),
      request: { ...label, parts: parts() },
      ...(this.#purgeMark && { purgeMark: this.#purgeMark }),
    };
    const first = varying ? varying.first : this.#recordedBefore;
    const items = this.#question.items?.split(entry) ?? null;
    if (items) this.#storeItems(items);
    else {
      storeVariant(store, key, entry, { first, retention, fence: this.#lease?.fence });
      this.#lease?.written();
    }
    flights.supersede(key);
    if (!this.before && !this.#question.isRefresh) return;
    this.#reportReplaced(removals);
    for (const [item] of items ?? []) removals.replaced(item);
  }

  /** An answer that was kept whole before would outlive these. */
  #storeItems(items: readonly (readonly [key: string, entry: Entry])[]): void {
    const { store } = this.#context;
    const { key } = this.#question;
    store.setMany(items);
    if (items.length > 0 && !items.some(([item]) => item === key)) store.delete(key);
  }

  /** The entry that the store has under the key, as it was recorded. */
  get #recordedBefore(): Entry | undefined {
    return this.before?.entry.derivation ? undefined : this.before?.entry;
  }

  #reportReplaced(removals: Removals): void {
    const { key } = this.#question;
    const variant = this.terms?.variant;
    removals.replaced(key);
    if (variant) removals.replaced(variantKey(key, variant.digest));
  }

  refuse(why: string): void {
    const { log, hitForMiss } = this.#context;
    const { key } = this.#question;
    // Its head may have said so before its end does.
    if (this.#isRefused) return;
    this.#isRefused = true;
    if (this.#question.recorder) return;
    log.debug({ key: key.slice(0, 16), why }, 'answer not kept');
    hitForMiss.add(key, why);
  }

  release(): void {
    this.#isReleased = true;
    this.#lease?.release();
    if (this.slot) this.#context.flights.remove(this.slot);
  }
}
