/**
 * The policy of a request: what it allows the cache to do (read, follow, ask
 * the upstream, write), and how old or stale an answer it takes. Comes from
 * `Cache-Control` (RFC 9111, 5.2.1) and our own request headers; malformed
 * values are refused, and controls that do not exist.
 */
import { nearest } from '../config/nearest.ts';
import { type Pace, pace } from '../config/pace.ts';
import { lifetime } from '../config/quantities.ts';
import { samples } from '../config/value-types.ts';
import type { FormMode } from '../dialect.ts';
import { invalidHeader, unknownControl } from '../errors.ts';
import { type CacheControl, readCacheControl } from './cache-control.ts';
import { type HeaderFields, valueOf } from './header-fields.ts';

/** The requests that are cached at all. */
export type CacheMode = 'all' | 'deterministic' | 'off';

export interface Policy {
  /** May be answered by a stored entry. */
  readonly read: boolean;
  /** How old that entry may be, in seconds; `Infinity` for no bound. */
  readonly maxAge: number;
  /** How long past its expiry that entry may be served as it is, in seconds; 0 for not at all. */
  readonly maxStale: number;
  /** True where an entry that is served so is to be refreshed. */
  readonly revalidates: boolean;
  /** How long past its expiry that entry may be served where the upstream fails, in seconds; 0 for not at all. */
  readonly staleIfError: number;
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
  /** How many answers of their own equal requests get. */
  readonly samples: number;
  /** How fast a stored answer is played to it. */
  readonly pace: Pace;
  /** The answers that may be made from one in another form. */
  readonly forms: FormMode;
  /** True where a batch is answered item by item. */
  readonly items: boolean;
  /** Wants to know why it missed. */
  readonly debug: boolean;
  /** True where its `no-store` may be a library's habit: `sse.noStore` decides about it. */
  readonly isHabit: boolean;
  /** The directive of `Cache-Control` by which no stored answer is good enough for it; null where there is none. */
  readonly wantsNew: WantsNew | null;
}

export type WantsNew = 'no-cache' | 'max-age=0';

export interface PolicyDefaults {
  /** Seconds. */
  readonly ttl: number;
  /** Seconds; the most that a request or the default may ask for. */
  readonly maxTtl: number;
  readonly mode: CacheMode;
  /** How long past its expiry an answer is served, in seconds; null for not at all. */
  readonly stale: { readonly revalidate: number | null; readonly error: number | null };
  /** The effect of the `no-store` that a library sends with every stream; its `no-cache` is never a wish. */
  readonly sseNoStore: 'obey' | 'ignore';
  /** True where no upstream is ever asked: as if each request said `only-if-cached`. */
  readonly isOffline?: boolean;
  readonly samples: number;
  readonly pace: Pace;
  readonly items: boolean;
}

/** How many tags a request may have. */
const MAX_TAGS = 16;
const NO_TAGS: readonly string[] = [];

const MODES: readonly string[] = ['all', 'deterministic', 'off'] satisfies CacheMode[];

/** Asks for a fresh answer, which is kept. */
const REFRESH = 'refresh';

const NOTHING_STALE: PolicyDefaults['stale'] = { revalidate: null, error: null };

const CONTROL = 'x-refrain-';
const CONTROLS: readonly string[] = [
  'ttl',
  'cache',
  'variant',
  'samples',
  'tags',
  'debug',
  'pace',
  'items',
  'form',
].map((name) => CONTROL + name);

/** The most seconds that a request may ask for by number: longer than anybody keeps anything. */
const LONGEST = 9_999_999_999;

/**
 * @param forms as the upstream has it
 * @throws RefrainError `invalid_header`, naming the header
 */
export function readPolicy(fields: HeaderFields, defaults: PolicyDefaults, forms: FormMode = 'derive'): Policy {
  refuseUnknownControls(fields);
  const control = readCacheControl(fields);
  const { maxAge, isHabit } = control;
  const onlyIfCached = mayNotAsk(control, defaults);
  const cache = readCache(valueOf(fields, 'x-refrain-cache'));
  const noStore = control.noStore && !(isHabit && defaults.sseNoStore === 'ignore');
  const isRefresh = (control.noCache && !isHabit) || cache === REFRESH;
  const ttl = Math.min(readTtl(valueOf(fields, 'x-refrain-ttl')) ?? defaults.ttl, defaults.maxTtl);
  const { revalidate } = defaults.stale;
  // A client that bounds an answer's age wants no stale one, unless it says so (RFC 9111, 5.2.1.1).
  const stale = maxAge === Infinity ? defaults.stale : NOTHING_STALE;
  // An answer that is not kept refreshes nothing.
  const isKept = onlyIfCached || ttl > 0;
  return {
    read: !noStore && !isRefresh,
    follow: !noStore && !isRefresh && !onlyIfCached,
    ask: !onlyIfCached,
    write: !noStore,
    maxAge,
    // A request's own word counts, also where it is the stricter one.
    maxStale: control.maxStale ?? (isKept ? stale.revalidate : null) ?? 0,
    staleIfError: control.staleIfError ?? stale.error ?? 0,
    // Only for an answer that may be fetched, and kept.
    revalidates: revalidate !== null && !onlyIfCached && ttl > 0,
    ttl,
    mode: cache === undefined || cache === REFRESH ? defaults.mode : cache,
    variant: readVariant(valueOf(fields, 'x-refrain-variant')),
    tags: readTags(valueOf(fields, 'x-refrain-tags')),
    samples: readSamples(valueOf(fields, 'x-refrain-samples'), defaults.samples),
    pace: readPace(valueOf(fields, 'x-refrain-pace'), defaults.pace),
    forms: readForm(valueOf(fields, 'x-refrain-form'), forms),
    items: readItems(valueOf(fields, 'x-refrain-items'), defaults.items),
    debug: readDebug(valueOf(fields, 'x-refrain-debug')),
    isHabit,
    wantsNew: whyNew(control, noStore),
  };
}

function whyNew({ isHabit, noCache, maxAge, maxStale }: CacheControl, noStore: boolean): WantsNew | null {
  if (noStore || isHabit) return null;
  if (noCache) return 'no-cache';
  return maxAge === 0 && maxStale === null ? 'max-age=0' : null;
}

/** Offline, every request is as if it said so. */
function mayNotAsk({ onlyIfCached }: { readonly onlyIfCached: boolean }, { isOffline }: PolicyDefaults): boolean {
  return onlyIfCached || isOffline === true;
}

function refuseUnknownControls(fields: HeaderFields): void {
  for (const name of fields.keys()) {
    if (!name.startsWith(CONTROL) || CONTROLS.includes(name)) continue;
    throw unknownControl(name, nearest(name.slice(0, 80), CONTROLS));
  }
}

/** As the setting `ttl` is written. */
function readTtl(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const { success, data: seconds } = lifetime.schema.safeParse(value);
  if (success && (seconds === Infinity || seconds <= LONGEST)) return seconds;
  throw invalidHeader('x-refrain-ttl', value, lifetime.allowed);
}

function readCache(value: string | undefined): CacheMode | typeof REFRESH | undefined {
  const isKnown = value === undefined || value === REFRESH || MODES.includes(value);
  if (isKnown) return value as CacheMode | typeof REFRESH | undefined;
  throw invalidHeader('x-refrain-cache', value, 'all, deterministic, off or refresh');
}

function readVariant(value: string | undefined): string {
  if (value === undefined) return '';
  if (value.length === 0 || value.length > 256)
    throw invalidHeader('x-refrain-variant', value, 'a text of 1 to 256 characters');
  return value;
}

/** As the setting `samples` is written. */
function readSamples(value: string | undefined, standard: number): number {
  if (value === undefined) return standard;
  const { success, data } = samples.schema.safeParse(value);
  if (success) return data;
  throw invalidHeader('x-refrain-samples', value, samples.allowed);
}

function readTags(value: string | undefined): readonly string[] {
  if (value === undefined) return NO_TAGS;
  const tags = value.split(',').map((tag) => tag.trim());
  if (tags.length > MAX_TAGS || !tags.every(isTag)) {
    throw invalidHeader(
      'x-refrain-tags',
      value,
      `1 to ${MAX_TAGS} tags with commas between, each of 1 to 64 letters, ` +
        'digits, dots, underscores, colons and hyphens',
    );
  }
  return [...new Set(tags)];
}

export function isTag(text: string): boolean {
  return /^[A-Za-z0-9._:-]{1,64}$/.test(text);
}

/** As the setting `pace` is written. */
function readPace(value: string | undefined, standard: Pace): Pace {
  if (value === undefined) return standard;
  const { success, data } = pace.schema.safeParse(value);
  if (success) return data;
  throw invalidHeader('x-refrain-pace', value, pace.allowed);
}

function readForm(value: string | undefined, standard: FormMode): FormMode {
  if (value === undefined) return standard;
  if (value === 'exact') return value;
  throw invalidHeader('x-refrain-form', value, 'exact');
}

function readItems(value: string | undefined, standard: boolean): boolean {
  if (value === undefined) return standard;
  if (value === 'off' || value === 'on') return value === 'on';
  throw invalidHeader('x-refrain-items', value, 'on or off');
}

function readDebug(value: string | undefined): boolean {
  if (value === undefined || value === '1' || value === '0') return value === '1';
  throw invalidHeader('x-refrain-debug', value, '1 or 0');
}
