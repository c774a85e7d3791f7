/**
 * What takes the thread long, asked in slices, so that lookups go between them.
 */
import { add, type Listing, NOTHING, type EntryRows, type EntryRow, type Totals } from './listing.ts';
import type { CountSlice } from './sqlite-catalogue.ts';

/**
 * A page, filled from as many slices as that takes.
 * @param isLate whether it has taken long enough: the page then ends where it is
 */
export async function listInSlices(
  ask: (listing: Listing) => Promise<EntryRows | undefined>,
  listing: Listing,
  isLate: () => boolean,
): Promise<EntryRows | undefined> {
  const rows: EntryRow[] = [];
  let { after } = listing;
  do {
    const page = await ask({ ...listing, limit: listing.limit - rows.length, after });
    if (page === undefined) return undefined;
    rows.push(...page.rows);
    after = page.next;
  } while (after !== null && rows.length < listing.limit && !isLate());
  return { rows, next: after };
}

/** @param ask counts a slice of the entries behind one */
export async function countInSlices(
  ask: (after: number) => Promise<CountSlice | undefined>,
): Promise<Totals | undefined> {
  let totals = NOTHING;
  let after: number | null = 0;
  do {
    const slice: CountSlice | undefined = await ask(after);
    if (slice === undefined) return undefined;
    totals = add(totals, slice);
    after = slice.next;
  } while (after !== null);
  return totals;
}
