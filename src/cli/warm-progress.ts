/**
 * How far a warming has come: one line that is redrawn on a terminal, a line now and then elsewhere.
 */
import stringWidth from 'string-width';
import { formatCount, formatDollars, formatTime, NONE } from '../console/format.ts';
import { NANO_PER_DOLLAR } from '../ledger/prices.ts';
import type { WarmingCost, WarmingSums } from '../warm/warming.ts';
import type { Output } from './output.ts';
import { cut } from './table.ts';

const REDRAW_MS = 100;
const LINE_MS = 10_000;
const BAR_WIDTH = 20;

/** Of a terminal that does not say. */
const STANDARD_WIDTH = 80;

/** The last column stays free: some terminals break the line at it. */
const MARGIN = 1;

export interface Progress {
  /** Prints a line above it. */
  note(line: string): void;
  /** Legal any number of times. */
  end(): void;
}

export async function showProgress(sums: WarmingSums, output: Output): Promise<Progress> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  const { terminal } = output;
  if (terminal === null) {
    const timer = setInterval(() => output.note(`refrain: ${progressText(sums, seconds())}`), LINE_MS);
    return { note: output.note, end: () => clearInterval(timer) };
  }
  const { createLogUpdate } = await import('log-update');
  const redraw = createLogUpdate(terminal);
  const draw = () => redraw(progressLine(sums, seconds(), (terminal.columns || STANDARD_WIDTH) - MARGIN));
  let isOver = false;
  draw();
  const timer = setInterval(draw, REDRAW_MS);
  return {
    note(line) {
      redraw.clear();
      output.note(line);
      draw();
    },
    end() {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      draw();
      redraw.done();
    },
  };
}

/** With a bar, where the line is long enough for one. */
export function progressLine(sums: WarmingSums, seconds: number, width: number): string {
  const text = progressText(sums, seconds);
  const full = Math.floor((BAR_WIDTH * sums.done) / sums.total);
  const line = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}  ${text}`;
  return stringWidth(line) <= width ? line : cut(text, width);
}

export function progressText(sums: WarmingSums, seconds: number): string {
  const { total, done, hits, misses, bypasses, failures, spent } = sums;
  const left = done === 0 ? NONE : formatTime(Math.ceil((seconds / done) * (total - done)));
  return [
    `${formatCount(done)}/${formatCount(total)}`,
    countOf(hits, 'hit'),
    countOf(misses + bypasses, 'miss', 'misses'),
    countOf(failures, 'failure'),
    costOf(spent),
    ...(done < total ? [`${left} left`] : []),
  ].join('  ');
}

export function countOf(count: number, one: string, several = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : several}`;
}

/** Tokens and, where a price is known, dollars. */
export function costOf({ tokens, nanoDollars }: WarmingCost): string {
  const dollars = nanoDollars === 0 ? '' : `, ${formatDollars(nanoDollars / NANO_PER_DOLLAR)}`;
  return `${countOf(tokens, 'token')}${dollars}`;
}
