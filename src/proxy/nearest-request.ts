/**
 * The request that comes nearest to one that missed, of the same endpoint, model
 * and scope, and where the two differ.
 */
import type { Dialect } from '../dialect.ts';
import type { Twin } from '../ledger/hints.ts';
import { isLeftOutByEngine } from '../request/other-dialect.ts';
import { nameOf } from '../request/fingerprint.ts';
import type { Keyer } from '../request/keyer.ts';
import type { KeyedRequest } from '../request/key.ts';
import type { OmissionsByDialect } from '../request/omissions.ts';
import type { Kept, Likeness } from '../store/catalogue.ts';
import type { Store } from '../store/store.ts';

/** How many stored requests are compared, the newest first, and how long they may be in all, in UTF-16 units. */
const COMPARED = 16;
const COMPARED_TEXT = 1024 * 1024;

/** Where requests are found and compared. */
export interface Requests {
  readonly store: Store;
  readonly keyer: Keyer;
  readonly omissions: OmissionsByDialect;
}

/** A request that missed. */
export interface Missed {
  readonly label: Likeness;
  readonly keyed: KeyedRequest;
  /** That of the upstream. */
  readonly dialect: Dialect;
  /** The last request with the same body, stored or not. */
  readonly twin: Twin | null;
  /** The keys under which its answer is stored: by now it may be there. */
  readonly own: ReadonlySet<string>;
}

/** @returns a line for `x-refrain-why` */
export async function nearestRequest({ store, keyer, omissions }: Requests, missed: Missed): Promise<string> {
  const { label, keyed, dialect, twin, own } = missed;
  const { form, parts } = keyed;
  const newest = (await store.newest(label, COMPARED + own.size)) ?? [];
  const kept = newest.filter(({ key }) => !own.has(key));
  const candidates = withinBound(kept).map(({ key, request }) => ({ key, parts: request.parts }));
  const nearest = parts && (await keyer.nearest(parts, form, candidates));
  // The twin is perhaps not kept, but the names of what differs from it are known.
  const isOther = twin !== null && nearest?.name !== nameOf(twin.key);
  const isNearer = isOther && twin.pointers.length <= (nearest?.differences ?? Infinity);
  const line = (name: string, first: string, differences: number) => {
    const where = `nearest=${name.slice(0, 16)}; at="${encodeURI(first.toWellFormed())}"; differences=${differences}`;
    const isLabel = isLeftOutByEngine(omissions, { dialect, pointer: first, body: parts?.body });
    return isLabel ? `${where}; dialect=engine would leave it out` : where;
  };
  if (isNearer && (await store.findByPrefix(nameOf(twin.key))) !== undefined) {
    return line(twin.key, twin.pointers[0] as string, twin.pointers.length);
  }
  if (!nearest) return 'nothing to compare is kept of this endpoint, model and scope';
  return line(nearest.name, nearest.first, nearest.differences);
}

/** The first of them, as many as are compared. */
export function withinBound(kept: readonly Kept[]): readonly Kept[] {
  let length = 0;
  return kept.filter(({ request }) => (length += request.parts?.body?.length ?? 0) <= COMPARED_TEXT);
}
