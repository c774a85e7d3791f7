import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { usagePath } from '../../src/ledger/usage-file.ts';
import { BooksTables, readRows } from '../../src/ledger/usage-tables.ts';
import { readUsageFile } from '../../src/ledger/read-usage-file.ts';
import { type Reason, Reasons } from '../../src/ledger/reasons.ts';
import { ReasonsTable, readReasons } from '../../src/ledger/reasons-table.ts';
import { noAmounts, type UsageRow } from '../../src/ledger/row.ts';
import { BOOKS_MARK, STORE_MARK } from '../../src/store/sqlite-mark.ts';
import { until } from '../harness/until.ts';
import { callOf, NOON, recordOf } from './usage-records.ts';
import { createLedgerDir } from './temp-dir.ts';

const HIT = recordOf({ outcome: 'hit', tier: 'memory', call: callOf({ input: 10, output: 10 }) });
const requests = (path: string) => readUsageFile(path, NOON).periods.all.requests;
const rowOf = (more: Partial<UsageRow>): UsageRow => ({
  ...noAmounts(),
  day: '2026-11-22',
  scope: 'shared:team',
  endpoint: 'chat',
  model: 'gpt-4o',
  outcome: 'hit',
  requests: 1,
  nanoDollars: 5,
  ...more,
});

describe('a usage ledger in a file', () => {
  test('are there after a restart, and go on', async () => {
    const dir = createLedgerDir();
    for (const total of [1, 2, 3]) {
      const ledger = dir.open();
      ledger.note(HIT);
      expect((await ledger.stats()).periods.all).toMatchObject({
        requests: total,
        hits: total,
        dollars: { spent: 0, saved: total * 0.0000075 },
      });
      await ledger.close();
    }
    expect(requests(dir.path)).toBe(3);
    expect(dir.lines).toEqual([]);
  });

  test('are written a second after a request, not at each', async () => {
    const dir = createLedgerDir();
    const ledger = dir.open();
    for (let count = 0; count < 50; count += 1) ledger.note(HIT);
    expect(dir.clock.waiting).toBe(1);
    dir.clock.advance(1_000);
    await until(() => requests(dir.path) === 50);
    expect(dir.clock.waiting).toBe(0);
  });

  test('are one book for two proxies at once', async () => {
    const dir = createLedgerDir();
    const [one, other] = [dir.open(), dir.open()];
    for (let round = 0; round < 20; round += 1) {
      one.note(HIT);
      other.note(recordOf());
      dir.clock.advance(1_000);
      const [said, heard] = await Promise.all([one.stats(), other.stats()]);
      expect(Math.max(said.periods.all.requests, heard.periods.all.requests)).toBe(2 * (round + 1));
    }
    expect((await one.stats()).periods.all).toMatchObject({ requests: 40, hits: 20, misses: 20 });
    expect(dir.lines).toEqual([]);
  });

  test('are summed up a few at a time, and what comes meanwhile counts once', async () => {
    const dir = createLedgerDir();
    const file = new DatabaseSync(dir.path);
    new BooksTables(file).add(
      Array.from({ length: 9_000 }, (_, at) => rowOf({ model: `m${at % 997}`, day: `2026-10-${10 + (at % 20)}` })),
    );
    file.close();
    chmodSync(dir.path, 0o600);
    const ledger = dir.open();
    for (let round = 1; round <= 5; round += 1) {
      ledger.note(HIT);
      const all = Promise.all([ledger.stats(), ledger.stats()]);
      dir.clock.advance(1_000);
      for (const { periods } of await all) expect(periods.all.requests).toBe(9_000 + round);
    }
    await ledger.close();
    expect(requests(dir.path)).toBe(9_005);
  });

  test('are for their owner alone', async () => {
    const dir = createLedgerDir();
    const ledger = dir.open();
    ledger.note(HIT);
    await ledger.close();
    expect(statSync(dir.path).mode & 0o777).toBe(0o600);
  });

  test('lie beside the store, and are never its file', () => {
    expect(usagePath('/data/cache.sqlite')).toBe('/data/ledger.sqlite');
    expect(usagePath('/data/ledger.sqlite')).toBe('/data/ledger.sqlite.books');
    expect(usagePath(null)).toBeNull();
  });
});

describe('a file that is in trouble', () => {
  const withDatabase = (path: string, sql: string) => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };

  test.each([
    ['of text', (path: string) => writeFileSync(path, 'these are not the books you look for '.repeat(200))],
    [
      'of another program',
      (path: string) => withDatabase(path, 'CREATE TABLE books (title TEXT, author TEXT); PRAGMA user_version = 1'),
    ],
    [
      'of another program that marks its own',
      (path: string) => withDatabase(path, 'CREATE TABLE other (a); PRAGMA application_id = 7'),
    ],
    [
      'of the store',
      (path: string) => withDatabase(path, `CREATE TABLE entries (key); PRAGMA application_id = ${STORE_MARK.id}`),
    ],
  ])('%s, is left alone, and the ledger goes on in memory', async (_, put) => {
    const dir = createLedgerDir();
    put(dir.path);
    chmodSync(dir.path, 0o600);
    const bytes = readFileSync(dir.path);
    const ledger = dir.open();
    ledger.note(HIT);
    expect((await ledger.stats()).periods.all.requests).toBe(1);
    await ledger.close();
    expect(dir.asides()).toEqual([]);
    expect(dir.lines).toMatchObject([{ level: 'warn', path: dir.path, code: 'NOT_OURS' }]);
    expect(readFileSync(dir.path).equals(bytes)).toBe(true);
  });

  test('that was taken away is begun afresh, and that is one line', async () => {
    const dir = createLedgerDir();
    const ledger = dir.open();
    ledger.note(HIT);
    await ledger.stats();
    rmSync(dir.path);
    ledger.note(HIT);
    expect((await ledger.stats()).periods.all.requests).toBe(1);
    expect(dir.lines).toMatchObject([{ level: 'warn', path: dir.path, msg: expect.stringContaining('taken away') }]);
    await ledger.close();
    expect(requests(dir.path)).toBe(1);
  });

  test('that others can read is for its owner alone from then on', async () => {
    const dir = createLedgerDir();
    for (const mode of [0o644, 0o640]) {
      const ledger = dir.open();
      ledger.note(HIT);
      await ledger.close();
      chmodSync(dir.path, mode);
    }
    await dir.open().stats();
    expect(statSync(dir.path).mode & 0o777).toBe(0o600);
    expect(dir.lines.map(({ mended }) => mended)).toEqual([[dir.path], [dir.path]]);
  });

  test.each([
    [
      'of a version that is to come',
      (path: string) =>
        withDatabase(path, `CREATE TABLE books (a); PRAGMA application_id = ${BOOKS_MARK.id}; PRAGMA user_version = 9`),
    ],
    [
      'damaged in its middle',
      (path: string) => {
        const database = new DatabaseSync(path);
        new BooksTables(database).add(
          Array.from({ length: 3_000 }, (_, at) => rowOf({ model: `m${at}`, day: `2026-10-${10 + (at % 20)}` })),
        );
        database.close();
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(0xff, 4_096, bytes.length - 100));
      },
    ],
  ])('%s, is set aside, and a fresh ledger is begun', async (_, spoil) => {
    const dir = createLedgerDir();
    spoil(dir.path);
    chmodSync(dir.path, 0o600);
    const ledger = dir.open();
    ledger.note(HIT);
    expect((await ledger.stats()).periods.all.requests).toBe(1);
    expect(dir.asides()).toHaveLength(1);
    expect(dir.lines).toMatchObject([{ level: 'warn', path: dir.path }]);
    await ledger.close();
    expect(requests(dir.path)).toBe(1);
  });

  test('that cannot be made is one warning, and the ledger goes on in memory', async () => {
    const dir = createLedgerDir();
    mkdirSync(dir.path);
    const ledger = dir.open();
    for (const round of [1, 2, 3]) {
      ledger.note(HIT);
      dir.clock.advance(60_000);
      expect((await ledger.stats()).periods.all.requests).toBe(round);
    }
    expect(dir.lines).toMatchObject([{ level: 'warn', code: 'NOT_OURS' }]);
    expect(ledger.counts().requests).toBe(3);
  });

  test('that comes back is given what waited, once', async () => {
    const dir = createLedgerDir();
    mkdirSync(dir.path);
    const ledger = dir.open();
    ledger.note(HIT);
    await ledger.stats();
    rmSync(dir.path, { recursive: true });
    ledger.note(HIT);
    expect((await ledger.stats()).periods.all.requests).toBe(2);
    await ledger.close();
    expect(requests(dir.path)).toBe(2);
    expect(dir.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  test('that another process holds is tried again', async () => {
    const dir = createLedgerDir();
    const ledger = dir.open();
    ledger.note(HIT);
    await ledger.stats();
    const other = new DatabaseSync(dir.path);
    other.exec('BEGIN IMMEDIATE');
    ledger.note(HIT);
    dir.clock.advance(1_000);
    await until(() => dir.lines.length === 1);
    expect(dir.lines).toMatchObject([{ level: 'warn', code: 'SQLITE_BUSY' }]);
    other.exec('ROLLBACK');
    other.close();
    dir.clock.advance(30_000);
    await until(() => requests(dir.path) === 2);
  });
});

describe('reasons in a file', () => {
  const reason = (more: Partial<Reason> = {}): Reason => ({
    day: '2026-11-22',
    outcome: 'bypass',
    why: 'no-store',
    requests: 1,
    ...more,
  });

  test('are there after a restart, and where no proxy runs', async () => {
    const dir = createLedgerDir();
    for (const total of [1, 2]) {
      const ledger = dir.open();
      ledger.note(recordOf({ outcome: 'bypass', why: 'store' }));
      ledger.note(recordOf({ why: 'missing-choice' }));
      const {
        periods: { all },
      } = await ledger.stats();
      expect(all).toMatchObject({
        bypassReasons: [{ reason: 'store', requests: total }],
        unkeptReasons: [{ reason: 'missing-choice', requests: total }],
      });
      await ledger.close();
    }
    expect(readUsageFile(dir.path, NOON).periods.all).toMatchObject({
      bypassReasons: [{ reason: 'store', requests: 2 }],
      unkeptReasons: [{ reason: 'missing-choice', requests: 2 }],
    });
  });

  test('are counted from now on in a ledger that had none', async () => {
    const dir = createLedgerDir();
    const old = new DatabaseSync(dir.path);
    new BooksTables(old).add([rowOf({})]);
    old.exec('DROP TABLE reasons');
    old.close();
    chmodSync(dir.path, 0o600);
    expect(readUsageFile(dir.path, NOON).periods.all).toMatchObject({ requests: 1, bypassReasons: [] });
    const ledger = dir.open();
    ledger.note(recordOf({ outcome: 'bypass', why: 'store' }));
    expect((await ledger.stats()).periods.all).toMatchObject({
      requests: 2,
      bypassReasons: [{ reason: 'store', requests: 1 }],
    });
    expect(dir.lines).toEqual([]);
  });

  test('that a file did not take are counted once it does, once', async () => {
    const dir = createLedgerDir();
    mkdirSync(dir.path);
    const ledger = dir.open();
    for (const requests of [1, 2]) {
      ledger.note(recordOf({ outcome: 'bypass', why: 'store' }));
      expect((await ledger.stats()).periods.all.bypassReasons).toEqual([{ reason: 'store', requests }]);
    }
    rmSync(dir.path, { recursive: true });
    expect((await ledger.stats()).periods.all.bypassReasons).toEqual([{ reason: 'store', requests: 2 }]);
    await ledger.close();
    expect(readUsageFile(dir.path, NOON).periods.all.bypassReasons).toEqual([{ reason: 'store', requests: 2 }]);
  });

  test('beyond their bound lose the oldest days, and nothing of the sums', () => {
    const database = new DatabaseSync(':memory:');
    const table = new ReasonsTable(database, 50);
    const memory = new Reasons();
    for (let day = 0; day < 400; day += 1) {
      const some = ['store', 'audio', 'route', 'off', 'ambiguous', 'not-json'].map((why) =>
        reason({ why, day: new Date(day * 86_400_000).toISOString().slice(0, 10) }),
      );
      table.add(some);
      for (const one of some) memory.add(one);
    }
    for (const [rows, most] of [
      [[...readReasons(database)], 50],
      [[...memory.rows], 2_000],
    ] as const) {
      expect(rows.length).toBeLessThanOrEqual(most);
      expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(2_400);
      expect(
        rows
          .filter(({ day }) => day === '')
          .map(({ why }) => why)
          .sort(),
      ).toEqual(['ambiguous', 'audio', 'not-json', 'off', 'route', 'store']);
      expect(rows.filter(({ day }) => day === '1971-02-04')).toHaveLength(6);
    }
  });
});

describe('a usage ledger beyond its bound', () => {
  test('lose the names of the oldest days, and nothing of the sums', () => {
    const database = new DatabaseSync(':memory:');
    const books = new BooksTables(database, 1_500);
    for (let day = 10; day < 30; day += 1) {
      books.add(
        Array.from({ length: 200 }, (_, at) =>
          rowOf({ day: `2026-10-${day}`, model: `m${at}`, outcome: at % 2 ? 'hit' : 'miss' }),
        ),
      );
    }
    const rows = [...readRows(database)];
    expect(rows.length).toBeLessThanOrEqual(1_500);
    expect(rows.reduce((sum, row) => sum + row.requests, 0)).toBe(4_000);
    expect(rows.reduce((sum, row) => sum + row.nanoDollars, 0)).toBe(20_000);
    expect(
      rows
        .filter(({ day }) => day === '2026-10-10')
        .map(({ scope, model, outcome, requests }) => [scope, model, outcome, requests]),
    ).toEqual([
      ['(other)', '(other)', 'hit', 100],
      ['(other)', '(other)', 'miss', 100],
    ]);
    expect(rows.filter(({ day }) => day === '2026-10-29')).toHaveLength(200);
  });

  test('hold no more than a thousand scopes and models a day, whoever writes', () => {
    const database = new DatabaseSync(':memory:');
    for (const writer of ['a', 'b', 'c']) {
      new BooksTables(database).add(
        Array.from({ length: 700 }, (_, at) => rowOf({ model: `${writer}${at}`, scope: `private:${writer}${at}` })),
      );
    }
    const rows = [...readRows(database)];
    for (const of of ['model', 'scope'] as const) expect(new Set(rows.map((row) => row[of])).size).toBe(1_001);
    expect(rows.reduce((sum, row) => sum + row.requests, 0)).toBe(2_100);
  });

  test('stand still where a sum would not be exact any more', () => {
    const database = new DatabaseSync(':memory:');
    const books = new BooksTables(database);
    for (let time = 0; time < 3; time += 1) books.add([rowOf({ nanoDollars: Number.MAX_SAFE_INTEGER - 1 })]);
    expect([...readRows(database)]).toMatchObject([{ requests: 3, nanoDollars: Number.MAX_SAFE_INTEGER }]);
  });
});

test('a ledger that nobody has written reads as empty, and no file is made', () => {
  const dir = createLedgerDir();
  expect(readUsageFile(dir.path, NOON)).toMatchObject({ since: null });
  expect(() => statSync(dir.path)).toThrow();
  new DatabaseSync(dir.path).close();
  expect(readUsageFile(dir.path, NOON)).toMatchObject({ since: null, periods: { all: { requests: 0 } } });
});
