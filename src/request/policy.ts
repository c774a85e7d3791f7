/**
 * What a request allows the cache to do: read, follow, ask upstream, write.
 * Comes from `Cache-Control` (RFC 9111, 5.2.1) and our own request headers;
 * directives that we do not know are ignored, malformed values are refused.
 */
import { invalidHeader } from '../errors.ts';
import { type HeaderFields, valueOf } from './header-fields.ts';

/** Which requests are cached at all. */
export type CacheMode = 'all' | 'deterministic' | 'off';

export interface Policy {
  /** May be answered by a stored entry. */
  readonly read: boolean;
  /** How old that entry may be, in seconds; `Infinity` for no bound. */
  readonly maxAge: number;
  /** May follow an answer that another request has already asked for. */
  readonly follow: boolean;
  /** May ask the upstream; else the answer is a hit or 504. */
  readonly ask: boolean;
  /** May be followed and kept. */
  readonly write: boolean;
  /** How long the answer may be kept, in seconds; `Infinity` for ever, 0 for not at all. */
  readonly ttl: number;
  readonly mode: CacheMode;
  /** Names one of several samples of the same request. */
  readonly variant: string;
  /** Label the answer that is kept, each once. */
  readonly tags: readonly string[];
  /** Wants to be told why it missed. */
  readonly debug: boolean;
}

export interface PolicyDefaults {
  /** Seconds. */
  readonly ttl: number;
  /** Seconds; the most that a request or the default may ask for. */
  readonly maxTtl: number;
  readonly mode: CacheMode;
}

/** How many tags a request may have. */
const MAX_TAGS = 16;
const NO_TAGS: readonly string[] = [];

const MODES: readonly string[] = ['all', 'deterministic', 'off'] satisfies CacheMode[];

/** @throws RefrainError `invalid_header`, naming the header */
export function readPolicy(fields: HeaderFields, defaults: PolicyDefaults): Policy {
  const { noStore, noCache, onlyIfCached, maxAge } = readCacheControl(valueOf(fields, 'cache-control'));
  return {
    read: !noStore && !noCache,
    follow: !noStore && !noCache && !onlyIfCached,
    ask: !onlyIfCached,
    write: !noStore,
    maxAge,
    ttl: Math.min(readTtl(valueOf(fields, 'x-refrain-ttl')) ?? defaults.ttl, defaults.maxTtl),
    mode: readMode(valueOf(fields, 'x-refrain-cache')) ?? defaults.mode,
    variant: readVariant(valueOf(fields, 'x-refrain-variant')),
    tags: readTags(valueOf(fields, 'x-refrain-tags')),
    debug: readDebug(valueOf(fields, 'x-refrain-debug')),
  };
}

interface CacheControl {
  noStore: boolean;
  noCache: boolean;
  onlyIfCached: boolean;
  maxAge: number;
}

function readCacheControl(value: string | undefined): CacheControl {
  const control: CacheControl = { noStore: false, noCache: false, onlyIfCached: false, maxAge: Number.POSITIVE_INFINITY };
  for (const directive of (value ?? '').split(',')) {
    const [name = '', argument] = directive.trim().split(/\s*=\s*/, 2);
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
        control.maxAge = Math.min(control.maxAge, readMaxAge(argument, directive.trim()));
    }
  }
  return control;
}

function readMaxAge(argument: string | undefined, directive: string): number {
  const seconds = readSeconds(argument?.replace(/^"(.*)"$/, '$1'));
  if (seconds === undefined) throw invalidHeader('cache-control', directive, 'max-age=SECONDS, with a whole number of seconds');
  return seconds;
}

function readTtl(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = value === 'inf' ? Number.POSITIVE_INFINITY : readSeconds(value);
  if (seconds === undefined) throw invalidHeader('x-refrain-ttl', value, 'a whole number of seconds, or inf');
  return seconds;
}

function readMode(value: string | undefined): CacheMode | undefined {
  if (value === undefined || MODES.includes(value)) return value as CacheMode | undefined;
  throw invalidHeader('x-refrain-cache', value, 'all, deterministic or off');
}

function readVariant(value: string | undefined): string {
  if (value === undefined) return '';
  if (value.length === 0 || value.length > 256) throw invalidHeader('x-refrain-variant', value, 'a text of 1 to 256 characters');
  return value;
}

function readTags(value: string | undefined): readonly string[] {
  if (value === undefined) return NO_TAGS;
  const tags = value.split(',').map((tag) => tag.trim());
  if (tags.length > MAX_TAGS || !tags.every(isTag)) {
    throw invalidHeader('x-refrain-tags', value, `1 to ${MAX_TAGS} tags with commas between, each of 1 to 64 letters, digits, dots, underscores, colons and hyphens`);
  }
  return [...new Set(tags)];
}

export function isTag(text: string): boolean {
  return /^[A-Za-z0-9._:-]{1,64}$/.test(text);
}

function readDebug(value: string | undefined): boolean {
  if (value === undefined || value === '1' || value === '0') return value === '1';
  throw invalidHeader('x-refrain-debug', value, '1 or 0');
}

function readSeconds(value: string | undefined): number | undefined {
  return value !== undefined && /^[0-9]{1,10}$/.test(value) ? Number(value) : undefined;
}
