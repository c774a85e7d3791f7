/**
 * Rows of the series as the steps of a chart: sums over equal spans of time. A step without a row is a gap and never a
 * zero.
 */
/** A value by step; null is a gap. */
export type StepValues = (number | null)[];

export interface Steps {
  /** The beginning of each, in seconds since the epoch. */
  readonly time: readonly number[];
  readonly seconds: number;
  /** The step of each row. */
  readonly rows: readonly number[];
  /** By step, how many rows it has. */
  readonly filled: readonly number[];
}

/** The fewest requests of which a rate is said. */
export const FEWEST_FOR_RATE = 20;

export function stepsOf(time: readonly number[], from: number, to: number, seconds: number): Steps {
  const first = Math.floor(from / seconds);
  const count = Math.max(1, Math.ceil(to / seconds) - first);
  const filled = Array<number>(count).fill(0);
  const rows = time.map((at) => {
    const step = Math.floor(at / seconds) - first;
    if (step >= 0 && step < count) filled[step]!++;
    return step;
  });
  return { time: filled.map((_, step) => (first + step) * seconds), seconds, rows, filled };
}

/** A column summed by step. */
export function sumBySteps({ rows, filled }: Steps, column: readonly number[]): StepValues {
  const sums: StepValues = filled.map((count) => (count === 0 ? null : 0));
  column.forEach((value, row) => {
    const step = rows[row] as number;
    const sum = sums[step];
    if (sum !== null && sum !== undefined) sums[step] = sum + value;
  });
  return sums;
}

/** Each upon those below it, as far as they are shown: what an area is drawn up to. */
export function stacked(columns: readonly StepValues[], isShown: readonly boolean[]): StepValues[] {
  const below = Array<number>(columns[0]?.length ?? 0).fill(0);
  return columns.map((column, at) =>
    column.map((value, step) => {
      if (value === null || !isShown[at]) return null;
      below[step] = (below[step] ?? 0) + value;
      return below[step] as number;
    }),
  );
}

export function sum(column: readonly number[] | undefined): number {
  return column?.reduce((total, value) => total + value, 0) ?? 0;
}

/** The share of hits and follows in all that could have been one; null of too few. */
export function hitRateOf(hits: number, follows: number, misses: number): number | null {
  const all = hits + follows + misses;
  return all < FEWEST_FOR_RATE ? null : (hits + follows) / all;
}

export function hitRates(hits: StepValues, follows: StepValues, misses: StepValues): StepValues {
  return hits.map((value, step) =>
    value === null ? null : hitRateOf(value, follows[step] as number, misses[step] as number),
  );
}

/**
 * The time below which this share of requests took, by step, from how many took at most each bound.
 * @param buckets by bucket, a column; the last is of what is above all bounds
 */
export function quantiles(
  steps: Steps,
  bounds: readonly number[],
  buckets: readonly (readonly number[])[],
  share: number,
  fewest: number,
): StepValues {
  const sums = buckets.map((column) => sumBySteps(steps, column));
  return steps.time.map((_, step) => {
    const counts = sums.map((column) => column[step] ?? 0);
    return sum(counts) < fewest ? null : quantileOf(bounds, counts, share);
  });
}

/** Between two bounds, it is told apart on the scale of a logarithm. */
export function quantileOf(bounds: readonly number[], counts: readonly number[], share: number): number | null {
  const wanted = sum(counts) * share;
  if (wanted === 0) return null;
  let seen = 0;
  for (const [at, count] of counts.entries()) {
    if (seen + count >= wanted && count > 0) {
      const high = bounds[at] ?? (bounds.at(-1) as number) * 2;
      const low = at === 0 ? high / 4 : (bounds[at - 1] as number);
      return low * (high / low) ** ((wanted - seen) / count);
    }
    seen += count;
  }
  return null;
}
