/**
 * How long hits took against upstream calls: the time below which half of them, and 95 of 100, were over.
 */
import { useMemo } from 'preact/hooks';
import type { SeriesAnswer } from '../api/answers.ts';
import { FEWEST_FOR_RATE, quantileOf, quantiles, type Steps, sum } from '../chart/bins.ts';
import { Chart } from '../chart/chart.tsx';
import type { ChartLine } from '../chart/chart-line.ts';
import { formatMs } from '../format.ts';

interface LatencyChartProps {
  readonly series: SeriesAnswer;
  readonly steps: Steps;
  readonly step: number;
}

const SHARES = [
  { share: 0.5, name: 'p50', fewest: 1 },
  { share: 0.95, name: 'p95', fewest: FEWEST_FOR_RATE, dash: [4, 3] },
] as const;

export function LatencyChart({ series, steps, step }: LatencyChartProps) {
  const lines = useMemo(() => linesOf(series, steps), [series, steps]);
  return (
    <Chart
      title="Latency"
      unit="half (p50) and 95 % (p95) took at most this"
      time={steps.time}
      step={step}
      lines={lines}
      height={180}
      isLogarithmic
      axis={formatMs}
    />
  );
}

function linesOf({ buckets, hitLatency, upstreamLatency }: SeriesAnswer, steps: Steps): readonly ChartLine[] {
  const kinds = [
    { word: 'hits', colour: '--hit', bounds: buckets.hit, columns: hitLatency },
    { word: 'upstream', colour: '--miss', bounds: buckets.upstream, columns: upstreamLatency },
  ];
  return kinds.flatMap(({ word, colour, bounds, columns }) =>
    SHARES.map(({ share, name, fewest, ...dash }) => {
      const counts = columns.map(sum);
      return {
        name: `${word} ${name}`,
        colour,
        values: quantiles(steps, bounds, columns, share, fewest),
        kind: 'line' as const,
        ...dash,
        total: formatMs(sum(counts) < fewest ? null : quantileOf(bounds, counts, share)),
        format: formatMs,
      };
    }),
  );
}
