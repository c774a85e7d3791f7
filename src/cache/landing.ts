/**
 * Where a flight lands that answers a question: in the store, under its key.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Expectation } from '../response/complete.ts';
import type { Call, Entry, Head, RawHeaders } from '../response/entry.ts';
import type { Store } from '../store/store.ts';
import type { Landing } from './flight-plan.ts';
import type { Flights, Place } from './flights.ts';
import type { ForgottenAnswers } from './forgotten-answers.ts';
import type { Question } from './question.ts';
import { lifetimeOf } from './storable.ts';
import { isOfFuture } from './stored.ts';
import { type Terms, termsOf } from './terms.ts';
import type { UnkeptKeys } from './unkept-keys.ts';
import { storeVariant } from './variants.ts';

/** What all landings share. */
export interface Ground {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly flights: Flights;
  readonly unkept: UnkeptKeys;
  readonly forgotten: ForgottenAnswers;
  /** Which headers of an answer are kept with it. */
  readonly keptHeaders: (headers: RawHeaders) => RawHeaders;
}

export class StoreLanding implements Landing {
  /** Among the flights in the air; null where the answer cannot be kept. */
  place: Place | null = null;
  isKept = false;
  /** The entry that the store had under the key, and that was not good enough. */
  before: Entry | undefined = undefined;
  terms: Terms | null = null;
  readonly #ground: Ground;
  readonly #question: Question;
  #isRefused = false;

  constructor(ground: Ground, question: Question) {
    this.#ground = ground;
    this.#question = question;
  }

  get isStale(): boolean {
    return this.before !== undefined && !this.#ground.forgotten.has(this.before.answerId);
  }

  get isOfFuture(): boolean {
    return this.before !== undefined && isOfFuture(this.before, this.#ground.clock.now());
  }

  get expected(): Expectation {
    return this.#question.expected;
  }

  get model(): string | null {
    return this.#question.label.model;
  }

  get ttl(): number {
    return this.#question.permission.ttl;
  }

  begun(head: Head): void {
    this.terms = termsOf(head, this.#question.sent, this.expected.noStore);
    if (this.terms.whyForOneAlone !== null) this.refuse(this.terms.whyForOneAlone);
  }

  keep(head: Head, body: Buffer, answerId: string | null, call: Call | null): void {
    const { store, clock, unkept, forgotten, keptHeaders } = this.#ground;
    const { key, label, parts, varying } = this.#question;
    const variant = this.terms?.variant;
    if (forgotten.has(answerId)) return;
    unkept.delete(key);
    const entry: Entry = {
      head: { ...head, headers: keptHeaders(head.headers) },
      body,
      answerId,
      ...lifetimeOf(this.ttl, head, clock.now()),
      ...(variant && { variant }),
      ...(call && { call }),
      asked: { ...label, parts: parts() },
    };
    storeVariant(store, key, entry, varying ? varying.first : this.before);
    this.isKept = true;
  }

  refuse(why: string): void {
    const { log, unkept } = this.#ground;
    const { key } = this.#question;
    // Its head may have said so before its end does.
    if (this.#isRefused) return;
    this.#isRefused = true;
    log.debug({ key: key.slice(0, 16), why }, 'answer not kept');
    unkept.add(key, why);
  }

  land(): void {
    if (this.place) this.#ground.flights.remove(this.place);
  }
}
