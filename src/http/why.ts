/**
 * `x-refrain-why`: for a miss, which stored request of the same endpoint, model
 * and scope comes nearest, and where it differs. Told only to whoever asks for
 * it with `x-refrain-debug: 1`.
 */
import type { Miss } from '../cache/outcome.ts';
import { inWords } from '../cache/storable.ts';
import { type Dialect, ignoresLabels } from '../dialect.ts';
import type { Twin } from '../ledger/hints.ts';
import { isLabel } from '../request/explain.ts';
import { nameOf } from '../request/fingerprint.ts';
import type { Keyer } from '../request/keyer.ts';
import type { KeyedRequest } from '../request/key.ts';
import type { OmissionsByDialect } from '../request/omissions.ts';
import type { Policy } from '../request/policy.ts';
import type { Kept, Likeness } from '../store/catalogue.ts';
import type { Store } from '../store/store.ts';

/** How many stored requests are compared, the newest first, and how long they may be in all, in UTF-16 units. */
const COMPARED = 16;
const COMPARED_TEXT = 1024 * 1024;

export interface Records {
  readonly store: Store;
  readonly keyer: Keyer;
  readonly omissions: OmissionsByDialect;
}

/** A request that missed. */
export interface Missed {
  readonly policy: Policy;
  readonly outcome: Miss;
  readonly like: Likeness;
  readonly keyed: KeyedRequest;
  /** That of the upstream. */
  readonly dialect: Dialect;
  /** The last request with the same body, stored or not. */
  readonly twin: Twin | null;
}

export async function whyMissed({ store, keyer, omissions }: Records, missed: Missed): Promise<string> {
  const { policy, outcome, like, keyed, dialect, twin } = missed;
  if (!policy.read) return 'no-cache';
  if (outcome.notKept !== null) return `the last answer was not kept: ${inWords(outcome.notKept)}`;
  const { isStale, isOfFuture } = outcome.answer;
  if (isStale && isOfFuture) return 'kept, but dated in the future by the clock of this machine';
  if (isStale) return 'kept, but expired or older than max-age';
  const { key, form, parts } = keyed;
  // By now the answer to this very request may be among them.
  const kept = ((await store.newest(like, COMPARED + 1)) ?? []).filter((each) => each.key !== key);
  const candidates = withinBound(kept).map(({ key, request }) => ({ key, parts: request.parts }));
  const nearest = parts && (await keyer.nearest(parts, form, candidates));
  // The twin is perhaps not kept, but the names of what differs from it are known.
  const isOther = twin !== null && nearest?.name !== nameOf(twin.key);
  const isNearer = isOther && twin.pointers.length <= (nearest?.differences ?? Infinity);
  const told = (name: string, first: string, differences: number) => {
    const where = `nearest=${name.slice(0, 16)}; at="${encodeURI(first.toWellFormed())}"; differences=${differences}`;
    return ignoresLabels(dialect) || !isLabel(omissions, first) ? where : `${where}; dialect=engine would leave it out`;
  };
  if (isNearer && (await store.findByPrefix(nameOf(twin.key))) !== undefined) {
    return told(twin.key, twin.pointers[0] as string, twin.pointers.length);
  }
  if (!nearest) return 'nothing to compare is kept of this endpoint, model and scope';
  return told(nearest.name, nearest.first, nearest.differences);
}

function withinBound(kept: readonly Kept[]): readonly Kept[] {
  let length = 0;
  return kept.filter(({ request }) => (length += request.parts?.body?.length ?? 0) <= COMPARED_TEXT);
}
