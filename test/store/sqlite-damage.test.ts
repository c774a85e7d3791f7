import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf } from './entries.ts';
import { ENTRIES, expectNothingWrong, filled, leftOpen } from './filled.ts';
import { createPlace, type Place } from './place.ts';

async function expectServing(store: SqliteStore): Promise<void> {
  store.set('fresh', entryOf('fresh'));
  await store.size();
  expect(store.state).toBe('up');
  expect((await store.get('fresh'))?.entry.body.toString()).toBe('fresh');
}

describe('a file that cannot be used', () => {
  const kept = (place: Place) => readFileSync(join(place.directory, place.asides()[0] ?? 'nothing was set aside'));

  test.each([
    [
      'a file whose first bytes are gone',
      'SQLITE_NOTADB',
      (place: Place) => writeFileSync(place.path, readFileSync(filled(place)).fill(0, 0, 16)),
    ],
    ['a file cut off within its first page', 'SQLITE_CORRUPT', (place: Place) => truncateSync(filled(place), 3_000)],
    ['a file cut off later', 'SQLITE_CORRUPT', (place: Place) => truncateSync(filled(place), 32_768)],
    [
      'a file of a later version',
      'OTHER_SCHEMA',
      (place: Place) => withDatabase(filled(place), 'PRAGMA user_version = 999'),
    ],
  ])('is set aside when it is %s, and a fresh one serves at once', async (_, code, spoil) => {
    const place = createPlace();
    spoil(place);
    const spoilt = readFileSync(place.path);
    const store = await place.open();
    await expectNothingWrong(store);
    await expectServing(store);
    expect(place.lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        code,
        path: place.path,
        movedTo: join(place.directory, place.asides()[0] ?? ''),
      }),
    ]);
    expect(place.asides()[0]).toMatch(/^store\.db\.corrupt-2026-01-01T00-00-00-000Z$/);
    expect(kept(place).equals(spoilt)).toBe(true);
  });

  test('is simply filled when it is empty', async () => {
    const place = createPlace();
    writeFileSync(place.path, '', { mode: 0o600 });
    await expectServing(await place.open());
    expect(place.lines).toEqual([]);
    expect(place.asides()).toEqual([]);
  });

  test.each([
    [
      'another file',
      (place: Place) =>
        renameSync(`${leftOpen({ path: join(place.directory, 'other.db') })}-wal`, `${filled(place)}-wal`),
    ],
    ['a file that is gone', (place: Place) => rmSync(leftOpen(place))],
    ['an empty file', (place: Place) => truncateSync(leftOpen(place))],
  ])('serves nothing wrong for a log of %s', async (_, spoil) => {
    const place = createPlace();
    spoil(place);
    const store = await place.open();
    await expectNothingWrong(store);
    await expectServing(store);
  });

  test('serves nothing wrong and reads its log when that was left behind', async () => {
    const place = createPlace();
    leftOpen(place);
    const store = await place.open();
    await expectServing(store);
    await expectNothingWrong(store);
    expect((await store.size()).entries).toBe(ENTRIES + 1);
    expect(place.lines).toEqual([]);
  });

  test('takes its log along when it is set aside', async () => {
    const place = createPlace();
    writeFileSync(place.path, readFileSync(filled(place)).fill(0, 0, 16));
    writeFileSync(`${place.path}-wal`, 'a log of something', { mode: 0o600 });
    await expectServing(await place.open());
    const log = place.asides().find((name) => name.endsWith('000Z-wal'));
    expect(readFileSync(join(place.directory, String(log)), 'utf8')).toBe('a log of something');
  });

  test('does not lose a file that was set aside before', () => {
    const place = createPlace();
    for (const length of [3_001, 3_002, 3_003]) {
      truncateSync(filled(place), length);
      const file = new SqliteFile({ path: place.path, maxBytes: 1e9 });
      file.open(place.clock.now());
      file.close();
    }
    const files = place.asides().filter((name) => !/-(wal|shm)$/.test(name));
    expect(files.map((name) => readFileSync(join(place.directory, name)).length).sort()).toEqual([3_001, 3_002, 3_003]);
  });
});

describe('a file that is damaged while it is open', () => {
  test('is set aside, and the batch that found it so is kept', async () => {
    const place = createPlace();
    const store = await place.open();
    store.set('old', entryOf('old'));
    await store.size();
    place.connect().exec('DROP TABLE entries');
    store.set('new', entryOf('new'));
    expect((await store.size()).entries).toBe(1);
    expect((await store.get('new'))?.entry.body.toString()).toBe('new');
    expect(await store.get('old')).toBeUndefined();
    expect(place.lines).toEqual([expect.objectContaining({ level: 'warn', code: 'SQLITE_ERROR' })]);
    expect(place.asides().length).toBeGreaterThan(0);
  });

  test('is set aside when a lookup meets garbage', async () => {
    const place = createPlace();
    const path = filled(place);
    const { length } = readFileSync(path);
    const store = await place.open();
    // From another process: closing a file here would drop the locks that the store has on it.
    const script = `const fs = require('fs'); fs.writeSync(fs.openSync(process.argv[1], 'r+'), Buffer.alloc(${length - 8_192}, 255), 0, null, 8192)`;
    execFileSync(process.execPath, ['-e', script, path]);
    await expectNothingWrong(store);
    await expectServing(store);
    expect(place.lines).toEqual([expect.objectContaining({ level: 'warn', code: 'SQLITE_CORRUPT' })]);
  });

  test('is set aside once a minute at most; a disk that goes on failing is left alone', async () => {
    const place = createPlace();
    const store = await place.open();
    const spoil = async () => {
      place.connect().exec('DROP TABLE entries');
      store.set('key', entryOf('text'));
      await store.size();
    };
    await spoil();
    expect(store.state).toBe('up');
    await spoil();
    expect(store.state).toBe('down');
    expect(place.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
    expect(place.asides().filter((name) => name.endsWith('Z'))).toHaveLength(1);
    place.clock.advance(60_000);
    await store.size();
    expect(place.lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'info']);
    await spoil();
    expect(store.state).toBe('up');
    expect(place.asides().filter((name) => name.endsWith('Z'))).toHaveLength(2);
  });

  test('is not back before it took the batch that it refused', async () => {
    const place = createPlace();
    const store = await place.open();
    const refuse = async () => {
      place.connect().exec(`CREATE TRIGGER refuse BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no'); END`);
      store.set('key', entryOf('text'));
      await store.size();
    };
    await refuse();
    expect(store.state).toBe('up');
    await refuse();
    place.clock.advance(5_000);
    await store.size();
    expect(store.state).toBe('down');
    expect(place.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
    place.connect().exec('DROP TRIGGER refuse');
    place.clock.advance(5_000);
    expect((await store.size()).entries).toBe(1);
    expect(place.lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'info']);
  });
});

function withDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
