/**
 * The reading of a time series, a few rows at a time: of the file's intervals and of those that wait for it.
 */
import type { DatabaseSync } from 'node:sqlite';
import { beginOf, type By, type IntervalRow } from './interval.ts';
import { readIntervals, type KeptRange, spanOf } from './intervals-table.ts';
import { SeriesSums, type SeriesQuery, type TimeSeries } from './time-series.ts';

/** How many rows one call reads: some 7 ms. */
const SLICE_ROWS = 1_000;

export class SeriesReading {
  readonly #query: SeriesQuery;
  readonly #waiting: readonly IntervalRow[];
  readonly #sums: SeriesSums;
  /** The kinds whose rows are yet to be read, those under way first. */
  readonly #kinds: By[];
  #last: IntervalRow | null = null;

  constructor(query: SeriesQuery, waiting: readonly IntervalRow[]) {
    this.#query = query;
    this.#waiting = waiting;
    this.#sums = new SeriesSums(query);
    this.#sums.add(waiting);
    this.#kinds = query.by === 'all' ? ['all', 'model'] : [query.by];
  }

  /** @returns null unless that was all */
  next(database: DatabaseSync): TimeSeries | null {
    const [by] = this.#kinds;
    if (by === undefined) return this.#sums.series(spanOver(this.#query, this.#waiting, spanOf(database, this.#query)));
    const rows = readIntervals(database, { ...this.#query, by }, this.#last, SLICE_ROWS);
    this.#sums.add(rows);
    this.#last = rows.at(-1) ?? null;
    if (rows.length < SLICE_ROWS) {
      this.#kinds.shift();
      this.#last = null;
    }
    return null;
  }
}

/** The series of what is in memory alone. */
export function seriesOf(query: SeriesQuery, rows: readonly IntervalRow[]): TimeSeries {
  const sums = new SeriesSums(query);
  sums.add(rows);
  return sums.series(spanOver(query, rows, null));
}

/** The first and the last interval of what is in memory and in the file. */
function spanOver(
  { resolution }: SeriesQuery,
  rows: readonly IntervalRow[],
  ofFile: KeptRange | null,
): KeptRange | null {
  const isMeant = (row: IntervalRow) => row.by === 'all' && (resolution === 'hour' || row.resolution === resolution);
  let span = ofFile;
  for (const row of rows) {
    if (!isMeant(row)) continue;
    const time = beginOf(resolution, row.time);
    span = { first: Math.min(span?.first ?? time, time), last: Math.max(span?.last ?? time, time) };
  }
  return span;
}
