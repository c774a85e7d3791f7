/**
 * The last line of a run: what it was asked, and what it cost and saved.
 */
import { formatCount, formatDollars, formatMs, formatShare } from './format.ts';
import type { RunTotals } from '../ledger/run-totals.ts';

export function runSummary({ requests, hits, hitRate, savedDollars, savedMs, spentDollars }: RunTotals): string {
  if (requests === 0) return 'no requests';
  const share = hitRate === null ? '' : ` (${formatShare(hitRate)})`;
  return [
    `${formatCount(requests)} ${requests === 1 ? 'request' : 'requests'}`,
    `${formatCount(hits)} ${hits === 1 ? 'hit' : 'hits'}${share}`,
    `saved ${formatDollars(savedDollars)} and ${formatMs(savedMs)} of waiting`,
    `spent ${formatDollars(spentDollars)}`,
  ].join(', ');
}
