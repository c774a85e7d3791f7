/**
 * The time that is looked at: which rows of the series are asked for, and how many of them make one step of a chart.
 */
import type { PagePlace } from './route.ts';

export const RANGES = ['hour', 'day', 'week', 'all'] as const;

export type RangeName = (typeof RANGES)[number];

/** Seconds since the epoch, and seconds. */
export interface Period {
  readonly range: RangeName | 'custom';
  /** Null reaches back as far as there are rows. */
  readonly from: number | null;
  readonly to: number;
  readonly span: 'minute' | 'hour';
  readonly step: number;
  /** The period before, which figures are held against; null where there is none. */
  readonly before: { readonly from: number; readonly to: number; readonly span: 'minute' | 'hour' } | null;
}

const HOUR = 3_600;
const DAY = 24 * HOUR;
const SECONDS = { hour: HOUR, day: DAY, week: 7 * DAY } as const;
const STEPS = [60, 300, 600, 1_800, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY];

/** The most steps that a chart shows: more would be thinner than a pixel or two. */
const MOST_STEPS = 180;

/** The words for the period before, after "than". */
export const BEFORE: Readonly<Record<Period['range'], string>> = {
  hour: 'the hour before',
  day: 'the day before',
  week: 'the week before',
  all: '',
  custom: 'as long before',
};

export function isRange(name: string | undefined): name is RangeName {
  return RANGES.some((range) => range === name);
}

/** @param now seconds since the epoch */
export function periodOf({ params }: Pick<PagePlace, 'params'>, chosen: RangeName, now: number): Period {
  const zoom = zoomOf(params);
  if (zoom) return customPeriod(zoom.from, zoom.to, now);
  if (chosen === 'all') return { range: 'all', from: null, to: now, span: 'hour', step: 12 * HOUR, before: null };
  const seconds = SECONDS[chosen];
  const span = chosen === 'week' ? 'hour' : 'minute';
  return {
    range: chosen,
    from: now - seconds,
    to: now,
    span,
    step: stepFor(seconds, span === 'minute' ? 60 : HOUR),
    // Minutes are kept for a day.
    before: periodBefore(now - seconds, seconds, chosen === 'hour' ? 'minute' : 'hour'),
  };
}

function customPeriod(from: number, to: number, now: number): Period {
  const span = now - from < DAY ? 'minute' : 'hour';
  const spanBefore = now - (2 * from - to) < DAY ? 'minute' : 'hour';
  const step = stepFor(to - from, span === 'minute' ? 60 : HOUR);
  return { range: 'custom', from, to, span, step, before: periodBefore(from, to - from, spanBefore) };
}

/** So many whole rows as the seconds take, the last of which is over when the row begins that `from` lies in. */
function periodBefore(from: number, seconds: number, span: Period['span']): NonNullable<Period['before']> {
  const length = span === 'minute' ? 60 : HOUR;
  const end = Math.floor(from / 60) * 60;
  const last = end - (end % length);
  return { from: Math.max(0, last - Math.max(length, Math.round(seconds / length) * length)), to: last - 1, span };
}

/** The time that the address names, where it names one: in whole seconds, and none that no clock has shown yet. */
export function zoomOf({
  from = '',
  to = '',
}: PagePlace['params']): { readonly from: number; readonly to: number } | null {
  const isTime = (text: string) => /^[1-9]\d{0,10}$/.test(text);
  return isTime(from) && isTime(to) && Number(to) > Number(from) ? { from: Number(from), to: Number(to) } : null;
}

export function stepFor(seconds: number, least: number): number {
  return STEPS.find((step) => step >= least && seconds / step <= MOST_STEPS) ?? DAY;
}

/** The shortest range that has data, the last of which is this old. @param age seconds */
export function rangeWithData(age: number): RangeName {
  return RANGES.find((range) => range !== 'all' && age < SECONDS[range]) ?? 'all';
}
