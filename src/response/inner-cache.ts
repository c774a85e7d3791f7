/**
 * The report on an answer by an upstream that is a Refrain itself. For its clients'
 * sake it forbids everybody to store what it sends; another Refrain may, where
 * the one before it served the answer from its store, or fetched it and knows
 * no reason against storing it.
 */
import { type Head, headerOf, type RawHeaders } from './entry.ts';
import { type BareItem, type Member, readList } from './structured-field.ts';

export interface InnerCache {
  /** How old the answer is already, in seconds. */
  readonly age: number;
  /**
   * How long it may be served from now on, in seconds; `Infinity` where nobody says. One that fetched it from a
   * Refrain in its turn says nothing itself: what that one said holds.
   */
  readonly ttl: number;
  /** True where it knows no reason against storing it. */
  readonly mayBeStored: boolean;
  /** True where the request is more than its bytes, as far as it knows. */
  readonly isBypass: boolean;
}

/** Null where the nearest cache is no Refrain. */
export function innerCacheOf({ headers }: Head): InnerCache | null {
  const members = readList(headerOf(headers, 'cache-status') ?? '') ?? [];
  // The member that was added last is that of the cache nearest to us (RFC 9211, 2).
  const refrains = members.slice(members.findLastIndex((member) => !isRefrain(member)) + 1);
  const nearest = refrains.at(-1);
  if (!nearest) return null;
  return {
    age: ageOf(headers),
    ttl: refrains.reduce((ttl, { parameters }) => Math.min(ttl, secondsOf(parameters.get('ttl'))), Infinity),
    mayBeStored: mayBeStored(nearest),
    isBypass: isToken(nearest.parameters.get('fwd'), 'bypass'),
  };
}

function secondsOf(ttl: BareItem | undefined): number {
  return typeof ttl === 'number' ? Math.max(0, ttl) : Infinity;
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

/** Beyond it no age is told apart (RFC 9111, 1.2.2). */
const OLDEST = 2 ** 31;

/** The first of several (RFC 9111, 5.1); what is no number of seconds says nothing. */
export function ageOf(headers: RawHeaders): number {
  const [, seconds = '0'] = /^\s*([0-9]+)\s*(?:,|$)/.exec(headerOf(headers, 'age') ?? '') ?? [];
  return Math.min(Number(seconds), OLDEST);
}
