/**
 * The last line of a run: what it was asked, and what it cost and saved.
 */
import { formatCount, formatDollars, formatMs, formatShare } from './format.ts';
import type { RunSums } from './run-sums.ts';

export function runSummary({ requests, hits, hitRate, dollars, waitedSaved }: RunSums): string {
  if (requests === 0) return 'no requests';
  const share = hitRate === null ? '' : ` (${formatShare(hitRate)})`;
  return [
    `${formatCount(requests)} ${requests === 1 ? 'request' : 'requests'}`,
    `${formatCount(hits)} ${hits === 1 ? 'hit' : 'hits'}${share}`,
    `saved ${formatDollars(dollars.saved)} and ${formatMs(waitedSaved * 1000)} of waiting`,
    `spent ${formatDollars(dollars.spent)}`,
  ].join(', ');
}
