/**
 * The last lines of a run.
 */
import { formatDollars, formatTime } from '../console/format.ts';
import type { RunTally } from './tally.ts';

/** Always in the same words, for scripts to read. */
export function summaryLine(tally: RunTally, unrecorded: number): string {
  const { hits, misses, bypasses, savedDollars, savedMs } = tally;
  const counts = [`${hits} hits`, `${misses} misses`, `${unrecorded} unrecorded`];
  if (bypasses > 0) counts.push(`${bypasses} bypasses`);
  return `${counts.join(', ')}; saved ${formatDollars(savedDollars)} and ${spacedTime(savedMs)}`;
}

/** `38 s`, `2 m 5 s`; in ms below a second. */
function spacedTime(ms: number): string {
  if (ms === 0) return '0 s';
  const seconds = ms < 1_000 ? Math.ceil(ms) / 1_000 : Math.round(ms / 1_000);
  return formatTime(seconds).replaceAll(/(?<=\d)(?=[a-z])/g, ' ');
}
