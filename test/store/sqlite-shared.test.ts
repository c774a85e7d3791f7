import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import type { Change } from '../../src/store/write-buffer.ts';
import type { Gone } from '../../src/store/gone.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { createTestClock } from '../harness/clock.ts';
import { askedOf } from './catalogue-contract.ts';
import { entryOf } from './entries.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const tagged = (text: string, ...tags: string[]) =>
  entryOf(text, { answerId: `id of ${text}`, request: askedOf({ tags }) });
const noBatch = { purges: [], answers: new Set<string>(), keys: new Map() };

/** A file and what it was told that others threw away. */
function openFile({ path }: TempDir): { readonly file: SqliteFile; readonly told: Gone[] } {
  const told: Gone[] = [];
  const file = new SqliteFile({
    path,
    maxBytes: 1e9,
    onNews: (news) => (news.kind === 'gone' ? told.push(...news.gone) : expect.unreachable()),
  });
  file.open(0);
  return { file, told };
}

describe('what one process throws away', () => {
  test('is synced as it is committed, and nothing else', () => {
    const { file } = openFile(createTempDir());
    const { exec } = DatabaseSync.prototype;
    const modes: unknown[] = [];
    const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
      if (sql === 'COMMIT') modes.push(this.prepare('PRAGMA synchronous').get()?.synchronous);
      exec.call(this, sql);
    });
    const put = new Map<string, Change>([['a', { entry: tagged('a'), uses: 0 }]]);
    for (const batch of [
      { ...noBatch, keys: put },
      { ...noBatch, keys: new Map([['a', 'deleted' as const]]) },
      { ...noBatch, keys: put },
      { ...noBatch, purges: [{ token: 't', purge: {} }] },
      { ...noBatch, answers: new Set(['id of a']) },
    ])
      file.commit(batch, 0);
    spy.mockRestore();
    file.close();
    // https://www.sqlite.org/pragma.html#pragma_synchronous: 1 is NORMAL, which does not sync the log, and 2 is FULL.
    expect(modes).toEqual([1, 2, 1, 2, 2]);
  });

  test('another is told of once, and the one itself never', () => {
    const dir = createTempDir();
    const [one, other] = [openFile(dir), openFile(dir)];
    one.file.commit(
      {
        ...noBatch,
        keys: new Map<string, Change>([
          ['a', 'deleted'],
          ['b', { entry: tagged('b'), uses: 0 }],
        ]),
      },
      0,
    );
    one.file.commit({ ...noBatch, answers: new Set(['id of c']) }, 0);
    one.file.commit({ ...noBatch, purges: [{ token: 't', purge: { tag: 'x' } }] }, 0);
    for (let look = 0; look < 3; look += 1) for (const { file } of [one, other]) file.look(0);
    expect(other.told).toEqual([{ key: 'a' }, { answerId: 'id of c' }, { purge: { tag: 'x' } }]);
    expect(one.told).toEqual([]);
    for (const { file } of [one, other]) file.close();
  });

  test('is no news to whoever opens the file later, and is to whoever was shut meanwhile', () => {
    const dir = createTempDir();
    const [one, other] = [openFile(dir), openFile(dir)];
    one.file.commit({ ...noBatch, keys: new Map([['before', 'deleted' as const]]) }, 0);
    other.file.look(0);
    other.file.close();
    one.file.commit({ ...noBatch, keys: new Map([['meanwhile', 'deleted' as const]]) }, 0);
    const late = openFile(dir);
    other.file.open(0);
    expect(late.told).toEqual([]);
    expect(other.told).toEqual([{ key: 'before' }, { key: 'meanwhile' }]);
    for (const { file } of [one, other, late]) file.close();
  });

  test('is all there is where some of it is missing, or cannot be read', () => {
    const dir = createTempDir();
    const [one, other] = [openFile(dir), openFile(dir)];
    const database = dir.connect();
    const throwAway = (key: string) => one.file.commit({ ...noBatch, keys: new Map([[key, 'deleted' as const]]) }, 0);
    throwAway('a');
    other.file.look(0);
    throwAway('b');
    throwAway('c');
    database.exec('DELETE FROM gone WHERE id < (SELECT max(id) FROM gone)');
    other.file.look(0);
    expect(other.told).toEqual([{ key: 'a' }, { purge: {} }]);
    for (const what of ['{"doubt":{}}', '{', 'null']) {
      database.prepare("INSERT INTO gone (writer, what) VALUES ('a later version', ?)").run(what);
      other.file.look(0);
      expect(other.told.splice(0).at(-1), what).toEqual({ purge: {} });
    }
    for (const { file } of [one, other]) file.close();
  });

  test('is all there is to whoever was away for longer than it is kept', () => {
    const dir = createTempDir();
    const [one, other] = [openFile(dir), openFile(dir)];
    for (let batch = 0; batch < 25; batch += 1) {
      one.file.commit(
        { ...noBatch, keys: new Map(Array.from({ length: 1_000 }, (_, at) => [`${batch} ${at}`, 'deleted' as const])) },
        0,
      );
    }
    other.file.look(0);
    expect(other.told).toEqual([{ purge: {} }]);
    expect(dir.connect().prepare('SELECT count(*) AS rows FROM gone').get()?.rows).toBe(20_000);
    for (const { file } of [one, other]) file.close();
  });

  test('is not served by another before its rows are gone', () => {
    const dir = createTempDir();
    const [one, other] = [openFile(dir), openFile(dir)];
    one.file.commit({ ...noBatch, keys: new Map([['a', { entry: tagged('a', 'x'), uses: 0 }]]) }, 0);
    expect(other.file.get('a', 0)).toBeDefined();
    one.file.commit({ ...noBatch, purges: [{ token: 't', purge: { tag: 'x' } }] }, 0);
    other.file.look(0);
    expect(other.file.get('a', 0)).toBeUndefined();
    for (const { file } of [one, other]) file.close();
  });

  test('does not come back with what another has yet to write', async () => {
    const dir = createTempDir();
    const one = await dir.open();
    const told: Gone[] = [];
    const { promise: heard, resolve } = Promise.withResolvers<void>();
    const onGone = (gone: Gone) => {
      told.push(gone);
      resolve();
    };
    const other = await dir.open({ onGone });
    // Waits to be written, for the clock stands still.
    other.set('a', tagged('a', 'x'));
    await one.purge({ tag: 'x' });
    expect(await one.written()).toBe(true);
    await heard;
    expect(told).toEqual([{ purge: { tag: 'x' } }]);
    expect(await other.get('a')).toBeUndefined();
    expect(await other.size()).toMatchObject({ entries: 0 });
    expect(await one.get('a')).toBeUndefined();
  });
});

test('tiers drop it from what is faster, and promote nothing that was read before', async () => {
  const memory = createMemoryStore({ maxBytes: 1e6 });
  const dir = createTempDir();
  const file = await dir.open();
  const tiers = createTiers({ stores: [memory, file], catalogue: file, clock: createTestClock() });
  for (const key of ['a', 'b', 'c', 'd']) tiers.set(key, tagged(key, key));
  await file.size();
  tiers.heed({ key: 'a' });
  tiers.heed({ answerId: 'id of b' });
  tiers.heed({ purge: { tag: 'c' } });
  expect(['a', 'b', 'c', 'd'].filter((key) => memory.getSync(key))).toEqual(['d']);
  const asked = tiers.get('a');
  tiers.heed({ key: 'a' });
  await asked;
  expect(memory.has('a')).toBe(false);
});

describe('what is told for done', () => {
  test('is written, and is not where the file does not take it', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('a', tagged('a'));
    expect(await store.written()).toBe(true);
    expect(dir.connect().prepare('SELECT count(*) AS rows FROM entries').get()?.rows).toBe(1);
    const other = dir.connect();
    other.exec('BEGIN EXCLUSIVE');
    store.delete('a');
    expect(await store.written()).toBe(false);
    other.exec('ROLLBACK');
    dir.clock.advance(5_000);
    await store.size();
    expect(await store.written()).toBe(true);
    expect(dir.connect().prepare('SELECT count(*) AS rows FROM entries').get()?.rows).toBe(0);
  });

  test.each([
    ['many', 350, 10],
    ['large', 20, 1_000_000],
  ])('is written, however %s the changes before it are', async (_, count, bytes) => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('a', tagged('a'));
    expect(await store.written()).toBe(true);
    for (let index = 0; index < count; index += 1) store.set(`key ${index}`, entryOf('x'.repeat(bytes)));
    store.delete('a');
    expect(await store.written()).toBe(true);
    const rows = dir.connect().prepare('SELECT count(*) AS all_rows, sum(key = ?) AS deleted FROM entries');
    expect(rows.get('a')).toEqual({ all_rows: count, deleted: 0 });
  });

  test('is nothing that comes while the store closes', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('a', tagged('a'));
    await store.size();
    const closing = store.close();
    store.delete('a');
    expect(await store.written()).toBe(false);
    await closing;
  });
});
