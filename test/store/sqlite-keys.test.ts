import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyFilter } from '../../src/store/key-filter.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { until } from '../harness/until.ts';
import { entryOf } from './entries.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

/** What nothing is ever kept under. */
const UNKNOWN = Array.from({ length: 1_000 }, (_, index) => `unknown ${index}`);

/** Resolves when the store says of most keys that it lacks them, after it has been alone for a while. */
async function learnt({ clock }: TempDir, store: SqliteStore): Promise<void> {
  clock.advance(60_000);
  store.set('learn', entryOf('text'));
  await store.size();
  await until(() => lackedBy(store, UNKNOWN) > 900);
}

const lackedBy = (store: SqliteStore, keys: readonly string[]) => keys.filter((key) => store.surelyAbsent(key)).length;

/** Writes a row as another process would. */
function writeElsewhere(dir: TempDir, key: string): void {
  dir.connect().prepare('INSERT INTO entries (key, stored_at, used, hits, bytes) VALUES (?, 0, 1, 0, 1)').run(key);
}

describe('which keys the file lacks', () => {
  test('is known without asking, and what waits to be written is not among them', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    await learnt(dir, store);
    store.set('key', entryOf('text'));
    expect(store.surelyAbsent('key')).toBe(false);
    await store.size();
    expect(store.surelyAbsent('key')).toBe(false);
    store.delete('key');
    expect(store.surelyAbsent('key')).toBe(true);
    await store.size();
    store.set('key', entryOf('again'));
    await store.size();
    expect(store.surelyAbsent('key')).toBe(false);
  });

  test('is learnt from a file that has more keys than are read in one go', async () => {
    const dir = createTempDir();
    const first = await dir.open();
    const keys = Array.from({ length: 5_000 }, (_, index) => `key ${index}`);
    for (const key of keys) first.set(key, entryOf('text'));
    await first.close();
    const second = await dir.open();
    await learnt(dir, second);
    expect(lackedBy(second, keys)).toBe(0);
  });

  test('is good for a second after the file last said so', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    await learnt(dir, store);
    dir.clock.advance(1_001);
    expect(lackedBy(store, UNKNOWN)).toBe(0);
    store.set('key', entryOf('text'));
    await store.size();
    expect(lackedBy(store, UNKNOWN)).toBeGreaterThan(900);
  });

  test('is not known once another process has written, and is learnt again later', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    await learnt(dir, store);
    writeElsewhere(dir, 'foreign');
    store.set('key', entryOf('text'));
    await store.size();
    expect(lackedBy(store, [...UNKNOWN, 'foreign'])).toBe(0);
    dir.clock.advance(60_000);
    writeElsewhere(dir, 'foreign too');
    for (const text of ['one', 'other']) {
      store.set('other', entryOf(text));
      await store.size();
    }
    await store.get('key that nothing has');
    expect(lackedBy(store, UNKNOWN)).toBe(0);
    await learnt(dir, store);
    expect(lackedBy(store, ['foreign', 'foreign too', 'key', 'other'])).toBe(0);
  });

  test('is not known of a file that was set aside', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    await learnt(dir, store);
    dir.connect().exec('DROP TABLE entries');
    store.set('key', entryOf('text'));
    await store.size();
    expect(dir.asides().length).toBeGreaterThan(0);
    expect(lackedBy(store, UNKNOWN)).toBe(0);
    await learnt(dir, store);
    expect(store.surelyAbsent('key')).toBe(false);
  });

  test('is learnt only after nobody else has written for a while', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('key', entryOf('text'));
    await store.size();
    // A step of learning would have been done before this.
    await store.get('key that nothing has');
    expect(lackedBy(store, UNKNOWN)).toBe(0);
  });

  test('is not known of a file that is closed', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    await learnt(dir, store);
    await store.close();
    expect(lackedBy(store, UNKNOWN)).toBe(0);
  });
});

describe('a filter of keys', () => {
  test('finds every key that was added', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 50 }), (keys, room) => {
        const filter = KeyFilter.for(room);
        for (const key of keys) filter.add(key);
        const other = new KeyFilter(filter.memory);
        expect(keys.filter((key) => !other.mayHave(key))).toEqual([]);
      }),
    );
  });

  test('finds few others', () => {
    const filter = KeyFilter.for(10_000);
    for (let index = 0; index < 10_000; index++) filter.add(`${index.toString(16).padStart(64, '0')}.json`);
    const others = Array.from(
      { length: 10_000 },
      (_, index) => `${(index + 10_000).toString(16).padStart(64, '0')}.json`,
    );
    expect(others.filter((key) => filter.mayHave(key)).length).toBeLessThan(100);
  });
});
