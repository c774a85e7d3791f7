/**
 * The calls in flight, by key: which may be joined (single flight: equal requests
 * coalesce into one call, so that no stampede reaches an upstream), and which may
 * still be kept, as what.
 */
import type { Label } from '../response/entry.ts';
import { type Criteria, fitsLabel, isPurgedBy, type Purge } from '../store/filter.ts';
import type { Totals } from '../store/listing.ts';
import type { Flight } from './flight.ts';
import type { OtherForms } from './question.ts';
import { primaryKey } from './variants.ts';

/** The answers that are to go. */
export interface PurgeRequest extends Criteria {
  /** Those kept for longer than this, in seconds, and none that is on its way, unless it is 0. */
  readonly olderThan?: number | undefined;
}

/** The entries that a purge drops; `flights` are those that it fences. */
export interface Purged extends Totals {
  readonly flights: number;
}

/** The key and label that an answer will be kept under. */
interface SlotKey {
  readonly key: string;
  /** Absent where it is kept under that key alone. */
  readonly items?: { readonly keys: readonly string[] } | undefined;
  readonly label: Label;
  /** From which its answer may be made, as long as it still asks the store. */
  readonly forms: OtherForms | null;
}

/**
 * The place of a flight among the others. It is emptied when the flight leaves:
 * tables that a Map or a Set has outgrown hold on to what they had, one to the
 * next, until V8's next full collection.
 */
export interface FlightSlot extends SlotKey {
  flight: Flight | null;
  /** Called once it is empty. */
  onEmpty: (() => void)[] | null;
}

export class Flights {
  readonly #joinable = new Map<string, FlightSlot>();
  readonly #keepable = new Set<FlightSlot>();

  /** How many may be joined. */
  get size(): number {
    return this.#joinable.size;
  }

  /** The keys to which an answer is on its way that may still be kept. */
  keys(): string[] {
    return [...new Set(this.#keepable.values().map(({ key }) => key))];
  }

  joinable(key: string): Flight | null {
    return this.#joinable.get(key)?.flight ?? null;
  }

  add(flight: Flight, { key, label, items, forms }: SlotKey, isJoinable: boolean): FlightSlot {
    const slot: FlightSlot = { key, label, forms, flight, onEmpty: null, ...(items && { items }) };
    this.#keepable.add(slot);
    if (isJoinable) this.#joinable.set(key, slot);
    return slot;
  }

  remove(slot: FlightSlot): void {
    this.#keepable.delete(slot);
    if (this.#joinable.get(slot.key) === slot) this.#joinable.delete(slot.key);
    slot.flight = null;
    for (const act of slot.onEmpty ?? []) act();
  }

  /** Resolves once the flight has left that may be joined now: its answer can be read from the store, or never will. */
  whenLeft(key: string): Promise<void> {
    return new Promise((resolve) => {
      const slot = this.#joinable.get(key);
      if (slot === undefined) resolve();
      else (slot.onEmpty ??= []).push(resolve);
    });
  }

  /** An answer was stored under a key: the entry that a flight was to replace is gone, so that nobody joins it. */
  supersede(key: string): void {
    if (this.joinable(key)?.sink?.before !== undefined) this.#joinable.delete(key);
  }

  /** Nobody joins those that may have found what is dropped from under this key, another form of their answer. */
  forgetSource(key: string): void {
    const primary = primaryKey(key);
    for (const { key: own, flight, forms } of this.#joinable.values())
      if (flight?.lookup && forms?.sources.some((source) => source.key === primary)) this.#joinable.delete(own);
  }

  /** Those that may land under a key: which variant an answer is, nobody knows before its head. */
  to(key: string): Flight[] {
    const primary = primaryKey(key);
    return this.#fitting(({ key: own, items }) => primaryKey(own) === primary || items?.keys.includes(key) === true);
  }

  /** Those whose answers a purge is about. */
  purgedBy({ olderThan = 0, ...criteria }: PurgeRequest): Flight[] {
    return olderThan > 0 ? [] : this.#fitting(({ label }) => fitsLabel(criteria, label));
  }

  /** The same of a purge of what is kept: one by age is about nothing that is on its way. */
  fitting({ storedUpTo, ...criteria }: Purge): Flight[] {
    return storedUpTo === undefined ? this.#fitting(({ label }) => fitsLabel(criteria, label)) : [];
  }

  /** Entries that a purge drops are served no more in the time until a flight replaces them. */
  forgetEntries(purge: Purge): void {
    for (const { flight } of this.#keepable) {
      const landing = flight?.sink;
      if (landing?.before && isPurgedBy(purge, landing.before.entry)) landing.before = undefined;
    }
  }

  #fitting(fits: (slotKey: SlotKey) => boolean): Flight[] {
    return [...this.#keepable].filter(fits).flatMap(({ flight }) => flight ?? []);
  }
}

/** The entries that a purge is about. @param now milliseconds since the epoch */
export function entriesFor({ olderThan = 0, ...criteria }: PurgeRequest, now: number): Purge {
  return olderThan > 0 ? { ...criteria, storedUpTo: now - olderThan * 1000 } : criteria;
}
