/**
 * An interval of a time series: what the requests of one minute or one hour came to. Its sums are kept by name and
 * without zeros, so that another measure needs no other file, and what is not known counts nothing.
 */
import type { LedgerWord } from './usage-record.ts';
import { AMOUNTS, MOST } from './row.ts';

export type Resolution = 'minute' | 'hour';

/** In seconds. */
export const LENGTH = { minute: 60, hour: 3_600 } as const satisfies Record<Resolution, number>;
/** How long the intervals of a resolution are kept, in seconds. */
export const KEPT = { minute: 86_400, hour: 90 * 86_400 } as const satisfies Record<Resolution, number>;

/** Upper bounds in ms: of an answer from the store, as a client saw it. */
export const HIT_BUCKETS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000] as const;
/** Upper bounds in ms: of an answer from a model, which may think for minutes. */
export const UPSTREAM_BUCKETS = [
  50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 40_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
] as const;

/** The outcomes, in the order of a chart. */
export const OUTCOMES = ['hit', 'follow', 'miss', 'bypass', 'refusal'] as const satisfies readonly LedgerWord[];
/** The amounts of a row that are summed apart for what was spent and what was saved. */
export const COSTS = AMOUNTS.filter((name) => name !== 'requests');
export type Cost = (typeof COSTS)[number];
export type CostSide = 'saved' | 'spent';

/** The names of measures. `hit<=5` counts the hits that took up to 5 ms and more than the bound before. */
export const costName = (side: CostSide, cost: Cost) => `${side}.${cost}`;
export const bucketName = (of: 'hit' | 'upstream', bound: number) => `${of}<=${bound}`;
export const reasonName = (outcome: 'miss' | 'bypass', reason: string) => `${outcome}:${reason}`;

/** MeasureSums by the names of measures; what is absent is 0. */
export type MeasureSums = Record<string, number>;

/** The requests that an interval sums up: all of them, those for one model, of one scope, or under one tag. */
export type By = 'all' | 'model' | 'scope' | 'tag';

export interface IntervalKind {
  readonly resolution: Resolution;
  /** When it begins, in seconds since the epoch. */
  readonly time: number;
  readonly by: By;
  /** Of the model, the scope or the tag; empty for all of them, and where it is not known. */
  readonly name: string;
}

export interface IntervalRow extends IntervalKind {
  readonly sums: MeasureSums;
}

/** When the interval begins that a time lies in. @param time in seconds since the epoch */
export function beginOf(resolution: Resolution, time: number): number {
  return time - (time % LENGTH[resolution]);
}

export function addSums(sums: MeasureSums, more: Readonly<MeasureSums>): void {
  for (const name of Object.keys(more)) sums[name] = Math.min((sums[name] ?? 0) + (more[name] as number), MOST);
}

export function requestsOf(sums: Readonly<MeasureSums>): number {
  return OUTCOMES.reduce((total, outcome) => total + (sums[outcome] ?? 0), 0);
}
