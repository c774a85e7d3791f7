/**
 * The cost of a hit's usage record on the main thread: the ledger's sums and the
 * metrics, as a proxy has them.
 *
 *   node test/bench/usage-records.ts
 */
import { UsageFile } from '../../src/ledger/usage-file.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { idleMetrics } from '../ledger/idle-metrics.ts';
import { readPrices } from '../../src/ledger/prices.ts';
import { createLog } from '../../src/log.ts';
import { createTestClock } from '../harness/clock.ts';
import { callOf, recordOf } from '../ledger/usage-records.ts';

const NOTES = 1_000_000;

const log = createLog('silent');
const ledger = new Ledger({
  usageFile: new UsageFile({ path: null, clock: createTestClock(), log }),
  prices: readPrices(),
  log,
});
const metrics = idleMetrics();

function measure(what: string): void {
  const hits = ['gpt-4o-mini', 'gpt-4o-2024-08-06', 'llama-3.3-70b'].map((model) =>
    recordOf({
      outcome: 'hit',
      tier: 'memory',
      model,
      ms: 0.4,
      call: callOf({ input: 2_006, cachedInput: 1_920, output: 300, reasoning: 256 }),
    }),
  );
  const begunAt = performance.now();
  for (let note = 0; note < NOTES; note += 1) ledger.note(hits[note % hits.length] as (typeof hits)[number]);
  console.log(
    `${what.padEnd(24)} ${(((performance.now() - begunAt) / NOTES) * 1_000).toFixed(2)} µs per note of a hit`,
  );
}

measure('(to warm up)');
measure('sums');
ledger.subscribe((record) => metrics.observe(record));
measure('(to warm up)');
measure('sums and metrics');
metrics.close();
