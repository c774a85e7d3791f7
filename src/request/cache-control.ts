/**
 * `Cache-Control` of a request (RFC 9111, 5.2.1; RFC 5861, 4), as far as a
 * cache of ours acts on it. Directives that are not known are ignored,
 * malformed values are refused.
 *
 * Libraries that read event streams send `no-cache` (go-openai) or `no-store`
 * (httpx-sse) with each of them, whoever uses them. Exactly so, and alone,
 * beside `Accept: text/event-stream`, it is their habit and nobody's wish.
 */
import { invalidHeader } from '../errors.ts';
import { type HeaderFields, valueOf } from './header-fields.ts';

/** Times are in seconds; of several of one name the strictest counts. */
export interface CacheControl {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly onlyIfCached: boolean;
  /** `Infinity` for no bound. */
  readonly maxAge: number;
  /** `Infinity` for any staleness; null where it is not named. */
  readonly maxStale: number | null;
  /** Null where it is not named. */
  readonly staleIfError: number | null;
  /** True where the header is what a library sends with every stream: `no-cache` or `no-store`, exactly and alone. */
  readonly isHabit: boolean;
}

/** @throws RefrainError `invalid_header` */
export function readCacheControl(fields: HeaderFields): CacheControl {
  const value = valueOf(fields, 'cache-control') ?? '';
  const control = { noStore: false, noCache: false, onlyIfCached: false };
  const times = { maxAge: Infinity, maxStale: null as number | null, staleIfError: null as number | null };
  for (const directive of value.split(',').map((text) => text.trim())) {
    const [name = '', argument] = directive.split(/\s*=\s*/, 2);
    switch (name.toLowerCase()) {
      case 'no-store':
        control.noStore = true;
        break;
      case 'no-cache':
        control.noCache = true;
        break;
      case 'only-if-cached':
        control.onlyIfCached = true;
        break;
      case 'max-age':
        times.maxAge = Math.min(times.maxAge, readSeconds(argument, directive));
        break;
      case 'max-stale':
        // Without an argument it accepts any staleness.
        times.maxStale = Math.min(
          times.maxStale ?? Infinity,
          argument === undefined ? Infinity : readSeconds(argument, directive),
        );
        break;
      case 'stale-if-error':
        times.staleIfError = Math.min(times.staleIfError ?? Infinity, readSeconds(argument, directive));
    }
  }
  const isAlone = value === 'no-cache' || value === 'no-store';
  return { ...control, ...times, isHabit: isAlone && acceptsEvents(valueOf(fields, 'accept') ?? '') };
}

function readSeconds(argument: string | undefined, directive: string): number {
  const digits = argument?.replace(/^"(.*)"$/, '$1') ?? '';
  if (/^[0-9]{1,10}$/.test(digits)) return Number(digits);
  const [name] = directive.split(/\s*=/, 1);
  throw invalidHeader('cache-control', directive, `${name}=SECONDS, with a whole number of seconds`);
}

/** Tests whether an event stream is asked for by its name. */
function acceptsEvents(accept: string): boolean {
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === 'text/event-stream' && !parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter));
  });
}
