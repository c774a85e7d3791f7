import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { type BillQuery, billOf } from '../../src/ledger/bill.ts';
import type { IntervalRow } from '../../src/ledger/interval.ts';
import { IntervalsTable, readIntervals } from '../../src/ledger/intervals-table.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { OTHER } from '../../src/ledger/names.ts';
import { readSeriesFile } from '../../src/ledger/read-usage-file.ts';
import { noAmounts } from '../../src/ledger/row.ts';
import { MOST_TAGS, TagSums } from '../../src/ledger/tag-sums.ts';
import { createLedgerDir } from './temp-dir.ts';
import { callOf, NOON, recordOf } from './usage-records.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const noon = NOON / 1_000;
const CALL = callOf({ input: 1_000, output: 500 }, 2_000);
const hit = (tags: readonly string[], time = NOON, more = {}) =>
  recordOf({ outcome: 'hit', tier: 'memory', call: CALL, time, tags, ...more });
const miss = (tags: readonly string[], time = NOON, more = {}) =>
  recordOf({ outcome: 'miss', reason: 'new', call: CALL, time, tags, ...more });

const tagged = (name: string, more: Partial<BillQuery> = {}): BillQuery => ({ from: null, by: 'tag', name, ...more });
const bill = (ledger: Ledger, query: BillQuery, now = NOON + HOUR) =>
  billOf(query, now, (asked) => ledger.series(asked));

describe.each(['a file', 'memory'])('the bill of a tag, in %s', (where) => {
  const open = (dir = createLedgerDir()) => dir.open(where === 'memory' ? null : dir.path);

  test('has what was asked under it, also beside others, and nothing else', async () => {
    const ledger = open();
    for (const record of [
      miss(['run-1']),
      miss(['run-1', 'nightly'], NOON + 1_000),
      hit(['nightly', 'run-1'], NOON + 2_000),
      hit(['run-2'], NOON + 3_000),
      hit([], NOON + 4_000),
      recordOf({ outcome: 'bypass', why: 'no-store', tags: ['run-1'], time: NOON + 70 * MINUTE }),
    ])
      ledger.note(record);
    ledger.noteCall({ ...recordOf({ tags: ['run-2'] }), call: CALL });
    expect(await bill(ledger, tagged('run-1'), NOON + 2 * HOUR)).toMatchObject({
      tag: 'run-1',
      model: null,
      scope: null,
      seconds: 3_600,
      requests: 4,
      hits: 1,
      misses: 2,
      bypasses: 1,
      hitRate: 1 / 3,
      // gpt-4o-mini: $0.15 and $0.60 a million.
      dollars: { spent: 2 * 0.00045, saved: 0.00045 },
      tokens: { spent: { input: 2_000, output: 1_000 }, saved: { input: 1_000, output: 500 } },
      waitedSaved: 2,
      unnamed: 0,
    });
    expect(await bill(ledger, tagged('nightly'))).toMatchObject({ requests: 2, hits: 1, misses: 1 });
    // A call that no request is charged with is spent under its tags, too.
    expect(await bill(ledger, tagged('run-2'))).toMatchObject({ requests: 1, dollars: { spent: 0.00045 } });
    expect(await bill(ledger, tagged('run-3'))).toMatchObject({ requests: 0, hitRate: null, dollars: { spent: 0 } });
  });

  test('begins with the hour of since, and says so; others by the minute of a day', async () => {
    const ledger = open();
    for (const minutes of [0, 40, 70, 100]) ledger.note(hit(['run'], NOON + minutes * MINUTE));
    const now = NOON + 110 * MINUTE;
    const since = (minutes: number) => now / 1_000 - minutes * 60;
    expect(await bill(ledger, tagged('run', { from: since(45) }), now)).toMatchObject({
      since: '2026-11-22T13:00:00.000Z',
      until: '2026-11-22T13:50:00.000Z',
      requests: 2,
    });
    const model = { by: 'model', name: 'gpt-4o-mini' } as const;
    expect(await bill(ledger, { from: since(45), ...model }, now)).toMatchObject({
      since: '2026-11-22T13:05:00.000Z',
      seconds: 60,
      model: 'gpt-4o-mini',
      requests: 2,
    });
    expect(await bill(ledger, { from: since(200), by: 'all', name: '' }, now)).toMatchObject({ requests: 4 });
  });

  test('is kept for as long as hours are', async () => {
    const ledger = open();
    for (const day of [0, 2, 91]) {
      ledger.note(hit(['run'], NOON + day * DAY));
      await ledger.series({ resolution: 'hour', from: 0, to: noon * 2, by: 'tag', name: 'run' });
    }
    const { time } = await ledger.series({ resolution: 'hour', from: 0, to: noon * 2, by: 'tag', name: 'run' });
    expect(time.map((at) => (at - noon) / 86_400)).toEqual([2, 91]);
  });

  test('says of how many requests it cannot tell, where a day has too many tags', async () => {
    const ledger = open();
    for (let at = 0; at < MOST_TAGS + 3; at += 1) ledger.note(hit([`run-${at}`, 'all'], NOON));
    expect(await bill(ledger, tagged('all'))).toMatchObject({ requests: MOST_TAGS + 3, unnamed: 4 });
    expect(await bill(ledger, tagged('run-998'))).toMatchObject({ requests: 1 });
    expect(await bill(ledger, tagged('run-1001'))).toMatchObject({ requests: 0, unnamed: 4 });
    // Another day has room for others.
    ledger.note(hit(['run-1001'], NOON + DAY));
    expect(await bill(ledger, tagged('run-1001'), NOON + DAY)).toMatchObject({ requests: 1 });
  });
});

describe('tags in a file', () => {
  test('are there after a restart, for who has no proxy too, and add up over several', async () => {
    const dir = createLedgerDir();
    for (const total of [1, 2, 3]) {
      const ledger = dir.open();
      ledger.note(hit(['run']));
      expect(await bill(ledger, tagged('run'))).toMatchObject({ hits: total });
      await ledger.close();
    }
    const read = await billOf(tagged('run'), NOON + HOUR, (query) => readSeriesFile(dir.path, query));
    expect(read).toMatchObject({ hits: 3, tag: 'run' });
    expect(
      readSeriesFile(`${dir.path}-not-there`, { resolution: 'hour', from: 0, to: 1, by: 'tag', name: 'x' }),
    ).toMatchObject({ time: [] });
    expect(dir.lines).toEqual([]);
  });

  test('are bounded by the day, whoever writes, in whichever order', () => {
    const database = new DatabaseSync(':memory:');
    const row = (name: string, time = noon): IntervalRow => ({
      resolution: 'hour',
      time,
      by: 'tag',
      name,
      sums: { hit: 1 },
    });
    const many = Array.from({ length: MOST_TAGS + 5 }, (_, at) => row(`run-${at}`));
    new IntervalsTable(database).add(many);
    // One that starts later knows the names of the day.
    new IntervalsTable(database).add([row('run-7', noon + 3_600), row('new'), row('new', noon + 86_400)]);
    const kept = readIntervals(database, { resolution: 'hour', by: 'tag', from: 0, to: noon * 2 }, null, 5_000);
    expect(new Set(kept.filter(({ time }) => time < noon + 43_200).map(({ name }) => name)).size).toBe(MOST_TAGS + 1);
    expect(kept.find(({ name }) => name === OTHER)?.sums).toEqual({ hit: 6 });
    expect(kept.filter(({ name }) => name === 'new').map(({ time }) => time)).toEqual([noon + 86_400]);
    expect(kept.filter(({ name }) => name === 'run-7').map(({ time }) => time)).toEqual([noon, noon + 3_600]);
  });
});

test('tags that wait in memory are bounded in rows, and lose no count', () => {
  const sums = new TagSums(1_000, 50);
  const counted = { outcome: 'hit', ms: 1, reason: null, why: null } as const;
  for (let at = 0; at < 300; at += 1)
    sums.add(NOON + Math.floor(at / 30) * HOUR, [`run-${at}`], counted, { ...noAmounts(), requests: 1 });
  sums.add(NOON + 20 * HOUR, ['last'], counted, { ...noAmounts(), requests: 1 });
  const rows = [...sums.rows];
  expect(rows.length).toBeLessThan(70);
  expect(rows.reduce((total, { sums: { hit = 0 } }) => total + hit, 0)).toBe(301);
  expect(rows.some(({ name }) => name === 'run-299')).toBe(true);
});
