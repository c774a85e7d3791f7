/**
 * The data of a proxy that commands read, in the words of its admin API.
 */
import type { EntryJson, EntryRowJson } from '../admin/entry-json.ts';
import type { FleetBill, FleetStats } from '../fleet/books.ts';
import type { Hint } from '../ledger/hint-list.ts';
import type { Bill } from '../ledger/bill.ts';
import type { Stats } from '../ledger/stats.ts';
import type { Explanation } from '../request/explain.ts';
import type { LruInfo } from '../store/catalogue.ts';

/** The sums of the usage ledger; of a proxy that runs also its memory, and what keeps requests from hitting. */
export interface ProxyStats extends Stats {
  readonly lru?: LruInfo;
  readonly hints?: readonly Hint[];
  /** Of all nodes of a fleet; null while they cannot be read. */
  readonly fleet?: FleetStats | null;
}

export interface ProxyBill extends Bill {
  /** Of a tag, by all nodes of a fleet; null while they cannot be read. */
  readonly fleet?: FleetBill | null;
  /** The node of a fleet that counted this; null where there is no other. */
  readonly node: string | null;
}

export interface EntryPage {
  readonly entries: readonly EntryRowJson[];
  /** The cursor to go on with; null at the end. */
  readonly next: string | null;
}

export interface ProxyData {
  stats(): Promise<ProxyStats>;
  /** @param query as that of `GET /stats` for some requests alone */
  bill(query: Readonly<Record<string, string>>): Promise<ProxyBill>;
  /** @param query as that of `GET /entries`. A page may be short of rows, or have none, although there are more. */
  page(query: Readonly<Record<string, string>>): Promise<EntryPage>;
  /** @param key its first digits, perhaps with the form. @throws CommandError where it names none or several */
  entry(key: string): Promise<EntryJson>;
  /** @param text the body of `POST /explain` */
  explain(text: string): Promise<Explanation>;
}
