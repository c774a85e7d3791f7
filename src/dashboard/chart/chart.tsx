/**
 * A chart that says something: its lines by name and unit, values at the cursor, lines that can be put away, a drag
 * that looks closer, and all of it as a table.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { formatTime } from '../format.ts';
import { usePage } from '../page-context.ts';
import { hashWith } from '../route.ts';
import { stacked, type StepValues } from './bins.ts';
import { ChartLegend } from './chart-legend.tsx';
import type { ChartLine } from './chart-line.ts';
import { ChartTable } from './chart-table.tsx';
import { createPlot, dataOf, type DrawnLine } from './plot.ts';

interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly time: readonly number[];
  readonly step: number;
  readonly lines: readonly ChartLine[];
  readonly height: number;
  readonly isLogarithmic?: boolean;
  readonly isWhole?: boolean;
  readonly axis: (value: number) => string;
  readonly onPick?: (from: number, to: number) => void;
  /** Beside the title. */
  readonly children?: ComponentChildren;
}

export function Chart(props: ChartProps) {
  const { title, unit, time, step, lines, children } = props;
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const [isTable, setTable] = useState(false);
  const [pointed, setPointed] = useState<number | null>(null);
  const shown = lines.map(({ name }) => !hidden.includes(name));
  const toggle = (name: string) =>
    setHidden(hidden.includes(name) ? hidden.filter((one) => one !== name) : [...hidden, name]);
  const at = pointed === null ? undefined : time[pointed];
  return (
    <section class="chart" aria-label={title}>
      <header class="chart-head">
        <h2>{title}</h2>
        <span class="quiet">{at === undefined ? unit : formatTime(at * 1_000)}</span>
        <span class="grow" />
        {children}
        <button type="button" class="plain" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          Table
        </button>
      </header>
      <ChartLegend lines={lines} shown={shown} pointed={pointed} onToggle={toggle} />
      {isTable ? (
        <ChartTable title={title} time={time} lines={lines} height={props.height} />
      ) : (
        <Plot {...props} shown={shown} onCursor={setPointed} stepOf={step} pointed={pointed} />
      )}
    </section>
  );
}

interface PlotProps extends ChartProps {
  readonly shown: readonly boolean[];
  readonly pointed: number | null;
  readonly stepOf: number;
  readonly onCursor: (step: number | null) => void;
}

function Plot({
  title,
  time,
  step,
  lines,
  shown,
  height,
  isLogarithmic = false,
  isWhole = false,
  axis,
  onPick,
  onCursor,
  pointed,
}: PlotProps) {
  const { route, go } = usePage();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const drawn = useMemo(() => drawnLines(lines, shown), [lines, shown.join()]);
  const latest = useRef({ onPick, time, step, drawn });
  latest.current = { onPick, time, step, drawn };
  const shape = drawn.map(({ name, kind }) => `${name} ${kind}`).join();
  const isDark = useDarkness();

  useLayoutEffect(() => {
    const target = box.current;
    if (!target) return;
    const made = createPlot(target, latest.current.time, latest.current.drawn, {
      width: Math.max(200, target.clientWidth),
      height,
      isLogarithmic,
      isWhole,
      step,
      axis,
      onCursor,
      onZoom: (from, to) => go(hashWith(route.value, { from: String(Math.floor(from)), to: String(Math.ceil(to)) })),
      onPick: (index) => {
        const from = index === null ? undefined : latest.current.time[index];
        if (from !== undefined) latest.current.onPick?.(from, from + latest.current.step);
      },
    });
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: Math.max(200, target.clientWidth), height }));
    watcher.observe(target);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, height, isLogarithmic, step, isDark, axis]);

  useLayoutEffect(() => plot.current?.setData(dataOf(time, drawn)), [time, drawn]);

  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const made = plot.current;
    if (event.key === 'Enter' && pointed !== null) onPick?.(time[pointed] as number, (time[pointed] as number) + step);
    if (move === undefined || !made) return;
    event.preventDefault();
    const to = Math.min(time.length - 1, Math.max(0, pointed === null ? time.length - 1 : pointed + move));
    made.setCursor({ left: made.valToPos((time[to] as number) + step / 2, 'x'), top: 0 });
  };
  return (
    <div
      ref={box}
      class="plot"
      tabIndex={0}
      role="group"
      onKeyDown={onKeyDown}
      onBlur={() => onCursor(null)}
      aria-label={`${title}: a chart; arrow keys move the cursor, its values stand above, the table has them all`}
      style={{ height: `${height}px` }}
    />
  );
}

/** Areas from the tallest to the lowest, so that each is seen; lines over them. */
function drawnLines(lines: readonly ChartLine[], shown: readonly boolean[]): readonly DrawnLine[] {
  const areas = lines.filter(({ kind }) => kind === 'area');
  const tops = stacked(
    areas.map(({ values }) => values),
    areas.map((line) => shown[lines.indexOf(line)] === true),
  );
  const drawn = lines.map((line, at) => {
    const area = areas.indexOf(line);
    const values = shown[at] ? line.values : line.values.map(() => null);
    return { ...line, drawn: area === -1 ? values : (tops[area] as StepValues) };
  });
  return [...drawn.filter(({ kind }) => kind === 'area').toReversed(), ...drawn.filter(({ kind }) => kind === 'line')];
}

function useDarkness(): boolean {
  const [query] = useState(() => window.matchMedia('(prefers-color-scheme: dark)'));
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const onChange = () => setDark(query.matches);
    query.addEventListener('change', onChange);
    return () => query.removeEventListener('change', onChange);
  }, [query]);
  return isDark;
}
