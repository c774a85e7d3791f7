/**
 * The relay of an answer that is led elsewhere into a flight. Its head is held
 * back until its first byte: until then no reader has seen anything, so that
 * where the leader is lost the flight asks again and its readers never know.
 * After that they are cut.
 */
import { leaderLost } from '../errors.ts';
import type { Call, Head } from '../response/entry.ts';
import type { AnswerFailure } from '../response/writer.ts';
import type { Found } from '../store/store.ts';
import type { Flight } from './flight.ts';
import type { Follower, Loss } from './lease.ts';
import type { Terms } from './terms.ts';

export interface RelayEvents {
  /** Readers have the head. */
  onBegun(): void;
  /** The answer is followed no more, and nobody has seen anything of it. */
  onLost(why: Loss): void;
}

interface RemoteHead {
  readonly head: Head;
  readonly length: number | null;
  readonly terms: Terms;
}

export class Relay implements Follower {
  readonly #flight: Flight;
  readonly #events: RelayEvents;
  #head: RemoteHead | null = null;
  #isCommitted = false;

  constructor(flight: Flight, events: RelayEvents) {
    this.#flight = flight;
    this.#events = events;
  }

  begin(head: Head, length: number | null, terms: Terms): void {
    this.#head = { head, length, terms };
    // It is not silent: nobody is to take it over.
    this.#flight.callMetrics.startedAt = null;
  }

  append(chunk: Buffer, isCommitted: boolean): boolean {
    this.#show();
    this.#isCommitted ||= isCommitted;
    return this.#flight.append(chunk);
  }

  landed(call: Call | null, unkept: string | null): void {
    this.#show();
    this.#flight.land(call, unkept);
  }

  failed(failure: AnswerFailure): void {
    // Where nobody has seen anything, this process may have more luck.
    if (this.#flight.recording.head === null) this.lost('for-one');
    else this.#flight.fail(failure);
  }

  lost(why: Loss): void {
    this.#head = null;
    if (this.#flight.recording.head === null) this.#events.onLost(why);
    else if (this.#isCommitted) this.#flight.land(null, null);
    else this.#flight.fail({ error: leaderLost(), alreadySent: false });
  }

  /** Plays an entry to those who wait for an answer already. */
  play({ entry: { head, body, variant, storedAt, call } }: Found, now: number): void {
    const age = Math.max(0, (now - storedAt) / 1000);
    this.begin(head, body.length, { variant: variant ?? null, whyForOneAlone: null, age, unstorable: null });
    this.append(body, true);
    this.landed(call ?? null, null);
  }

  #show(): void {
    if (this.#head === null) return;
    const { head, length, terms } = this.#head;
    this.#head = null;
    this.#flight.relay(head, length, terms);
    this.#events.onBegun();
  }
}
