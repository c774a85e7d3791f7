import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf } from './entries.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

/** Every such entry under a key of one letter takes as much of the bound as any other. */
const alike = (text: string) => entryOf(text.padEnd(500, '.'));

function bytesOfOne(dir: TempDir): number {
  const file = new SqliteFile({ path: join(dir.directory, 'scratch.db'), maxBytes: 1e9 });
  file.open(0);
  const { bytes } = file.commit(
    { purges: [], answers: new Set(), keys: new Map([['a', { entry: alike('a'), uses: 0 }]]) },
    0,
  );
  file.close();
  return bytes;
}

async function heldOf(store: SqliteStore, keys: string): Promise<string> {
  const found = await Promise.all(Array.from(keys, async (key) => ((await store.get(key)) === undefined ? '' : key)));
  return found.join('');
}

describe('under its bound', () => {
  test('tags weigh what they take of the file, in the label and in their table', async () => {
    const dir = createTempDir();
    const sizes = [];
    for (const count of [0, 16]) {
      const path = join(dir.directory, `${count}.db`);
      const file = new SqliteFile({ path, maxBytes: 1e9 });
      file.open(0);
      const tagged = (key: string) => {
        const tags = Array.from({ length: count }, (_, at) => `${key}.${at}`.padStart(64, 't'));
        return entryOf(key, { request: { endpoint: 'chat', model: 'm', scope: 's', tags, parts: null } });
      };
      const entries = Array.from(
        { length: 2_000 },
        (_, index) => [`${index}`, { entry: tagged(`${index}`), uses: 0 }] as const,
      );
      const { bytes } = file.commit({ purges: [], answers: new Set(), keys: new Map(entries) }, 0);
      file.close();
      sizes.push({ counted: bytes / entries.length, taken: statSync(path).size / entries.length });
    }
    for (const { counted, taken } of sizes) expect(taken).toBeLessThan(counted);
    expect((sizes[1]?.counted ?? 0) - (sizes[0]?.counted ?? 0)).toBeGreaterThan(16 * 64 * 2);
  });

  test('what was used least recently goes first', async () => {
    const dir = createTempDir();
    const store = await dir.open({ maxBytes: 3 * bytesOfOne(dir) });
    for (const key of ['a', 'b', 'c']) store.set(key, alike(key));
    await store.size();
    store.use('a', 1);
    store.set('d', alike('d'));
    await store.size();
    expect(await heldOf(store, 'abcd')).toBe('acd');
  });

  test('the order of use outlives the process', async () => {
    const dir = createTempDir();
    const maxBytes = 3 * bytesOfOne(dir);
    const first = await dir.open({ maxBytes });
    for (const key of ['a', 'b', 'c']) first.set(key, alike(key));
    await first.size();
    first.use('a', 1);
    await first.close();
    const second = await dir.open({ maxBytes });
    second.set('d', alike('d'));
    await second.size();
    expect(await heldOf(second, 'abcd')).toBe('acd');
  });

  test('what has expired goes before what was used least recently', async () => {
    const dir = createTempDir();
    const store = await dir.open({ maxBytes: 3.5 * bytesOfOne(dir) });
    const soon = dir.clock.now() + 1_000;
    store.set('a', alike('a'));
    store.set('b', { ...alike('b'), expiresAt: soon + 1 });
    store.set('c', { ...alike('c'), expiresAt: soon });
    await store.size();
    dir.clock.advance(1_000);
    store.set('d', alike('d'));
    await store.size();
    expect(await heldOf(store, 'abcd')).toBe('abd');
  });

  test.each([
    [3, 'acd'],
    [2, 'acd'],
    [1, 'abd'],
    [Infinity, 'acd'],
  ])('what expired 2 s ago and is retained for %d s makes room first only after that', async (retention, held) => {
    const dir = createTempDir();
    const store = await dir.open({ maxBytes: 3.5 * bytesOfOne(dir), retention });
    store.set('b', alike('b'));
    store.set('c', { ...alike('c'), expiresAt: dir.clock.now() + 1_000 });
    store.set('a', alike('a'));
    await store.size();
    dir.clock.advance(retention === 2 ? 2_999 : 3_000);
    store.set('d', alike('d'));
    await store.size();
    expect(await heldOf(store, 'abcd')).toBe(held);
  });

  test('a bound that was lowered holds from the first commit', async () => {
    const dir = createTempDir();
    const one = bytesOfOne(dir);
    const first = await dir.open();
    for (const key of 'abcdef') first.set(key, alike(key));
    await first.close();
    const second = await dir.open({ maxBytes: 2 * one });
    second.set('g', alike('g'));
    expect(await second.size()).toEqual({ entries: 2, bytes: 2 * one });
    expect(await heldOf(second, 'abcdefg')).toBe('fg');
  });
});
