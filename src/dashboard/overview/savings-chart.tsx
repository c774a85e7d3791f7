/**
 * Savings over time, against what was spent: in dollars, tokens or time.
 */
import { useMemo, useState } from 'preact/hooks';
import type { SeriesAnswer } from '../api/answers.ts';
import { type Steps, type StepValues, sum, sumBySteps } from '../chart/bins.ts';
import { Chart } from '../chart/chart.tsx';
import type { ChartLine } from '../chart/chart-line.ts';
import { formatDollars, formatSeconds, formatShort, formatStep } from '../format.ts';

interface SavingsChartProps {
  readonly series: SeriesAnswer;
  readonly steps: Steps;
  readonly step: number;
}

const UNITS = ['dollars', 'tokens', 'time'] as const;

type Unit = (typeof UNITS)[number];

const FORMATS = { dollars: formatDollars, tokens: formatShort, time: formatSeconds } as const;

export function SavingsChart({ series, steps, step }: SavingsChartProps) {
  const [chosen, setChosen] = useState<Unit | null>(null);
  const isPriced = sum(series.dollars.saved) + sum(series.dollars.spent) > 0;
  const unit = chosen ?? (isPriced ? 'dollars' : 'tokens');
  const lines = useMemo(() => linesOf(series, steps, unit), [series, steps, unit]);
  return (
    <Chart
      title="Savings"
      unit={`each ${formatStep(step)}`}
      time={steps.time}
      step={step}
      lines={lines}
      height={180}
      axis={FORMATS[unit]}
    >
      <div class="switch small" role="group" aria-label="Unit">
        {UNITS.map((one) => (
          <button key={one} type="button" aria-pressed={one === unit} onClick={() => setChosen(one)}>
            {one}
          </button>
        ))}
      </div>
    </Chart>
  );
}

function linesOf(series: SeriesAnswer, steps: Steps, unit: Unit): readonly ChartLine[] {
  const { saved, spent } = columnsOf(series, unit);
  const format = FORMATS[unit];
  const unpriced = unit === 'dollars' ? series.unpricedTokens : null;
  const line = (name: 'saved' | 'spent', column: readonly number[]): ChartLine => {
    const values = sumBySteps(steps, column);
    const without = unpriced && sumBySteps(steps, unpriced[name]);
    return {
      name,
      colour: name === 'saved' ? '--hit' : '--miss',
      values: without ? withoutPrice(values, without) : values,
      kind: name === 'saved' ? 'area' : 'line',
      total: sum(column) === 0 && unpriced && sum(unpriced[name]) > 0 ? format(null) : format(sum(column)),
      format,
    };
  };
  return spent ? [line('saved', saved), line('spent', spent)] : [line('saved', saved)];
}

/** Tokens without a price cost something that is not known, and not nothing. */
function withoutPrice(dollars: StepValues, unpriced: StepValues): StepValues {
  return dollars.map((value, step) => (value === 0 && (unpriced[step] ?? 0) > 0 ? null : value));
}

function columnsOf({ dollars, tokens, waitedSaved }: SeriesAnswer, unit: Unit) {
  if (unit === 'dollars') return dollars;
  if (unit === 'time') return { saved: waitedSaved, spent: null };
  const all = ({ input = [], output = [] }: SeriesAnswer['tokens']['saved']) =>
    input.map((value, row) => value + (output[row] ?? 0));
  return { saved: all(tokens.saved), spent: all(tokens.spent) };
}
