/**
 * The entries whose requests have a text in them, searched for in all catalogues. Only these keep what was asked: what
 * is found is thrown away by key, so that the text itself is written nowhere.
 */
import { overloaded } from '../errors.ts';
import type { Catalogue } from '../store/catalogue.ts';
import type { Filter } from '../store/filter.ts';
import type { Position, Totals } from '../store/listing.ts';

export interface TextSearch {
  /** Of the entries that fit, by key, in bytes. */
  readonly fitting: ReadonlyMap<string, number>;
  /** The same of those that fit but for their text, which is not known. */
  readonly unjudged: ReadonlyMap<string, number>;
}

const PAGE_ROWS = 500;

/** @throws RefrainError `overloaded` where one of them cannot answer now: nothing is deleted by halves */
export async function searchText(catalogues: readonly Catalogue[], filter: Filter): Promise<TextSearch> {
  const found = { fitting: new Map<string, number>(), unjudged: new Map<string, number>() };
  for (const catalogue of catalogues) {
    for (let after: Position | null | undefined = null; after !== undefined; ) {
      const listing = { filter: { ...filter, orUnasked: true }, sort: 'newest', limit: PAGE_ROWS, after } as const;
      const page = await catalogue.list({ ...listing, withAsked: true });
      if (!page) throw overloaded();
      for (const { key, bytes, asked = null } of page.rows)
        (asked === null ? found.unjudged : found.fitting).set(key, bytes);
      after = page.next ?? undefined;
    }
  }
  // One place may know what another does not: a key is one question.
  for (const key of found.fitting.keys()) found.unjudged.delete(key);
  return found;
}

export function totalsOf(entries: ReadonlyMap<string, number>): Totals {
  return { entries: entries.size, bytes: entries.values().reduce((sum, bytes) => sum + bytes, 0) };
}
