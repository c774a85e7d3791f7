/**
 * Where a flight lands that answers a question: in the store, under its key.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Expectation } from '../response/complete.ts';
import type { Call, Head, RawHeaders } from '../response/entry.ts';
import type { Store } from '../store/store.ts';
import type { Landing } from './flight.ts';
import type { Flights, Place } from './flights.ts';
import type { ForgottenAnswers } from './forgotten-answers.ts';
import type { Question } from './question.ts';
import type { UnkeptKeys } from './unkept-keys.ts';

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
  readonly #ground: Ground;
  readonly #question: Question;

  constructor(ground: Ground, question: Question) {
    this.#ground = ground;
    this.#question = question;
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

  keep(head: Head, body: Buffer, answerId: string | null, call: Call | null): void {
    const { store, clock, unkept, forgotten, keptHeaders } = this.#ground;
    const { key, label, parts } = this.#question;
    if (forgotten.has(answerId)) return;
    const storedAt = clock.now();
    unkept.delete(key);
    store.set(key, {
      head: { ...head, headers: keptHeaders(head.headers) },
      body,
      answerId,
      storedAt,
      expiresAt: storedAt + this.ttl * 1000,
      ...(call && { call }),
      asked: { ...label, parts: parts() },
    });
  }

  refuse(why: string): void {
    const { log, unkept } = this.#ground;
    const { key } = this.#question;
    log.debug({ key: key.slice(0, 16), why }, 'answer not kept');
    unkept.add(key, why);
  }

  land(): void {
    if (this.place) this.#ground.flights.remove(this.place);
  }
}
