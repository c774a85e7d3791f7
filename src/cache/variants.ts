/**
 * Variants: the answers to one question that differ by headers which its key
 * leaves out, because the upstream names these in `Vary` (RFC 9111, 4.1).
 *
 * The first variant is stored under the key itself and says what it varies by;
 * the others under keys made from that one and a digest of what was sent. So a
 * question whose answers do not vary is looked up once, as ever.
 */
import type { Entry, Head, Variant } from '../response/entry.ts';
import { variesBy } from '../response/vary.ts';
import type { Fence, Store } from '../store/store.ts';

/** The headers of a request, as they were sent to the upstream. */
export interface Sent {
  /** Tests whether requests with equal keys sent equal values of this header. */
  isKeyed(name: string): boolean;
  /** Tells apart what was sent of these headers, and does not show it; hexadecimal. */
  digestOf(names: readonly string[]): string;
}

/** How many variants of one question are kept. */
const MOST = 8;
/** How many of them are looked for; more than there can be, but for two proxies over one file. */
const LISTED = 4 * MOST;

/** As many digits tell variants of one question apart; what is served is compared by all. */
const DIGITS = 16;
const MARK = '~';

/** The variant of an answer with this head, for the request that sent this; null where all of them are one. */
export function variantOf(head: Head, sent: Sent): Variant | null {
  const by = variesBy(head)
    .filter((name) => name !== '*' && !sent.isKeyed(name))
    .toSorted();
  return by.length === 0 ? null : { by, digest: sent.digestOf(by) };
}

/** Tests whether what is stored answers a request that sent this. */
export function suits({ variant }: Entry, sent: Sent): boolean {
  return variant === undefined || variant.digest === sent.digestOf(variant.by);
}

/** Where the answer to such a request is, by what is stored under the key of its question. */
export function ownKey(key: string, stored: Entry, sent: Sent): string {
  const { variant } = stored;
  if (variant === undefined || isVariantKey(key) || suits(stored, sent)) return key;
  return variantKey(key, sent.digestOf(variant.by));
}

/** The key of a question, of whichever variant this one is. */
export function primaryKey(key: string): string {
  const end = key.indexOf(MARK);
  return end === -1 ? key : key.slice(0, end);
}

export function isVariantKey(key: string): boolean {
  return key.includes(MARK);
}

export function variantKey(key: string, digest: string): string {
  return `${primaryKey(key)}${MARK}${digest.slice(0, DIGITS)}`;
}

export interface VariantContext {
  /** The entry that was found under the key itself when this was asked. */
  readonly first: Entry | undefined;
  /** How long expired entries are retained, in seconds. */
  readonly retention: number;
  /** The lease under which the answer was fetched. */
  readonly fence: Fence | undefined;
}

/** Stores an answer as what it is: the only one, the first variant, or a further one. */
export function storeVariant(
  store: Store,
  key: string,
  entry: Entry,
  { first, retention, fence }: VariantContext,
): void {
  const { variant } = entry;
  const primary = primaryKey(key);
  if (variant === undefined) {
    store.set(primary, entry, fence);
    if (first?.variant) dropOldest(store, primary, null, 0);
    return;
  }
  const held = store.getSync(primary)?.entry ?? first;
  const own = variantKey(key, variant.digest);
  // Among several processes the first may be on its way into the store from another.
  const isBeside = held === undefined && fence !== undefined && isVariantKey(key);
  if (isBeside || (held !== undefined && isOtherVariant(held, entry, retention))) {
    store.set(own, entry, fence);
    return dropOldest(store, primary, own, MOST - 2);
  }
  if (held?.variant && held.variant.by.join() !== variant.by.join()) dropOldest(store, primary, null, 0);
  // Else an older answer to the same would outlive this one there.
  store.delete(own);
  store.set(primary, entry, fence);
}

/** Tests whether both vary by the same headers, and the one that is held is another and still to be retained. */
function isOtherVariant(held: Entry, { variant, storedAt }: Entry, retention: number): boolean {
  return (
    variant !== undefined &&
    held.variant?.by.join() === variant.by.join() &&
    held.variant.digest !== variant.digest &&
    held.expiresAt + retention * 1000 > storedAt
  );
}

/** Drops variants beside the first, once the store has listed them. @param newest stays, whatever its age */
function dropOldest(store: Store, primary: string, newest: string | null, staying: number): void {
  const drop = async () => {
    const others = (await store.listByPrefix(primary + MARK, LISTED)) ?? [];
    const byAge = others.filter(({ key }) => key !== newest).toSorted((a, b) => b.storedAt - a.storedAt);
    for (const { key } of byAge.slice(staying)) store.delete(key);
  };
  // A store that fails, against its contract, keeps a few that nobody asks for.
  void drop().catch(() => {});
}
