/**
 * Numbers as people read them: 1,234; 66.4%; $12.34; 3h 24m; 1.2 MiB.
 */
import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';

const formatter = (digits: number, style: Intl.NumberFormatOptions = {}) =>
  new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits, ...style });
const whole = formatter(0);
const percent = formatter(1, { style: 'percent' });
const cents = formatter(2, { style: 'currency', currency: 'USD' });
const fractions = formatter(4, { style: 'currency', currency: 'USD' });

/** Stands for a number that there is none of. */
export const NONE = '-';

export function formatCount(count: number): string {
  return whole.format(count);
}

/** @param part of 1, or null where there is nothing to be a part of */
export function formatShare(part: number | null): string {
  return part === null ? NONE : percent.format(part);
}

/** Cents; below a cent, so many digits that it shows not to be nothing. */
export function formatDollars(dollars: number): string {
  if (dollars === 0 || dollars >= 0.01) return cents.format(dollars);
  return dollars < 0.0001 ? `<${fractions.format(0.0001)}` : fractions.format(dollars);
}

/** In its two largest units. */
export function formatTime(seconds: number): string {
  return prettyMs(seconds * 1000, { unitCount: 2 });
}

/** `12 ms`, `1.9 s`, `2m 5s` */
export function formatMs(ms: number): string {
  if (ms > 0 && ms < 1) return '<1 ms';
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return ms < 59_950 ? `${(ms / 1000).toFixed(1)} s` : formatTime(ms / 1000);
}

export function formatSize(bytes: number): string {
  return prettyBytes(bytes, { binary: true });
}

/** `2026-11-22 22:58:11 UTC` */
export function formatMoment(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
