/**
 * Entries in memory, listed a page at a time. They are held in no order that
 * people ask for, so that every page looks at each of them, and sorts only
 * those that may be on it.
 */
import { fits, fitsText } from './filter.ts';
import type { HeldEntry } from './held-entry.ts';
import {
  add,
  compare,
  type EntryRow,
  type EntryRows,
  type Listing,
  NOTHING,
  type Position,
  type Sort,
  type Totals,
} from './listing.ts';

/** How many entries one page searches for a text. */
const SEARCHED = 2_000;

export function listHeld(items: Iterable<HeldEntry>, listing: Listing): EntryRows {
  const { filter, sort, limit, after, withAsked = false } = listing;
  const { text } = filter;
  // One more than can be listed, to know whether there is more.
  const first = new First((text === undefined ? limit : Math.max(limit, SEARCHED)) + 1, sort);
  for (const item of items) {
    if (fits(filter, item.entry, item.bytes) && (after === null || compare(after, positionOf(sort, item)) < 0))
      first.add(item);
  }
  const candidates = first.take();
  const searched = candidates.slice(0, first.size - 1);
  const rows = searched
    .values()
    .filter((held) => fitsText(filter, askedOf(held)))
    .take(limit)
    .toArray();
  const last = (rows.length === limit ? rows : searched).at(-1);
  const isOver = last === undefined || last === candidates.at(-1);
  return {
    rows: rows.map((held) => (withAsked ? { ...rowOf(held), asked: askedOf(held) } : rowOf(held))),
    next: isOver ? null : positionOf(sort, last),
  };
}

function askedOf({ entry }: HeldEntry): string | null {
  return entry.request?.parts?.body ?? null;
}

export function rowOf({ key, entry, tier, bytes, hits }: HeldEntry): EntryRow {
  const { request, storedAt, expiresAt, call, derivation } = entry;
  const label = request
    ? { endpoint: request.endpoint, model: request.model, scope: request.scope, tags: request.tags }
    : null;
  return {
    key,
    label,
    bytes,
    hits,
    storedAt,
    expiresAt,
    tier,
    ...(call && { call }),
    ...(derivation && { derivation }),
  };
}

export function total(some: Iterable<HeldEntry>): Totals {
  let sum = NOTHING;
  for (const { bytes } of some) sum = add(sum, { entries: 1, bytes });
  return sum;
}

function positionOf(sort: Sort, { id, bytes, hits }: HeldEntry): Position {
  switch (sort) {
    case 'newest':
      return { at: id, id };
    case 'largest':
      return { at: bytes, id };
    case 'most-used':
      return { at: hits, id };
  }
}

/** The first of many in an order, kept while they pass. */
class First {
  readonly size: number;
  readonly #sort: Sort;
  #items: HeldEntry[] = [];

  constructor(size: number, sort: Sort) {
    this.size = size;
    this.#sort = sort;
  }

  add(item: HeldEntry): void {
    this.#items.push(item);
    if (this.#items.length >= 4 * this.size) this.#items = this.take();
  }

  take(): HeldEntry[] {
    return this.#items
      .sort((a, b) => compare(positionOf(this.#sort, a), positionOf(this.#sort, b)))
      .slice(0, this.size);
  }
}
