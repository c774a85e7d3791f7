import { describe, expect, test } from 'vitest';
import type { PricedUsageRecord } from '../../src/ledger/usage-record.ts';
import { callOf, NOON, recordOf } from './usage-records.ts';
import { createLedgerDir } from './temp-dir.ts';

const DAY = 86_400_000;

/**
 * By hand, at dollars per million tokens:
 *   gpt-4o-mini   0.15 in, 0.075 cached, 0.60 out
 *   gpt-4o        2.50 in, 1.25 cached, 10 out
 *   embeddings    0.02 in
 */
const REQUESTS = [
  // 86 x 0.15 + 1,920 x 0.075 + 300 x 0.60 = 12.9 + 144 + 180 = 336.9 millionths
  recordOf({ outcome: 'miss', call: callOf({ input: 2_006, cachedInput: 1_920, output: 300, reasoning: 256 }, 2_000) }),
  // the same, spared twice
  recordOf({
    outcome: 'hit',
    tier: 'memory',
    call: callOf({ input: 2_006, cachedInput: 1_920, output: 300, reasoning: 256 }, 2_000),
  }),
  recordOf({
    outcome: 'follow',
    call: callOf({ input: 2_006, cachedInput: 1_920, output: 300, reasoning: 256 }, 2_000),
  }),
  // 100 x 2.5 + 50 x 10 = 250 + 500 = 750 millionths
  recordOf({
    outcome: 'bypass',
    why: 'no-store',
    model: 'gpt-4o-2024-08-06',
    call: callOf({ input: 100, output: 50 }, 3_000),
  }),
  // 8 x 0.02 = 0.16 millionths
  recordOf({
    outcome: 'miss',
    endpoint: 'embeddings',
    model: 'text-embedding-3-small',
    scope: 'shared:team',
    call: callOf({ input: 8 }, 100),
  }),
  // no price: 7 + 5 tokens
  recordOf({ outcome: 'miss', model: 'llama-3.3-70b', call: callOf({ input: 7, output: 5 }, 500) }),
  // no usage, no call, no money
  recordOf({ outcome: 'miss', call: callOf(null, 400) }),
  recordOf({ outcome: 'miss', call: null, why: 'upstream_cut', error: 'upstream_cut' }),
  recordOf({
    outcome: 'refusal',
    endpoint: 'other',
    model: null,
    scope: null,
    key: null,
    status: 400,
    why: 'invalid_header',
    error: 'invalid_header',
  }),
];

describe.each(['a file', 'memory'])('a usage ledger in %s', (where) => {
  const openIn = (dir: ReturnType<typeof createLedgerDir>) => dir.open(where === 'memory' ? null : dir.path);

  test('come to what a hand calculation comes to', async () => {
    const ledger = openIn(createLedgerDir());
    for (const record of REQUESTS) ledger.note(record);
    const {
      since,
      periods: { today, week, all },
    } = await ledger.stats();
    expect(since).toBe('2026-11-22');
    expect(today).toMatchObject({
      requests: 9,
      hits: 1,
      follows: 1,
      misses: 5,
      bypasses: 1,
      refusals: 1,
      unpricedTokens: 12,
      waitedSaved: 4,
    });
    expect(today.hitRate).toBeCloseTo(2 / 7, 12);
    // 336.9 + 750 + 0.16 = 1,087.06 millionths; twice 336.9 = 673.8.
    expect(today.dollars).toEqual({ spent: 0.00108706, saved: 0.0006738 });
    expect(today.tokens).toEqual({
      spent: { input: 2_121, cachedInput: 1_920, output: 355, reasoning: 256 },
      saved: { input: 4_012, cachedInput: 3_840, output: 600, reasoning: 512 },
    });
    expect(week).toEqual(today);
    expect(all).toEqual(today);
    expect(today.models.map(({ model, requests }) => [model, requests])).toEqual([
      ['gpt-4o-mini', 5],
      [null, 1],
      ['gpt-4o-2024-08-06', 1],
      ['llama-3.3-70b', 1],
      ['text-embedding-3-small', 1],
    ]);
    expect(today.scopes.map(({ scope }) => scope)).toEqual(['private:0123456789ab', null, 'shared:team']);
    expect(today.endpoints.map(({ endpoint, requests }) => [endpoint, requests])).toEqual([
      ['chat', 7],
      ['embeddings', 1],
      ['other', 1],
    ]);
  });

  test('say why requests went past the cache and answers were not kept, and count no error as either', async () => {
    const ledger = openIn(createLedgerDir());
    const bypass = (why: string, days = 0) => recordOf({ outcome: 'bypass', why, time: NOON - days * DAY });
    const miss = (why: string | null, error: string | null = null) => recordOf({ why, error });
    for (const record of [
      bypass('no-store'),
      bypass('store', 3),
      bypass('no-store', 9),
      bypass('audio'),
      miss('too-large'),
      miss(null),
      miss('status'),
      miss('too-large'),
    ])
      ledger.note(record);
    for (const record of [
      miss('upstream_cut', 'upstream_cut'),
      miss('too-large', 'listener_too_slow'),
      recordOf({ outcome: 'refusal', why: 'stopping', error: 'stopping' }),
    ])
      ledger.note(record);
    const {
      periods: { today, week, all },
    } = await ledger.stats();
    const reason = (name: string, requests: number) => ({ reason: name, requests });
    expect(today.bypassReasons).toEqual([reason('audio', 1), reason('no-store', 1)]);
    expect(week.bypassReasons).toEqual([reason('audio', 1), reason('no-store', 1), reason('store', 1)]);
    expect(all.bypassReasons).toEqual([reason('no-store', 2), reason('audio', 1), reason('store', 1)]);
    for (const { unkeptReasons } of [today, week, all])
      expect(unkeptReasons).toEqual([reason('too-large', 2), reason('status', 1)]);
  });

  test('tell today from the week and from all', async () => {
    const dir = createLedgerDir();
    const ledger = openIn(dir);
    for (const days of [0, 5, 6, 7, 40]) ledger.note(recordOf({ time: NOON - days * DAY }));
    const { since, periods } = await ledger.stats();
    expect(since).toBe('2026-10-13');
    expect([periods.today.requests, periods.week.requests, periods.all.requests]).toEqual([1, 3, 5]);
  });

  test('of nothing say nothing', async () => {
    const {
      since,
      periods: { all },
    } = await openIn(createLedgerDir()).stats();
    expect(since).toBeNull();
    expect(all).toMatchObject({ requests: 0, hitRate: null, dollars: { spent: 0, saved: 0 }, models: [] });
  });

  test('count the models beyond a thousand a day as one, and what they took all the same', async () => {
    const dir = createLedgerDir();
    const ledger = openIn(dir);
    for (let number = 0; number < 1_500; number += 1)
      ledger.note(recordOf({ model: `model-${number}-${'x'.repeat(300)}`, call: callOf({ input: 1 }) }));
    const {
      periods: { all },
    } = await ledger.stats();
    expect(all.requests).toBe(1_500);
    expect(all.unpricedTokens).toBe(1_500);
    expect(all.models).toHaveLength(100);
    expect(all.models[0]).toMatchObject({ model: '(other)', requests: 500 });
    expect(all.models[1]?.model).toHaveLength(200);
  });

  test('count a name from the prototype as any other', async () => {
    const ledger = openIn(createLedgerDir());
    for (const model of ['__proto__', 'constructor', 'a b\nc']) ledger.note(recordOf({ model }));
    const {
      periods: { all },
    } = await ledger.stats();
    expect(all.models.map(({ model }) => model).sort()).toEqual(['__proto__', 'a b\nc', 'constructor']);
  });
});

describe('a ledger', () => {
  test('counts at once, and every request once', () => {
    const ledger = createLedgerDir().open(null);
    for (const record of REQUESTS) ledger.note(record);
    expect(ledger.counts()).toEqual({ requests: 9, hit: 1, follow: 1, miss: 5, bypass: 1, refusal: 1 });
  });

  test('tells its listeners of each note, with its price, until they end that', () => {
    const ledger = createLedgerDir().open(null);
    const heard: PricedUsageRecord[] = [];
    const end = ledger.subscribe((record) => void heard.push(record));
    for (const record of REQUESTS) ledger.note(record);
    end();
    ledger.note(recordOf());
    expect(heard.map(({ dollars }) => dollars)).toEqual([
      0.0003369,
      0.0003369,
      0.0003369,
      0.00075,
      0.00000016,
      null,
      null,
      null,
      null,
    ]);
    expect(heard[0]).toMatchObject({ ...REQUESTS[0], scope: 'private:0123456789ab' });
  });

  test('is not harmed by a listener that throws', () => {
    const dir = createLedgerDir();
    const ledger = dir.open(null);
    const heard: string[] = [];
    ledger.subscribe(() => {
      throw new Error('no');
    });
    ledger.subscribe(({ outcome }) => void heard.push(outcome));
    ledger.note(recordOf());
    expect(heard).toEqual(['miss']);
    expect(dir.lines).toMatchObject([{ level: 'error' }]);
  });

  test('takes notes of days in any order', async () => {
    const ledger = createLedgerDir().open(null);
    for (const time of [NOON, NOON + DAY, NOON, NOON - DAY, NOON + 12 * 3_600_000 - 1, NOON + 12 * 3_600_000])
      ledger.note(recordOf({ time }));
    const { periods } = await ledger.stats();
    expect(periods.all.requests).toBe(6);
    expect(periods.today.requests).toBe(3);
  });
});
