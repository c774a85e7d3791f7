/**
 * The flights in the air: which may be joined, by key, and which may still be
 * kept, as what.
 */
import type { Label } from '../response/entry.ts';
import { type Criteria, fitsLabel, type Purge } from '../store/filter.ts';
import type { Tally } from '../store/listing.ts';
import type { Flight } from './flight.ts';

/** Which answers are to go. */
export interface PurgeRequest extends Criteria {
  /** Those kept for longer than this, in seconds, and none that is on its way, unless it is 0. */
  readonly olderThan?: number | undefined;
}

/** What a purge is about; `flights` are those that it fences. */
export interface Purged extends Tally {
  readonly flights: number;
}

/** What an answer will be kept as. */
interface Landing {
  readonly key: string;
  readonly label: Label;
}

export class Flights {
  readonly #joinable = new Map<string, Flight>();
  readonly #keepable = new Map<Flight, Landing>();

  /** How many may be joined. */
  get size(): number {
    return this.#joinable.size;
  }

  /** The keys to which an answer is on its way that may still be kept. */
  keys(): string[] {
    return [...new Set(this.#keepable.values().map(({ key }) => key))];
  }

  joinable(key: string): Flight | undefined {
    return this.#joinable.get(key);
  }

  add(flight: Flight, landing: Landing, isJoinable: boolean): void {
    this.#keepable.set(flight, landing);
    if (isJoinable) this.#joinable.set(landing.key, flight);
  }

  remove(flight: Flight, key: string): void {
    this.#keepable.delete(flight);
    if (this.#joinable.get(key) === flight) this.#joinable.delete(key);
  }

  to(key: string): Flight[] {
    return this.#fitting((landing) => landing.key === key);
  }

  /** Those whose answers a purge is about. */
  purgedBy({ olderThan = 0, ...criteria }: PurgeRequest): Flight[] {
    return olderThan > 0 ? [] : this.#fitting(({ label }) => fitsLabel(criteria, label));
  }

  #fitting(fits: (landing: Landing) => boolean): Flight[] {
    return [...this.#keepable].filter(([, landing]) => fits(landing)).map(([flight]) => flight);
  }
}

/** The entries that a purge is about. @param now milliseconds since the epoch */
export function entriesFor({ olderThan = 0, ...criteria }: PurgeRequest, now: number): Purge {
  return olderThan > 0 ? { ...criteria, storedUpTo: now - olderThan * 1000 } : criteria;
}
