/**
 * Requests by outcome, and the hit rate over them. A click on a step shows the entries of that time.
 */
import { useMemo } from 'preact/hooks';
import type { SeriesAnswer } from '../api/answers.ts';
import { hitRateOf, hitRates, type Steps, sum, sumBySteps } from '../chart/bins.ts';
import { Chart } from '../chart/chart.tsx';
import type { ChartLine } from '../chart/chart-line.ts';
import { formatCount, formatPercent, formatShort, formatStep } from '../format.ts';
import { OUTCOME_WORDS, OUTCOMES } from '../outcomes.ts';
import { usePage } from '../page-context.ts';
import { hashFrom } from '../route.ts';

interface SumChartProps {
  readonly series: SeriesAnswer;
  readonly steps: Steps;
  readonly step: number;
}

export function OutcomeChart({ series, steps, step }: SumChartProps) {
  const { route, go } = usePage();
  const lines = useMemo(() => linesOf(series, steps), [series, steps]);
  return (
    <Chart
      title="Requests"
      unit={`by outcome, each ${formatStep(step)}; hit rate to the right`}
      time={steps.time}
      step={step}
      lines={lines}
      height={264}
      isWhole
      axis={formatShort}
      onPick={(from, to) => go(hashFrom(route.value, 'entries', { from: String(from), to: String(to) }))}
    />
  );
}

function linesOf({ outcomes }: SeriesAnswer, steps: Steps): readonly ChartLine[] {
  const by = Object.fromEntries(OUTCOMES.map((name) => [name, sumBySteps(steps, outcomes[name])]));
  const { hit = [], follow = [], miss = [] } = by;
  const total = hitRateOf(sum(outcomes.hit), sum(outcomes.follow), sum(outcomes.miss));
  return [
    ...OUTCOMES.map((name) => ({
      name,
      colour: `--${name}`,
      values: by[name] ?? [],
      kind: 'area' as const,
      total: formatCount(sum(outcomes[name])),
      title: OUTCOME_WORDS[name],
      format: formatCount,
    })),
    {
      name: 'hit rate',
      colour: '--ink',
      values: hitRates(hit, follow, miss),
      kind: 'line',
      scale: 'share',
      total: formatPercent(total),
      title: 'hits and follows among them and misses; not said of fewer than 20',
      format: formatPercent,
    },
  ];
}
