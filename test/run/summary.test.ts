import { expect, test } from 'vitest';
import type { PricedUsageRecord } from '../../src/ledger/usage-record.ts';
import { summaryLine } from '../../src/run/summary.ts';
import { RunTally } from '../../src/run/tally.ts';

function tallyOf(...records: Partial<PricedUsageRecord>[]): RunTally {
  const tally = new RunTally();
  for (const record of records) tally.add({ error: null, call: null, dollars: null, ...record } as PricedUsageRecord);
  return tally;
}

const call = (ms: number) => ({ usage: null, firstByteMs: 1, ms });

test('says what was replayed and what that saved', () => {
  const tally = tallyOf(
    { outcome: 'hit', call: call(30_400), dollars: 0.1 },
    { outcome: 'follow', call: call(7_800), dollars: 0.02 },
    { outcome: 'miss', call: call(5_000), dollars: 7 },
    { outcome: 'refusal', error: 'not_cached' },
    { outcome: 'refusal', error: 'invalid_header' },
  );
  expect(tally.refused).toBe(1);
  expect(summaryLine(tally, 1)).toBe('2 hits, 1 misses, 1 unrecorded; saved $0.12 and 38 s');
});

test.each([
  [0, '0 s'],
  [0.4, '1 ms'],
  [450, '450 ms'],
  [65_000, '1 m 5 s'],
  [7_260_000, '2 h 1 m'],
])('says %j ms as %j', (ms, words) => {
  expect(summaryLine(tallyOf({ outcome: 'hit', call: call(ms) }), 0)).toMatch(new RegExp(` and ${words}$`));
});

test('names bypasses where there were any', () => {
  expect(summaryLine(tallyOf({ outcome: 'bypass' }), 0)).toBe(
    '0 hits, 0 misses, 0 unrecorded, 1 bypasses; saved $0.00 and 0 s',
  );
});
