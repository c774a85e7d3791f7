/**
 * A chart as uPlot draws it: what a line is, by the few things that the page has to say of it.
 */
import uPlot from 'uplot';
import type { StepValues } from './bins.ts';
import type { ChartLine } from './chart-line.ts';

/** A line with the values that are drawn: an area of several stands upon those before it. */
export interface DrawnLine extends ChartLine {
  readonly drawn: StepValues;
}

export interface PlotOptions {
  readonly width: number;
  readonly height: number;
  readonly isLogarithmic: boolean;
  /** Counts have no half. */
  readonly isWhole: boolean;
  /** Seconds of a step. */
  readonly step: number;
  readonly axis: (value: number) => string;
  readonly onCursor: (step: number | null) => void;
  readonly onZoom: (from: number, to: number) => void;
  readonly onPick: (step: number | null) => void;
}

/** The distances between two lines of an axis of counts. */
const WHOLE = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8].flatMap((power) => [power, 2 * power, 5 * power]);

/** The pixels of a drag below which it is a click. */
const CLICK = 4;

export function createPlot(
  target: HTMLElement,
  time: readonly number[],
  lines: readonly DrawnLine[],
  options: PlotOptions,
): uPlot {
  const style = getComputedStyle(target);
  const colourOf = (name: string) => style.getPropertyValue(name).trim();
  const { width, height, step, onCursor, onZoom, onPick } = options;
  const font = `11px ${style.fontFamily}`;
  const grid = { stroke: colourOf('--line'), width: 1 };
  const axis = { font, stroke: colourOf('--quiet'), grid, ticks: { show: false } };
  const tens = options.isLogarithmic && { filter: powersOfTen };
  const whole = options.isWhole && { incrs: WHOLE };
  const hasShare = lines.some(({ scale }) => scale === 'share');
  return new uPlot(
    {
      width,
      height,
      padding: [8, hasShare ? 0 : 24, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: CLICK },
        bind: { dblclick: () => null },
      },
      scales: {
        x: { time: true, range: (_plot, min, max) => [min, max + step] },
        y: options.isLogarithmic ? { distr: 3, log: 10 } : { range: (_plot, _min, max) => [0, niceTop(max)] },
        share: { range: [0, 1] },
      },
      axes: [
        { ...axis, grid: { show: false }, space: 70, size: 24, values: timeLabels },
        {
          ...axis,
          size: 52,
          space: 32,
          ...tens,
          ...whole,
          grid: { ...grid, ...tens },
          values: (_plot, ticks) => ticks.map((tick) => (tick === null ? '' : options.axis(tick))),
        },
        {
          ...axis,
          show: hasShare,
          scale: 'share',
          side: 1,
          size: 44,
          grid: { show: false },
          values: (_plot, ticks) => ticks.map((tick) => `${Math.round(tick * 100)} %`),
        },
      ],
      // An area is drawn over the taller ones behind it.
      series: [{}, ...lines.map((line) => seriesOf(line, colourOf(line.colour)))],
      hooks: {
        setCursor: [(plot) => onCursor(stepAt(plot, plot.data[0], step))],
        setSelect: [
          (plot) => {
            const { left, width: wide } = plot.select;
            if (wide < CLICK) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            onZoom(plot.posToVal(left, 'x'), plot.posToVal(left + wide, 'x'));
          },
        ],
        ready: [(plot) => listenForPicks(plot, () => onPick(stepAt(plot, plot.data[0], step)))],
      },
    },
    dataOf(time, lines),
    target,
  );
}

export function dataOf(time: readonly number[], lines: readonly DrawnLine[]): uPlot.AlignedData {
  return [time as number[], ...lines.map(({ drawn }) => drawn)];
}

function seriesOf({ kind, scale, dash }: DrawnLine, colour: string): uPlot.Series {
  if (kind === 'area') {
    const paths = uPlot.paths.bars?.({ size: [1, Number.POSITIVE_INFINITY], align: 1 });
    return {
      scale: scale ?? 'y',
      fill: colour,
      stroke: colour,
      width: 0,
      points: { show: false },
      ...(paths && { paths }),
    };
  }
  return {
    scale: scale ?? 'y',
    stroke: colour,
    width: 1.5,
    ...(dash && { dash: [...dash] }),
    points: { size: 4, fill: colour, width: 0, filter: lonely },
  };
}

/** The points that no line leads to, which would not be seen. */
function lonely(plot: uPlot, series: number): number[] {
  const values = plot.data[series] as StepValues;
  const isThere = (at: number) => values[at] !== null && values[at] !== undefined;
  return values.flatMap((_, at) => (isThere(at) && !isThere(at - 1) && !isThere(at + 1) ? [at] : []));
}

function listenForPicks(plot: uPlot, onPick: () => void): void {
  let down = 0;
  plot.over.addEventListener('mousedown', (event) => (down = event.clientX));
  plot.over.addEventListener('click', (event) => {
    if (Math.abs(event.clientX - down) < CLICK) onPick();
  });
}

/** The step that the cursor is in, which need not be the one that begins nearest to it. */
function stepAt(plot: uPlot, time: ArrayLike<number>, step: number): number | null {
  const { left = -1 } = plot.cursor;
  if (left < 0 || time.length === 0) return null;
  const at = Math.floor((plot.posToVal(left, 'x') - (time[0] as number)) / step);
  return Math.max(0, Math.min(time.length - 1, at));
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

function timeLabels(_plot: uPlot, ticks: readonly number[]): string[] {
  return ticks.map((tick) => {
    const date = new Date(tick * 1_000);
    return date.getHours() === 0 && date.getMinutes() === 0 ? day.format(date) : clock.format(date);
  });
}

/** The lines of a logarithmic scale that are drawn: with all of them there is a line every few pixels. */
function powersOfTen(_plot: uPlot, splits: readonly number[]): (number | null)[] {
  return splits.map((split) => (Number.isInteger(Math.log10(split)) ? split : null));
}

/** A top that leaves a little air, and is not 0. */
function niceTop(max: number | null): number {
  return max === null || max <= 0 ? 1 : max * 1.08;
}
