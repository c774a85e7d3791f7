/**
 * The lines of `refrain watch`: of a screen, and one alone where there is none.
 */
import type { ProxyState } from '../admin/state.ts';
import { inertLine } from '../console/escape.ts';
import {
  formatCount,
  formatDollars,
  formatMoment,
  formatMs,
  formatShare,
  formatTime,
  NONE,
} from '../console/format.ts';
import type { Paint } from '../console/paint.ts';
import type { ProxyStats } from './proxy-data.ts';
import { type Column, cut, tableLines } from './table.ts';
import { LONGEST_SECONDS, type WatchedRequest, type WatchWindow, type WindowSums } from './watch-window.ts';

/** A proxy as it was last looked at. */
export interface Watched {
  readonly url: string;
  readonly state: ProxyState;
  readonly stats: ProxyStats;
  /** False while it cannot be asked. */
  readonly isThere: boolean;
}

/** The seconds that the first column is about. */
const RECENT_SECONDS = 10;

const right = (title: string): Column => ({ title, align: 'right' });
const COLUMNS: readonly Column[] = [
  { title: '', align: 'left' },
  ...[`last ${RECENT_SECONDS} s`, `last ${LONGEST_SECONDS} s`, 'today'].map(right),
];
const SLOW_COLUMNS: readonly Column[] = [
  { title: `slowest of ${LONGEST_SECONDS} s`, align: 'left' },
  right('took'),
  { title: 'model', align: 'left', shrinksTo: 8 },
  { title: 'why', align: 'left', shrinksTo: 4 },
];

/** The lines of a screen. */
export function screenLines(watched: Watched, window: WatchWindow, now: number, width: number, paint: Paint): string[] {
  const slowest = window.slowest(LONGEST_SECONDS, now).map(slowCells);
  const tables = [
    tableLines(COLUMNS, sumRows(watched, window, now), width),
    ...(slowest.length === 0 ? [] : [tableLines(SLOW_COLUMNS, slowest, width)]),
  ];
  return [
    paint(watched.isThere ? 'bold' : 'red', cut(headOf(watched, now), width)),
    ...tables.flatMap(([titles = '', ...lines]) => [
      '',
      paint('dim', cut(titles, width)),
      ...lines.map((line) => cut(line, width)),
    ]),
    '',
    paint('dim', cut('Ctrl+C ends this; the proxy goes on.', width)),
  ];
}

/** One line over the last seconds. */
export function plainLine({ isThere, url }: Watched, window: WatchWindow, seconds: number, now: number): string {
  const time = formatMoment(new Date(now).toISOString());
  if (!isThere) return `${time}  ${url} does not answer`;
  const { perSecond, hitRate, dollars } = window.sums(seconds, now);
  const [slowest] = window.slowest(seconds, now);
  const slow = slowest ? `  slowest ${formatMs(slowest.ms)} ${nameOf(slowest)}` : '';
  return (
    `${time}  ${formatRate(perSecond)} requests/s  hit rate ${formatShare(hitRate)}` +
    `  saved ${formatDollars(dollars.saved)}  spent ${formatDollars(dollars.spent)}${slow}`
  );
}

function headOf({ url, state, isThere }: Watched, now: number): string {
  const { version, readiness, startedAt, flights } = state;
  const name = `refrain ${inertLine(version)} at ${url}`;
  if (!isThere) return `${name}  does not answer; asked again each second`;
  const up = formatTime(Math.max(0, Math.round((now - Date.parse(startedAt)) / 1000)));
  return `${name}  ${inertLine(readiness)}, up ${up}, ${formatCount(flights)} upstream calls on their way`;
}

function sumRows({ stats }: Watched, window: WatchWindow, now: number): string[][] {
  const { today } = stats.periods;
  const sums: readonly (Omit<WindowSums, 'perSecond'> & { readonly perSecond: number | null })[] = [
    window.sums(RECENT_SECONDS, now),
    window.sums(LONGEST_SECONDS, now),
    { ...today, perSecond: null },
  ];
  return [
    ['requests/s', ...sums.map(({ perSecond }) => (perSecond === null ? NONE : formatRate(perSecond)))],
    ['requests', ...sums.map(({ requests }) => formatCount(requests))],
    ['hit rate', ...sums.map(({ hitRate }) => formatShare(hitRate))],
    ['saved', ...sums.map(({ dollars }) => formatDollars(dollars.saved))],
    ['spent', ...sums.map(({ dollars }) => formatDollars(dollars.spent))],
    ['waiting saved', ...sums.map(({ waitedSaved }) => formatMs(waitedSaved * 1000))],
  ];
}

function slowCells(request: WatchedRequest): string[] {
  const { outcome, ms, status, why } = request;
  const reason = status >= 400 ? `${status} ${why ?? ''}` : (why ?? '');
  return [outcome, formatMs(ms), nameOf(request), inertLine(reason)];
}

function nameOf({ model, endpoint }: WatchedRequest): string {
  return inertLine(model ?? endpoint);
}

function formatRate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));
}
