import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf } from './entries.ts';
import { ENTRIES, expectNothingWrong, filled, leftOpen } from './filled.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

async function expectServing(store: SqliteStore): Promise<void> {
  store.set('fresh', entryOf('fresh'));
  await store.size();
  expect(store.state).toBe('up');
  expect((await store.get('fresh'))?.entry.body.toString()).toBe('fresh');
}

describe('a file that cannot be used', () => {
  const kept = (dir: TempDir) => readFileSync(join(dir.directory, dir.asides()[0] ?? 'nothing was set aside'));

  test.each([
    [
      'a file whose first bytes are gone',
      'SQLITE_NOTADB',
      (dir: TempDir) => writeFileSync(dir.path, readFileSync(filled(dir)).fill(0, 0, 16)),
    ],
    ['a file cut off within its first page', 'SQLITE_CORRUPT', (dir: TempDir) => truncateSync(filled(dir), 3_000)],
    ['a file cut off later', 'SQLITE_CORRUPT', (dir: TempDir) => truncateSync(filled(dir), 32_768)],
    [
      'a file of a later version',
      'OTHER_SCHEMA',
      (dir: TempDir) => withDatabase(filled(dir), 'PRAGMA user_version = 999'),
    ],
  ])('is set aside when it is %s, and a fresh one serves at once', async (_, code, spoil) => {
    const dir = createTempDir();
    spoil(dir);
    const spoilt = readFileSync(dir.path);
    const store = await dir.open();
    await expectNothingWrong(store);
    await expectServing(store);
    expect(dir.lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        code,
        path: dir.path,
        movedTo: join(dir.directory, dir.asides()[0] ?? ''),
      }),
    ]);
    expect(dir.asides()[0]).toMatch(/^store\.db\.corrupt-2026-01-01T00-00-00-000Z$/);
    expect(kept(dir).equals(spoilt)).toBe(true);
  });

  test('is simply filled when it is empty', async () => {
    const dir = createTempDir();
    writeFileSync(dir.path, '', { mode: 0o600 });
    await expectServing(await dir.open());
    expect(dir.lines).toEqual([]);
    expect(dir.asides()).toEqual([]);
  });

  test.each([
    [
      'another file',
      (dir: TempDir) => renameSync(`${leftOpen({ path: join(dir.directory, 'other.db') })}-wal`, `${filled(dir)}-wal`),
    ],
    ['a file that is gone', (dir: TempDir) => rmSync(leftOpen(dir))],
    ['an empty file', (dir: TempDir) => truncateSync(leftOpen(dir))],
  ])('serves nothing wrong for a log of %s', async (_, spoil) => {
    const dir = createTempDir();
    spoil(dir);
    const store = await dir.open();
    await expectNothingWrong(store);
    await expectServing(store);
  });

  test('serves nothing wrong and reads its log when that was left behind', async () => {
    const dir = createTempDir();
    leftOpen(dir);
    const store = await dir.open();
    await expectServing(store);
    await expectNothingWrong(store);
    expect((await store.size()).entries).toBe(ENTRIES + 1);
    expect(dir.lines).toEqual([]);
  });

  test('takes its log along when it is set aside', async () => {
    const dir = createTempDir();
    writeFileSync(dir.path, readFileSync(filled(dir)).fill(0, 0, 16));
    writeFileSync(`${dir.path}-wal`, 'a log of something', { mode: 0o600 });
    await expectServing(await dir.open());
    const log = dir.asides().find((name) => name.endsWith('000Z-wal'));
    expect(readFileSync(join(dir.directory, String(log)), 'utf8')).toBe('a log of something');
  });

  test('does not lose a file that was set aside before', () => {
    const dir = createTempDir();
    for (const length of [3_001, 3_002, 3_003]) {
      truncateSync(filled(dir), length);
      const file = new SqliteFile({ path: dir.path, maxBytes: 1e9 });
      file.open(dir.clock.now());
      file.close();
    }
    const files = dir.asides().filter((name) => !/-(wal|shm)$/.test(name));
    expect(files.map((name) => readFileSync(join(dir.directory, name)).length).sort()).toEqual([3_001, 3_002, 3_003]);
  });
});

describe('a file that is damaged while it is open', () => {
  test('is set aside, and the batch that found it so is kept', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('old', entryOf('old'));
    await store.size();
    dir.connect().exec('DROP TABLE entries');
    store.set('new', entryOf('new'));
    expect((await store.size()).entries).toBe(1);
    expect((await store.get('new'))?.entry.body.toString()).toBe('new');
    expect(await store.get('old')).toBeUndefined();
    expect(dir.lines).toEqual([expect.objectContaining({ level: 'warn', code: 'SQLITE_ERROR' })]);
    expect(dir.asides().length).toBeGreaterThan(0);
  });

  test('is set aside when a lookup meets garbage', async () => {
    const dir = createTempDir();
    const path = filled(dir);
    const { length } = readFileSync(path);
    const store = await dir.open();
    // From another process: closing a file here would drop the locks that the store has on it.
    const damage = `Buffer.alloc(${length - 8_192}, 255)`;
    const script = `fs.writeSync(fs.openSync(process.argv[1], 'r+'), ${damage}, 0, null, 8192)`;
    execFileSync(process.execPath, ['-e', script, path]);
    await expectNothingWrong(store);
    await expectServing(store);
    expect(dir.lines).toEqual([expect.objectContaining({ level: 'warn', code: 'SQLITE_CORRUPT' })]);
  });

  test('is set aside once a minute at most; a disk that goes on failing is left alone', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    const spoil = async () => {
      dir.connect().exec('DROP TABLE entries');
      store.set('key', entryOf('text'));
      await store.size();
    };
    await spoil();
    expect(store.state).toBe('up');
    await spoil();
    expect(store.state).toBe('down');
    expect(dir.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
    expect(dir.asides().filter((name) => name.endsWith('Z'))).toHaveLength(1);
    dir.clock.advance(60_000);
    await store.size();
    expect(dir.lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'info']);
    await spoil();
    expect(store.state).toBe('up');
    expect(dir.asides().filter((name) => name.endsWith('Z'))).toHaveLength(2);
  });

  test('is not back before it took the batch that it refused', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    const refuse = async () => {
      dir.connect().exec(`CREATE TRIGGER refuse BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no'); END`);
      store.set('key', entryOf('text'));
      await store.size();
    };
    await refuse();
    expect(store.state).toBe('up');
    await refuse();
    dir.clock.advance(5_000);
    await store.size();
    expect(store.state).toBe('down');
    expect(dir.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
    dir.connect().exec('DROP TRIGGER refuse');
    dir.clock.advance(5_000);
    expect((await store.size()).entries).toBe(1);
    expect(dir.lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'info']);
  });
});

function withDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
