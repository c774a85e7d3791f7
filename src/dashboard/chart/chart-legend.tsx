/**
 * The names of a chart's lines with their values at the cursor; a click puts a line away, or back.
 */
import type { ChartLine } from './chart-line.ts';

interface ChartLegendProps {
  readonly lines: readonly ChartLine[];
  readonly shown: readonly boolean[];
  readonly pointed: number | null;
  readonly onToggle: (name: string) => void;
}

export function ChartLegend({ lines, shown, pointed, onToggle }: ChartLegendProps) {
  return (
    <div class="legend" role="group" aria-label="Lines">
      {lines.map((line, at) => (
        <button
          key={line.name}
          type="button"
          class="legend-line"
          aria-pressed={shown[at] === true}
          title={line.title}
          onClick={() => onToggle(line.name)}
        >
          <i class={line.dash ? 'line dashed' : line.kind} style={{ '--colour': `var(${line.colour})` }} />
          {line.name}
          <b>{pointed === null ? line.total : line.format(line.values[pointed] ?? null)}</b>
        </button>
      ))}
    </div>
  );
}
