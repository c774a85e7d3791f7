import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { IntervalRow } from '../../src/ledger/interval.ts';
import { IntervalSums, MOST_OF_INTERVAL } from '../../src/ledger/interval-sums.ts';
import { IntervalsTable, readIntervals } from '../../src/ledger/intervals-table.ts';
import { OTHER } from '../../src/ledger/names.ts';
import { noAmounts } from '../../src/ledger/row.ts';
import type { SeriesQuery, TimeSeries } from '../../src/ledger/time-series.ts';
import { createLedgerDir } from './temp-dir.ts';
import { callOf, NOON, recordOf } from './usage-records.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const noon = NOON / 1_000;
const CALL = callOf({ input: 100, cachedInput: 20, output: 50, reasoning: 5 }, 2_000);
const USED = { input: 100, cachedInput: 20, output: 50, reasoning: 5 };
const hit = (time: number, more = {}) =>
  recordOf({ outcome: 'hit', tier: 'memory', ms: 0.4, call: CALL, time, ...more });
const miss = (time: number, reason: string, more = {}) =>
  recordOf({ outcome: 'miss', reason, call: CALL, time, ...more });

const all = (resolution: SeriesQuery['resolution'], more: Partial<SeriesQuery> = {}): SeriesQuery => ({
  resolution,
  from: noon - 100 * 86_400,
  to: noon + 100 * 86_400,
  by: 'all',
  name: '',
  ...more,
});

describe.each(['a file', 'memory'])('a time series in %s', (where) => {
  const open = (dir = createLedgerDir()) => dir.open(where === 'memory' ? null : dir.path);

  test('has a row for each minute in which something was asked, and the sums of each', async () => {
    const ledger = open();
    for (const record of [
      miss(NOON, 'new'),
      hit(NOON + 1_000),
      hit(NOON + 2_000, { ms: 3 }),
      recordOf({ outcome: 'bypass', why: 'no-store', time: NOON + 5 * MINUTE }),
      recordOf({ outcome: 'refusal', why: 'invalid_header', error: 'invalid_header', time: NOON + 5 * MINUTE }),
      miss(NOON + 5 * MINUTE, 'not-kept-status', { model: 'llama', why: 'status' }),
    ])
      ledger.note(record);
    ledger.noteCall({ ...recordOf({ time: NOON + 5 * MINUTE }), call: CALL });
    const series = await ledger.series(all('minute'));
    expect(series).toMatchObject({
      series: 'minute',
      seconds: 60,
      first: noon,
      last: noon + 300,
      time: [noon, noon + 300],
      outcomes: { hit: [2, 0], follow: [0, 0], miss: [1, 1], bypass: [0, 1], refusal: [0, 1] },
      reasons: { 'new': [1, 0], 'not-kept-status': [0, 1] },
      bypassReasons: { 'no-store': [0, 1] },
      waitedSaved: [4, 0],
      unpricedTokens: { saved: [0, 0], spent: [0, 150] },
      tokens: { saved: { input: [200, 0], output: [100, 0] }, spent: { input: [100, 200], cachedInput: [20, 40] } },
    });
    const { hit: hitBuckets, upstream } = series.buckets;
    expect(series.hitLatency.map(([first]) => first)).toEqual(
      [...hitBuckets, Infinity].map((bound) => (bound === 0.5 || bound === 5 ? 1 : 0)),
    );
    expect(series.upstreamLatency.length).toBe(upstream.length + 1);
    expect(series.upstreamLatency[upstream.indexOf(2_500)]).toEqual([1, 2]);
    // By hand: 80 x 0.15 + 20 x 0.075 + 50 x 0.6 = 43.5 millionths.
    expect(series.dollars.saved[0]).toBeCloseTo(0.000087, 12);
    expect(series.models.map(({ model, requests }) => [model, requests])).toEqual([
      ['gpt-4o-mini', 5],
      ['llama', 1],
    ]);
    await ledger.close();
  });

  test('sums minutes up to hours, by model and by scope', async () => {
    const ledger = open();
    for (let at = 0; at < 120; at += 1) ledger.note(hit(NOON + at * MINUTE, { model: at % 3 ? 'a' : 'b' }));
    ledger.note(hit(NOON + 3 * HOUR, { model: 'b', scope: 'shared:team' }));
    const hits = async (query: Partial<SeriesQuery>) => {
      const { time, outcomes } = await ledger.series(all('hour', query));
      return time.map((at, row) => [(at - noon) / 3_600, outcomes.hit[row]]);
    };
    expect(await hits({})).toEqual([
      [0, 60],
      [1, 60],
      [3, 1],
    ]);
    expect(await hits({ by: 'model', name: 'b' })).toEqual([
      [0, 20],
      [1, 20],
      [3, 1],
    ]);
    expect(await hits({ by: 'scope', name: 'shared:team' })).toEqual([[3, 1]]);
    expect(await hits({ from: noon + 1_800, to: noon + 3_599 })).toEqual([[0, 60]]);
    expect((await ledger.series(all('hour'))).models.map(({ model, hits }) => [model, hits])).toEqual([
      ['a', 80],
      ['b', 41],
    ]);
    await ledger.close();
  });

  test('keeps minutes for a day and hours for 90 days', async () => {
    const dir = createLedgerDir();
    const ledger = open(dir);
    for (const day of [0, 2, 50, 91]) {
      ledger.note(hit(NOON + day * DAY));
      ledger.note(hit(NOON + day * DAY + MINUTE));
      await ledger.series(all('hour'));
    }
    const days = async (resolution: SeriesQuery['resolution']) => [
      ...new Set((await ledger.series(all(resolution))).time.map((at) => Math.floor((at - noon) / 86_400))),
    ];
    if (where === 'a file') expect(await days('minute')).toEqual([91]);
    expect(await days('hour')).toEqual([2, 50, 91]);
    await ledger.close();
  });
});

describe('time series in a file', () => {
  test('are there after a restart, and are written with the sums', async () => {
    const dir = createLedgerDir();
    for (const total of [1, 2, 3]) {
      const ledger = dir.open();
      ledger.note(hit(NOON));
      expect((await ledger.series(all('minute'))).outcomes.hit).toEqual([total]);
      expect((await ledger.series(all('hour'))).tokens.saved).toEqual(
        Object.fromEntries(Object.entries(USED).map(([kind, tokens]) => [kind, [tokens * total]])),
      );
      await ledger.close();
    }
    expect(dir.lines).toEqual([]);
  });

  test('are one series for two proxies at once', async () => {
    const dir = createLedgerDir();
    const [one, other] = [dir.open(), dir.open()];
    for (let round = 1; round <= 10; round += 1) {
      one.note(hit(NOON));
      other.note(miss(NOON, 'new'));
      dir.clock.advance(1_000);
      const [said, heard] = await Promise.all([one.series(all('hour')), other.series(all('hour'))]);
      const total = ({ outcomes: { hit, miss } }: TimeSeries) => (hit[0] ?? 0) + (miss[0] ?? 0);
      expect(Math.max(total(said), total(heard))).toBe(2 * round);
    }
    await Promise.all([one.close(), other.close()]);
  });

  test('begin in a file from before there were any', async () => {
    const dir = createLedgerDir();
    const before = dir.open();
    before.note(hit(NOON));
    await before.close();
    const database = new DatabaseSync(dir.path);
    database.exec('DROP TABLE intervals');
    database.close();
    const ledger = dir.open();
    expect(await ledger.series(all('minute'))).toMatchObject({ time: [], first: null, last: null });
    ledger.note(hit(NOON));
    expect((await ledger.series(all('minute'))).outcomes.hit).toEqual([1]);
    expect((await ledger.stats()).periods.all.hits).toBe(2);
    await ledger.close();
  });
});

describe('the bounds of intervals', () => {
  const row = (more: Partial<IntervalRow>): IntervalRow => ({
    resolution: 'minute',
    time: noon,
    by: 'all',
    name: '',
    sums: { hit: 1 },
    ...more,
  });
  const count = (database: DatabaseSync, where = 'TRUE') =>
    database.prepare(`SELECT count(*) AS rows FROM intervals WHERE ${where}`).get()?.rows;
  const range = { resolution: 'hour', by: 'model', from: noon, to: noon } as const;

  test('leave an interval its models with the most requests, and sum the others up', () => {
    const database = new DatabaseSync(':memory:');
    const table = new IntervalsTable(database);
    for (let at = 0; at < 200; at += 1)
      table.add([row({ by: 'model', name: `m${at}`, sums: { hit: at < 10 ? 50 : 1 } })]);
    const rows = readIntervals(database, range, null, 1_000);
    expect(rows.length).toBeLessThanOrEqual(2 * MOST_OF_INTERVAL + 1);
    expect(rows.reduce((hits, { sums }) => hits + (sums.hit ?? 0), 0)).toBe(10 * 50 + 190);
    for (let at = 0; at < 10; at += 1) expect(rows.find(({ name }) => name === `m${at}`)?.sums.hit).toBe(50);
    expect(rows.some(({ name }) => name === OTHER)).toBe(true);
  });

  test('hold in rows: the oldest names go, by the hour', () => {
    const database = new DatabaseSync(':memory:');
    const table = new IntervalsTable(database, { minute: 100, hour: 3 });
    for (let minute = 0; minute < 600; minute += 1) {
      const time = noon + minute * 60;
      table.add([row({ time }), row({ time, by: 'model', name: 'a' }), row({ time, by: 'scope', name: 's' })]);
    }
    expect(count(database, "kind = 'all' AND seconds = 60")).toBe(600);
    expect(count(database, "kind = 'all' AND seconds = 3600")).toBe(10);
    for (const kind of ['model', 'scope']) {
      expect(count(database, `kind = '${kind}' AND seconds = 60`)).toBe(100 + 59);
      expect(count(database, `kind = '${kind}' AND seconds = 3600`)).toBe(3);
      expect(count(database, `kind = '${kind}' AND time < ${noon + 400 * 60}`)).toBe(0);
    }
  });

  test('hold where the clock was ahead for a while', () => {
    const database = new DatabaseSync(':memory:');
    const table = new IntervalsTable(database, { minute: 100, hour: 100 });
    table.add([row({ time: noon + 365 * 86_400 })]);
    for (let hour = 0; hour < 48; hour += 1)
      table.add(
        Array.from({ length: 60 }, (_, minute) => noon + hour * 3_600 + minute * 60).flatMap((time) => [
          row({ time }),
          row({ time, by: 'model', name: 'a' }),
        ]),
      );
    // A day of minutes, the hour under way, and the one from ahead.
    expect(count(database, "kind = 'all' AND seconds = 60")).toBeLessThanOrEqual(25 * 60 + 1);
    expect(count(database, "kind = 'model' AND seconds = 60")).toBeLessThanOrEqual(100 + 60);
  });

  test('hold in memory: names beyond the bound are one, and the oldest go', () => {
    const sums = new IntervalSums(500);
    for (let minute = 0; minute < 300; minute += 1)
      for (let at = 0; at < 30; at += 1) {
        const named = { model: `m${at}`, scope: `shared:${at}` };
        const timed = { outcome: 'hit', ms: 1, reason: null, why: null } as const;
        sums.add(NOON + minute * MINUTE, named, timed, { ...noAmounts(), requests: 1 });
      }
    const rows = [...sums.rows];
    expect(rows.length).toBeLessThanOrEqual(500 + 2 * (MOST_OF_INTERVAL + 1) + 1);
    const of = (by: string) => rows.filter((each) => each.by === by && each.time === noon + 299 * 60);
    expect(of('all').map((each) => each.sums.hit)).toEqual([30]);
    expect(of('model').length).toBe(MOST_OF_INTERVAL + 1);
    expect(of('model').find(({ name }) => name === OTHER)?.sums.hit).toBe(30 - MOST_OF_INTERVAL);
    expect(rows.filter(({ by }) => by === 'all').length).toBe(300);
  });
});
