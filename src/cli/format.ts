/**
 * Figures as people read them: 1,234; 66.4 %; $12.34; 3.4 h; 1.2 MiB.
 */
const number = (fraction: number) =>
  new Intl.NumberFormat('en-US', { minimumFractionDigits: fraction, maximumFractionDigits: fraction });
const whole = number(0);
const tenths = number(1);
const hundredths = number(2);
const tenThousandths = number(4);

/** What stands for a figure that there is none of. */
export const NONE = '-';

export function formatCount(count: number): string {
  return whole.format(count);
}

/** @param part of 1, or null where there is nothing to be a part of */
export function formatShare(part: number | null): string {
  return part === null ? NONE : `${tenths.format(part * 100)} %`;
}

/** Cents; below a cent, what shows that it was not nothing. */
export function formatDollars(dollars: number): string {
  if (dollars === 0 || dollars >= 0.01) return `$${hundredths.format(dollars)}`;
  return dollars < 0.0001 ? '<$0.0001' : `$${tenThousandths.format(dollars)}`;
}

const TIMES = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** In the largest unit that there is at least one of; days from two on. */
export function formatTime(seconds: number): string {
  const [unit, size] = TIMES.find(([name, least]) => seconds >= (name === 'd' ? 2 * least : least)) ?? ['s', 1];
  return `${(unit === 's' && Number.isInteger(seconds) ? whole : tenths).format(seconds / size)} ${unit}`;
}

const SIZES = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${whole.format(bytes)} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), SIZES.length);
  return `${tenths.format(bytes / 1024 ** power)} ${SIZES[power - 1]}`;
}

/** `2026-11-22 22:58:11 UTC` */
export function formatMoment(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
