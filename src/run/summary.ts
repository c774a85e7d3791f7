/**
 * The last lines of a run: what was replayed, and what was asked for and had no recording.
 */
import type { UnrecordedRequest } from '../cassette/unrecorded.ts';
import { inertLine } from '../console/escape.ts';
import { formatDollars, formatTime } from '../console/format.ts';
import type { RunTotals } from '../ledger/run-totals.ts';

/** The most that are listed. */
const MOST = 50;

/** Always in the same words, for scripts to read. */
export function summaryLine(totals: Readonly<RunTotals>, unrecorded: number): string {
  const { hits, misses, bypasses, savedDollars, savedMs } = totals;
  const counts = [`${hits} hits`, `${misses} misses`, `${unrecorded} unrecorded`];
  if (bypasses > 0) counts.push(`${bypasses} bypasses`);
  return `${counts.join(', ')}; saved ${formatDollars(savedDollars)} and ${spacedTime(savedMs)}`;
}

/** One line each, and one for the recording that comes nearest. @param count of all, listed or not */
export function unrecordedLines(requests: readonly UnrecordedRequest[], count: number): readonly string[] {
  const lines = requests.slice(0, MOST).flatMap(linesOf).map(inertLine);
  const others = count - Math.min(requests.length, MOST);
  return others > 0 ? [...lines, `  and ${others} more`] : lines;
}

function linesOf({ method, path, model, question, nearest, why }: UnrecordedRequest): readonly string[] {
  const asked = `  ${method} ${path}${model === null ? '' : ` ${model}`}${quoted(question)}: ${why}`;
  if (nearest === null) return [asked];
  return [asked, `    nearest is ${nearest.key}${quoted(nearest.question)}, which differs at ${nearest.pointer}`];
}

function quoted(words: string | null): string {
  return words === null ? '' : ` “${words}”`;
}

/** `38 s`, `2 m 5 s`; in ms below a second. */
function spacedTime(ms: number): string {
  if (ms === 0) return '0 s';
  const seconds = ms < 1_000 ? Math.ceil(ms) / 1_000 : Math.round(ms / 1_000);
  return formatTime(seconds).replaceAll(/(?<=\d)(?=[a-z])/g, ' ');
}
