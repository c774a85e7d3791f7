/**
 * The removal of answers before their time: from the store, and of those on
 * their way, which are delivered and not kept.
 */
import type { Clock } from '../clock.ts';
import type { Gone } from '../store/gone.ts';
import { NOTHING } from '../store/listing.ts';
import type { Store } from '../store/store.ts';
import { entriesFor, type Flights, type Purged, type PurgeRequest } from './flights.ts';
import type { DeletedResponses } from './deleted-responses.ts';

export interface RemovalParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly flights: Flights;
  readonly deletedResponses: DeletedResponses;
}

export class Removals {
  readonly #parts: RemovalParts;

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /** Drops what is kept under a key, and fences what is on its way to it. */
  purge(key: string): void {
    for (const flight of this.#parts.flights.to(key)) flight.fence();
    this.#parts.store.delete(key);
  }

  /**
   * Drops all that fits, what is on its way included, for every request from here on.
   * @returns how much that was
   */
  async purgeAll(request: PurgeRequest): Promise<Purged> {
    const { store, clock } = this.#parts;
    const purge = entriesFor(request, clock.now());
    const flights = this.#parts.flights.purgedBy(request);
    for (const flight of flights) flight.fence();
    this.#parts.flights.forgetEntries(purge);
    return { ...((await store.purge(purge)) ?? NOTHING), flights: flights.length };
  }

  /** Counts what `purgeAll` would drop. */
  async countAll(request: PurgeRequest): Promise<Purged> {
    const { store, clock } = this.#parts;
    const flights = this.#parts.flights.purgedBy(request).length;
    return { ...((await store.count(entriesFor(request, clock.now()))) ?? NOTHING), flights };
  }

  /** Drops the answers with this `id`, also those that land from here on. */
  forget(answerId: string): void {
    this.#parts.deletedResponses.add(answerId);
    this.#parts.store.deleteAnswer(answerId);
  }

  /** Tests whether all that was dropped so far is gone for good, whatever becomes of this process. */
  written(): Promise<boolean> {
    return this.#parts.store.written();
  }

  /** Keeps nothing that is on its way, where another process over the same store threw it away. */
  heed(gone: Gone): void {
    const { flights, deletedResponses } = this.#parts;
    if ('answerId' in gone) return deletedResponses.add(gone.answerId);
    for (const flight of 'key' in gone ? flights.to(gone.key) : flights.fitting(gone.purge)) flight.fence();
    if ('purge' in gone) flights.forgetEntries(gone.purge);
  }
}
