/**
 * What there is to read about a proxy, in the words of its operator's API.
 */
import type { ToldEntry, ToldRow } from '../admin/entry-json.ts';
import type { Hint } from '../ledger/hint-list.ts';
import type { Stats as BookedStats } from '../ledger/stats.ts';
import type { LruInfo } from '../store/memory.ts';

/** The sums of the books, and of a proxy that runs its memory and what keeps requests from hitting. */
export interface ProxyStats extends BookedStats {
  readonly lru?: LruInfo;
  readonly hints?: readonly Hint[];
}

export interface EntryPage {
  readonly entries: readonly ToldRow[];
  /** The cursor to go on with; null at the end. */
  readonly next: string | null;
}

export interface Books {
  stats(): Promise<ProxyStats>;
  /** @param query as that of `GET /entries`. A page may be short of rows, or have none, although there are more. */
  page(query: Readonly<Record<string, string>>): Promise<EntryPage>;
  /** @param key its first digits, perhaps with the form. @throws CommandError where it names none or several */
  entry(key: string): Promise<ToldEntry>;
}
