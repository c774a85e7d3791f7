import { chmodSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isStill } from '../../src/store/read-only.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf, textOf } from './entries.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';
import { expectSame } from './same.ts';

/** Resolves when the thread has done all that it was told so far. */
const caughtUp = (store: SqliteStore) => store.get('a key that nothing has');

const rowsOf = (dir: TempDir) => dir.connect().prepare('SELECT count(*) AS count FROM entries').get()?.count;

describe('what is on disk', () => {
  test('is served after a restart', async () => {
    const dir = createTempDir();
    const first = await dir.open();
    for (let index = 0; index < 250; index += 1)
      first.set(`key ${index}`, entryOf(textOf(index, index * 20), { answerId: `id ${index}` }));
    await first.close();
    const second = await dir.open();
    expect((await second.size()).entries).toBe(250);
    for (let index = 0; index < 250; index += 1) {
      const found = await second.get(`key ${index}`);
      expect(found?.tier).toBe('sqlite');
      expectSame(found?.entry, entryOf(textOf(index, index * 20), { answerId: `id ${index}` }));
    }
    expect(dir.lines).toEqual([]);
  });

  test('is for its owner alone', async () => {
    const dir = createTempDir();
    const path = join(dir.directory, 'made', 'for', 'it', 'store.db');
    const store = await dir.open({ path });
    store.set('key', entryOf('text'));
    await store.size();
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual(['600', '600', '600']);
    expect(mode(join(dir.directory, 'made', 'for', 'it'))).toBe('700');
  });

  test('is where a link leads, for its owner alone, and is read there with its log', async () => {
    const dir = createTempDir();
    const [path, place] = [join(dir.directory, 'link.db'), join(dir.directory, 'elsewhere.db')];
    symlinkSync('elsewhere.db', path);
    const store = await dir.open({ path });
    store.set('key', entryOf('text'));
    await store.size();
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect([place, `${place}-wal`].map(mode)).toEqual(['600', '600']);
    expect(isStill(path)).toBe(false);
    chmodSync(`${place}-wal`, 0o644);
    const other = await dir.open({ path });
    expect(mode(`${place}-wal`)).toBe('600');
    expect(await other.get('key')).toBeDefined();
  });

  test('is counted as what the rows are, however they came and went', async () => {
    const dir = createTempDir();
    const store = await dir.open({ maxBytes: 100_000 });
    for (let index = 0; index < 300; index += 1) {
      store.set(`key ${index % 120}`, entryOf(textOf(index, index * 10), { answerId: `id ${index % 50}` }));
      if (index % 7 === 0) store.delete(`key ${index % 11}`);
      if (index % 31 === 0) store.deleteAnswer(`id ${index % 13}`);
      if (index % 40 === 0) await store.size();
    }
    const size = await store.size();
    const rows = dir.connect().prepare('SELECT count(*) AS entries, sum(bytes) AS bytes FROM entries').get();
    expect({ ...rows }).toEqual(size);
    expect(size.bytes).toBeLessThanOrEqual(100_000);
  });

  test('is found among several keys while it is on its way there', async () => {
    const store = await createTempDir().open();
    for (let index = 0; index < 20; index += 1) {
      store.set(`key ${index}`, entryOf('text'));
      const written = store.written();
      expect([...(await store.getMany([`key ${index}`, 'a key that nothing has'])).keys()]).toEqual([`key ${index}`]);
      await written;
    }
  });

  test('is counted anew when the file is opened', async () => {
    const dir = createTempDir();
    const first = await dir.open();
    first.set('key', entryOf('text'));
    const size = await first.size();
    await first.close();
    dir.connect().exec('UPDATE held SET entries = 9, bytes = 999999999');
    expect(await (await dir.open()).size()).toEqual(size);
  });

  test('does not take much more room than the bound', async () => {
    const dir = createTempDir();
    const maxBytes = 4_000_000;
    const store = await dir.open({ maxBytes });
    for (let index = 0; index < 2_000; index += 1) {
      store.set(`key ${index}`, entryOf(textOf(index, (index * 37) % 20_000)));
      if (index % 50 === 0) await store.size();
    }
    await store.close();
    expect(statSync(dir.path).size).toBeLessThan(1.25 * maxBytes + 2_000_000);
    const smaller = await dir.open({ maxBytes: 500_000 });
    for (let index = 0; index < 20; index += 1) {
      smaller.set('key', entryOf('text'));
      await smaller.size();
    }
    await smaller.close();
    expect(statSync(dir.path).size).toBeLessThan(2_000_000);
  });
});

describe('what is not yet on disk', () => {
  test('is read all the same', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('key', entryOf('waiting'));
    expect((await store.get('key'))?.entry.body.toString()).toBe('waiting');
    expect(rowsOf(dir)).toBe(0);
    const reading = store.size();
    store.set('key', entryOf('newer than what is on its way'));
    expect((await store.get('key'))?.entry.body.toString()).toBe('newer than what is on its way');
    await reading;
    expect((await store.get('key'))?.entry.body.toString()).toBe('newer than what is on its way');
  });

  test('is committed after 50 ms', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('a', entryOf('a'));
    dir.clock.advance(49);
    store.set('b', entryOf('b'));
    await caughtUp(store);
    expect(rowsOf(dir)).toBe(0);
    dir.clock.advance(1);
    await caughtUp(store);
    expect(rowsOf(dir)).toBe(2);
  });

  test('is committed once it is 100 entries', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    for (let index = 0; index < 99; index += 1) store.set(`key ${index}`, entryOf('text'));
    await caughtUp(store);
    expect(rowsOf(dir)).toBe(0);
    store.set('key 99', entryOf('text'));
    await caughtUp(store);
    expect(rowsOf(dir)).toBe(100);
  });

  test('is on disk when the store is closed', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    for (let index = 0; index < 350; index += 1) store.set(`key ${index}`, entryOf('text'));
    await store.close();
    expect(rowsOf(dir)).toBe(350);
  });

  test('wins over what is read from the file meanwhile', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    for (const key of ['a', 'b', 'c']) store.set(key, entryOf('old', { answerId: `id ${key}` }));
    await store.size();
    const reading = ['a', 'b', 'c'].map((key) => store.get(key));
    store.set('a', entryOf('new'));
    store.delete('b');
    store.deleteAnswer('id c');
    const found = await Promise.all(reading);
    expect(found.map((one) => one?.entry.body.toString())).toEqual(['new', undefined, undefined]);
  });
});

test('two stores over one file see each other, and count alike', async () => {
  const dir = createTempDir();
  const [one, other] = [await dir.open(), await dir.open()];
  one.set('a', entryOf('a'));
  await one.size();
  expect((await other.get('a'))?.entry.body.toString()).toBe('a');
  other.set('b', entryOf('b'));
  await other.size();
  one.delete('a');
  expect((await one.size()).entries).toBe(1);
});
