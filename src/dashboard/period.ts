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
  const [from, to] = [Number(params['from']), Number(params['to'])];
  if (from > 0 && to > from) return customPeriod(from, to, now);
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
    before: { from: now - 2 * seconds, to: now - seconds, span: chosen === 'hour' ? 'minute' : 'hour' },
  };
}

function customPeriod(from: number, to: number, now: number): Period {
  const span = now - from < DAY ? 'minute' : 'hour';
  const before = { from: from - (to - from), to: from };
  const spanBefore = now - before.from < DAY ? 'minute' : 'hour';
  const step = stepFor(to - from, span === 'minute' ? 60 : HOUR);
  return { range: 'custom', from, to, span, step, before: { ...before, span: spanBefore } };
}

export function stepFor(seconds: number, least: number): number {
  return STEPS.find((step) => step >= least && seconds / step <= MOST_STEPS) ?? DAY;
}

/** The shortest range that has data, the last of which is this old. @param age seconds */
export function rangeWithData(age: number): RangeName {
  return RANGES.find((range) => range !== 'all' && age < SECONDS[range]) ?? 'all';
}
