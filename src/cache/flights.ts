/**
 * The calls in flight, by key: which may be joined (single flight: equal requests
 * coalesce into one call, so that no stampede reaches an upstream), and which may
 * still be kept, as what.
 */
import type { Label, StoredRequest } from '../response/entry.ts';
import { type Criteria, fitsLabel, hasText, isPurgedBy, type Purge } from '../store/filter.ts';
import type { Totals } from '../store/listing.ts';
import type { Flight } from './flight.ts';
import type { OtherForms } from './question.ts';
import { primaryKey } from './variants.ts';

/** The answers that are to go. */
export interface PurgeRequest extends Criteria {
  /** Those kept for longer than this, in seconds, and none that is on its way, unless it is 0. */
  readonly olderThan?: number | undefined;
  /** Those kept for no longer than this. */
  readonly newerThan?: number | undefined;
  /** Those to requests with this text in them. */
  readonly text?: string | undefined;
  /** With a text: those too with which no question is kept. */
  readonly includeUnjudged?: boolean | undefined;
}

/** The entries that a purge drops; `flights` are those that it fences. */
export interface Purged extends Totals {
  readonly flights: number;
  /** The entries of which no text is known, where one was asked for. */
  readonly unjudged?: number;
}

/** The key and label that an answer will be kept under. */
interface SlotKey {
  readonly key: string;
  /** Absent where it is kept under that key alone. */
  readonly items?: { readonly keys: readonly string[]; readonly hasKnown: boolean } | undefined;
  readonly label: Label;
  /** From which its answer may be made, as long as it still asks the store. */
  readonly forms: OtherForms | null;
  /** Of the request. */
  readonly parts: () => StoredRequest['parts'];
}

/**
 * The place of a flight among the others. It is emptied when the flight leaves:
 * tables that a Map or a Set has outgrown hold on to what they had, one to the
 * next, until V8's next full collection.
 */
export interface FlightSlot extends Omit<SlotKey, 'parts' | 'forms'> {
  flight: Flight | null;
  /** Null once it is emptied, like the next two. */
  parts: SlotKey['parts'] | null;
  forms: OtherForms | null;
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

  add(flight: Flight, { key, label, parts, items, forms }: SlotKey, isJoinable: boolean): FlightSlot {
    const slot: FlightSlot = { key, label, parts, forms, flight, onEmpty: null, ...(items && { items }) };
    this.#keepable.add(slot);
    if (isJoinable) this.#joinable.set(key, slot);
    return slot;
  }

  remove(slot: FlightSlot): void {
    this.#keepable.delete(slot);
    if (this.#joinable.get(slot.key) === slot) this.#joinable.delete(slot.key);
    slot.flight = null;
    slot.parts = null;
    slot.forms = null;
    for (const act of slot.onEmpty ?? []) act();
    slot.onEmpty = null;
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

  /** Those whose answers a purge is about, or may be: one with a question that cannot be kept is not kept itself. */
  purgedBy({ olderThan = 0, text, ...criteria }: PurgeRequest): Flight[] {
    const mayFit = (body: string | undefined) => body === undefined || hasText(body, text as string);
    const fits = (slot: FlightSlot) =>
      isInPurge(slot, criteria, olderThan > 0) && (text === undefined || mayFit(slot.parts?.()?.body));
    return this.#fitting(fits);
  }

  /** The same of a purge of what is kept: one by age is about nothing that is on its way. */
  fitting({ storedUpTo, ...criteria }: Purge): Flight[] {
    return this.#fitting((slot) => isInPurge(slot, criteria, storedUpTo !== undefined));
  }

  /** Entries that a purge drops are served no more in the time until a flight replaces them. */
  forgetEntries(purge: Purge): void {
    for (const { flight, items } of this.#keepable) {
      const landing = flight?.sink;
      if (landing?.before && (items?.hasKnown || isPurgedBy(purge, landing.before.entry))) landing.before = undefined;
    }
  }

  #fitting(fits: (slot: FlightSlot) => boolean): Flight[] {
    return [...this.#keepable].filter(fits).flatMap(({ flight }) => flight ?? []);
  }
}

/** Tests whether a purge is about the answer of a flight; one that has parts from the store is as old as these are. */
function isInPurge({ label, items }: FlightSlot, criteria: Criteria, isByAge: boolean): boolean {
  return items?.hasKnown ? fitsLabel({ ...criteria, tag: undefined }, label) : !isByAge && fitsLabel(criteria, label);
}

/** The entries that a purge is about, whatever their text. @param now milliseconds since the epoch */
export function entriesFor(request: PurgeRequest, now: number): Purge {
  const { olderThan = 0, newerThan, text: _, includeUnjudged: __, ...criteria } = request;
  return {
    ...criteria,
    ...(olderThan > 0 && { storedUpTo: now - olderThan * 1000 }),
    ...(newerThan !== undefined && { storedFrom: now - newerThan * 1000 }),
  };
}
