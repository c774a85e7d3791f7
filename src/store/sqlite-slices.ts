/**
 * A listing, asked in slices of what takes long, so that lookups go between them.
 */
import type { EntryRow, EntryRows, Listing } from './listing.ts';

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
