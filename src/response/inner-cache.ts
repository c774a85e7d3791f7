/**
 * The report on an answer by an upstream that is a Refrain itself. For its clients'
 * sake it forbids everybody to store what it sends; another Refrain may, where
 * the one before it served the answer from its store, or fetched it and knows
 * no reason against storing it.
 */
import { type Head, headerOf } from './entry.ts';
import { type BareItem, type Member, readList } from './structured-field.ts';

export interface InnerCache {
  /** How old the answer is already, in seconds. */
  readonly age: number;
  /** How long it may be served from now on, in seconds; `Infinity` where it does not say. */
  readonly ttl: number;
}

/** Null where the nearest cache is no Refrain, or one that would not store this answer. */
export function innerCacheOf({ headers }: Head): InnerCache | null {
  // The member that was added last is that of the cache nearest to us (RFC 9211, 2).
  const nearest = readList(headerOf(headers, 'cache-status') ?? '')?.at(-1);
  if (!nearest || !isRefrain(nearest) || !mayBeStored(nearest)) return null;
  const ttl = nearest.parameters.get('ttl');
  return { age: ageOf(headerOf(headers, 'age')), ttl: typeof ttl === 'number' ? Math.max(0, ttl) : Infinity };
}

function isRefrain({ item }: Member): boolean {
  return isToken(item, 'refrain');
}

function mayBeStored({ parameters }: Member): boolean {
  const forwarded = parameters.get('fwd');
  if (parameters.get('hit') === true) return forwarded === undefined;
  return isToken(forwarded, 'miss') && !parameters.has('detail') && !parameters.has('hit');
}

function isToken(item: BareItem | null | undefined, name: string): boolean {
  return typeof item === 'object' && item !== null && 'token' in item && item.token === name;
}

/** The first of several (RFC 9111, 5.1); what is no number of seconds says nothing. */
function ageOf(value: string | undefined): number {
  const [, seconds = '0'] = /^\s*([0-9]{1,10})\s*(?:,|$)/.exec(value ?? '') ?? [];
  return Number(seconds);
}
