/**
 * The listing of entries, a page at a time.
 *
 * A page begins behind a position and not at a number of rows, so that what
 * comes and goes meanwhile makes no entry be listed twice, nor one be left out
 * that stays where it is.
 */
import type { Entry, Label } from '../response/entry.ts';
import type { Filter } from './filter.ts';

/** The newest, the largest or the most used first; of equals, the one stored last. */
export type Sort = 'newest' | 'largest' | 'most-used';

/** A place in an order: what is sorted by, and the number that each entry has to itself. */
export interface Position {
  readonly at: number;
  readonly id: number;
}

export interface Listing {
  readonly filter: Filter;
  readonly sort: Sort;
  /** How many rows a page may have. */
  readonly limit: number;
  /** Where the page before ended; null at the beginning. */
  readonly after: Position | null;
  /** Rows have what was asked; the page may be shorter for it. */
  readonly withAsked?: boolean;
}

export interface EntryRows {
  readonly rows: readonly EntryRow[];
  /** Where to go on, even after a page with no rows: so much was looked through. Null at the end. */
  readonly next: Position | null;
}

/** An entry as it is listed. Its label is null where it is not known. */
export interface EntryRow extends Pick<Entry, 'storedAt' | 'expiresAt' | 'call' | 'derivation'> {
  readonly key: string;
  readonly label: Label | null;
  /** The body of its request, as it is kept, where the list is with it; null where it is not kept. */
  readonly asked?: string | null;
  /** Its share of the store's bound. */
  readonly bytes: number;
  /** How often it was served. */
  readonly hits: number;
  /** The name of the first tier that has it. */
  readonly tier: string;
}

/** How many entries, and what they take of the store's bound. */
export interface Totals {
  readonly entries: number;
  readonly bytes: number;
}

export const NOTHING: Totals = { entries: 0, bytes: 0 };

export function add(one: Totals, other: Totals): Totals {
  return { entries: one.entries + other.entries, bytes: one.bytes + other.bytes };
}

/** Negative where `a` comes before `b`. */
export function compare(a: Position, b: Position): number {
  return b.at - a.at || b.id - a.id;
}

export function byKey(a: EntryRow, b: EntryRow): number {
  return a.key < b.key ? -1 : 1;
}
