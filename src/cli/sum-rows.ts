/**
 * The sums of requests as rows of a table.
 */
import { formatCount, formatDollars, formatShare, formatTime } from '../console/format.ts';
import type { StatsLine } from '../ledger/stats.ts';
import type { Usage } from '../response/usage.ts';

export const sumRows: readonly (readonly [name: string, valueOf: (sums: StatsLine) => string])[] = [
  ...(['requests', 'hits', 'follows', 'misses', 'bypasses', 'refusals'] as const).map(
    (name) => [name === 'requests' ? name : `  ${name}`, (sums: StatsLine) => formatCount(sums[name])] as const,
  ),
  ['hit rate', ({ hitRate }) => formatShare(hitRate)],
  ['tokens saved', ({ tokens }) => formatCount(totalOf(tokens.saved))],
  ['tokens spent', ({ tokens }) => formatCount(totalOf(tokens.spent))],
  ['dollars saved', ({ dollars }) => formatDollars(dollars.saved)],
  ['dollars spent', ({ dollars }) => formatDollars(dollars.spent)],
  ['waiting saved', ({ waitedSaved }) => formatTime(waitedSaved)],
];

/** Cached input is part of the input, and reasoning of the output. */
export function totalOf({ input, output }: Usage): number {
  return input + output;
}
