/**
 * Numbers, sizes and times as the reader's locale writes them. "–" is what is not known, and never a zero.
 */
export const UNKNOWN = '–';

const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const wholePercent = new Intl.NumberFormat(undefined, { style: 'percent' });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'always', style: 'narrow' });

type Perhaps = number | null | undefined;

const isKnown = (value: Perhaps): value is number => value !== null && value !== undefined && Number.isFinite(value);

export function formatCount(value: Perhaps): string {
  return isKnown(value) ? whole.format(value) : UNKNOWN;
}

export function formatShort(value: Perhaps): string {
  if (!isKnown(value)) return UNKNOWN;
  return Math.abs(value) < 10_000 ? whole.format(Math.round(value)) : short.format(value);
}

/** As many digits as say something: cents from a dollar on, below it two that are no zeros. */
export function formatDollars(value: Perhaps): string {
  if (!isKnown(value)) return UNKNOWN;
  const size = Math.abs(value);
  const digits = size >= 1_000 ? 0 : size >= 1 || size === 0 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(size)));
  return new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

export function formatPercent(share: Perhaps): string {
  return isKnown(share) ? percent.format(share) : UNKNOWN;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function formatBytes(bytes: Perhaps): string {
  if (!isKnown(bytes)) return UNKNOWN;
  const power = Math.min(BYTE_UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${tenths.format(bytes / 1024 ** power)} ${BYTE_UNITS[power]}`;
}

/** A short time, such as a request takes. */
export function formatMs(ms: Perhaps): string {
  if (!isKnown(ms)) return UNKNOWN;
  if (ms < 10) return `${tenths.format(ms)} ms`;
  return ms < 1_000 ? `${whole.format(Math.round(ms))} ms` : formatSeconds(ms / 1_000);
}

/** A time of any length, in its largest fitting unit. */
export function formatSeconds(seconds: Perhaps): string {
  if (!isKnown(seconds)) return UNKNOWN;
  if (seconds < 100) return `${tenths.format(seconds)} s`;
  if (seconds < 6_000) return `${tenths.format(seconds / 60)} min`;
  return seconds < 360_000 ? `${tenths.format(seconds / 3_600)} h` : `${tenths.format(seconds / 86_400)} d`;
}

const STEPS = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3_600],
  ['day', 86_400],
] as const;

/** How long ago, or how long from now. @param ms both since the epoch */
export function formatAge(ms: number, now: number): string {
  if (!isTime(ms)) return UNKNOWN;
  const seconds = (ms - now) / 1_000;
  const [unit, size] = STEPS.findLast(([, step]) => Math.abs(seconds) >= step) ?? STEPS[0];
  return relative.format(Math.trunc(seconds / size), unit);
}

export function formatTime(ms: number): string {
  return isTime(ms) ? absolute.format(ms) : UNKNOWN;
}

export function formatClock(ms: number): string {
  return isTime(ms) ? clockTime.format(ms) : UNKNOWN;
}

/** The language throws at any other. */
function isTime(ms: number): boolean {
  return Math.abs(ms) <= 8.64e15;
}

/** A change against what was before, to stand before its name; null where that says nothing. */
export function formatChange(now: Perhaps, before: Perhaps): string | null {
  if (!isKnown(now) || !isKnown(before) || before <= 0) return null;
  const share = now / before - 1;
  if (Math.abs(share) < 0.005) return 'the same as';
  if (share >= 1) return `${tenths.format(now / before)} times`;
  return `${wholePercent.format(Math.abs(share))} ${share > 0 ? 'more' : 'less'} than`;
}

/** The same of a rate, in points. */
export function formatPoints(now: Perhaps, before: Perhaps): string | null {
  if (!isKnown(now) || !isKnown(before)) return null;
  const points = 100 * (now - before);
  if (Math.abs(points) < 0.05) return 'the same as';
  return `${tenths.format(Math.abs(points))} points ${points > 0 ? 'more' : 'less'} than`;
}

/** The length of a step: whole minutes, hours or days. */
export function formatStep(seconds: number): string {
  const [unit, size] = STEPS.findLast(([, step]) => seconds % step === 0) ?? STEPS[0];
  return new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'short' }).format(seconds / size);
}

/** The first digits of a key, which are enough to tell it from others. */
export function shortKey(key: string): string {
  return key.slice(0, 12);
}
