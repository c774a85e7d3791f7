/**
 * Waiting for an answer that is on its way in another form. The flight that could be answered by it hears it to its
 * end, as one of its readers, and sends nothing meanwhile; then the store has the answer, from which this one is made,
 * or the flight asks the upstream. It waits for flights alone that were there before it, so that none waits for itself.
 */
import type { Reader } from '../response/reader.ts';
import type { Source } from '../response/writer.ts';
import type { Found } from '../store/store.ts';
import type { Flight } from './flight.ts';
import { isOverdue, mayPlay } from './following.ts';
import type { Led, LeadingParts } from './led.ts';
import type { Question } from './question.ts';

/** A flight that brings another form. */
export interface OtherFlight {
  readonly flight: Flight;
  readonly whenLeft: Promise<void>;
}

/** The one that is worth waiting for; null where there is none, or its answer may not be had. */
export function otherFlight(question: Question, parts: LeadingParts): OtherFlight | null {
  const { forms, permission, recorder } = question;
  const { flights } = parts;
  if (forms === null || flights.size === 0 || !permission.read || !permission.follow || recorder) return null;
  for (const { key, isRich } of forms.sources) {
    const flight = isRich ? flights.joinable(key) : null;
    if (flight === null || isOverdue(flight, parts) || !isToCome(flight, question)) continue;
    return { flight, whenLeft: flights.whenLeft(key) };
  }
  return null;
}

/** Tests whether its answer may still come to be kept, and be played to this question. */
function isToCome(flight: Flight, question: Question): boolean {
  const { head } = flight.recording;
  return head === null || (mayPlay(flight, head, question) && flight.sink?.unstorable === null);
}

export class FormWait implements Source {
  readonly #led: Led;
  readonly #question: Question;
  readonly #other: OtherFlight;
  /** The other was heard, to its end or until it was of no use. */
  #hasHeard = false;
  readonly #over = Promise.withResolvers<void>();

  constructor(led: Led, question: Question, other: OtherFlight) {
    this.#led = led;
    this.#question = question;
    this.#other = other;
    void other.whenLeft.then(() => this.#over.resolve());
  }

  /**
   * The answer by the store, at once or once the other has come.
   * @param lookUp asks the store; null where that has been asked
   */
  async find(
    lookUp: (() => Promise<Found | undefined>) | null,
    stored: LeadingParts['stored'],
  ): Promise<Found | undefined> {
    const { flight, result } = this.#led;
    const takeBack = this.#question.client.onceGone(() => result.reader.leave());
    let found = await lookUp?.();
    if (!this.#isAnswer(found, stored)) {
      await this.#wait();
      if (!flight.recording.isOver) found = (await stored.find(this.#question)) ?? found;
    }
    takeBack();
    return found && this.#hasHeard ? { ...found, wasAwaited: true } : found;
  }

  #isAnswer(found: Found | undefined, stored: LeadingParts['stored']): boolean {
    return found !== undefined && stored.isAnswer(found, this.#question);
  }

  resume(): void {}

  /** Nobody waits for the answer any more. */
  abort(): void {
    this.#over.resolve();
  }

  async #wait(): Promise<void> {
    const { flight } = this.#led;
    const { recording, isJoinable } = this.#other.flight;
    if (!isJoinable) return;
    this.#hasHeard = true;
    const reader = recording.openReader();
    flight.follow(this);
    reader.player = { changed: () => this.#hear(reader) };
    this.#hear(reader);
    await this.#over.promise;
    reader.leave();
    flight.isFollowing = false;
    flight.source = null;
  }

  #hear(reader: Reader): void {
    while (reader.read()) {}
    if (reader.head === null) return;
    // It is not silent: nobody is to take it over.
    this.#led.flight.callMetrics.startedAt = null;
    if (!isToCome(this.#other.flight, this.#question)) this.#over.resolve();
  }
}
