/**
 * Entries in memory, told of a page at a time. They are held in no order that
 * people ask for, so that every page looks at each of them, and sorts only
 * those that may be on it.
 */
import type { Entry } from '../response/entry.ts';
import { fits, hasText } from './filter.ts';
import { compare, type Listing, type EntryRows, type Position, type EntryRow, type Sort } from './listing.ts';

export interface Listable {
  readonly key: string;
  readonly entry: Entry;
  readonly tier: string;
  /** Grows with each entry that is set. */
  readonly id: number;
  readonly bytes: number;
  readonly hits: number;
}

/** How many entries one page searches for a text. */
const SEARCHED = 2_000;

export function listHeld(items: Iterable<Listable>, { filter, sort, limit, after }: Listing): EntryRows {
  const { text } = filter;
  // One more than can be told, to know whether there is more.
  const first = new First((text === undefined ? limit : Math.max(limit, SEARCHED)) + 1, sort);
  for (const item of items) {
    if (fits(filter, item.entry, item.bytes) && (after === null || compare(after, positionOf(sort, item)) < 0))
      first.add(item);
  }
  const rows: EntryRow[] = [];
  let last: Listable | undefined;
  const candidates = first.take();
  for (const [index, item] of candidates.entries()) {
    if (rows.length === limit || index === first.size - 1) return { rows, next: last ? positionOf(sort, last) : null };
    if (text === undefined || hasText(item.entry.request?.parts?.body ?? '', text)) rows.push(rowOf(item));
    last = item;
  }
  return { rows, next: null };
}

export function rowOf({ key, entry: { request, storedAt, expiresAt, call }, tier, bytes, hits }: Listable): EntryRow {
  const label = request
    ? { endpoint: request.endpoint, model: request.model, scope: request.scope, tags: request.tags }
    : null;
  return { key, label, bytes, hits, storedAt, expiresAt, tier, ...(call && { call }) };
}

function positionOf(sort: Sort, { id, bytes, hits }: Listable): Position {
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
  #items: Listable[] = [];

  constructor(size: number, sort: Sort) {
    this.size = size;
    this.#sort = sort;
  }

  add(item: Listable): void {
    this.#items.push(item);
    if (this.#items.length >= 4 * this.size) this.#items = this.take();
  }

  take(): Listable[] {
    return this.#items
      .sort((a, b) => compare(positionOf(this.#sort, a), positionOf(this.#sort, b)))
      .slice(0, this.size);
  }
}
