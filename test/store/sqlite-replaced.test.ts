import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { identityOf } from '../../src/store/file-identity.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { until } from '../harness/until.ts';
import { askedOf } from './catalogue-contract.ts';
import { entryOf } from './entries.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const textAt = async (store: SqliteStore, key: string) => (await store.get(key))?.entry.body.toString();

async function holding(store: SqliteStore, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [key, text] of Object.entries(texts))
    store.set(key, entryOf(text, { answerId: `id of ${key}`, request: askedOf({ tags: [key] }) }));
  await store.size();
}

/** The contents of the file at the path, as a store that is opened there finds it. */
async function foundBy({ path }: TempDir, keys: readonly string[]): Promise<unknown[]> {
  const other = createTempDir();
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, other.path + suffix);
  const store = await other.open();
  return Promise.all(keys.map((key) => textAt(store, key)));
}

const lineOf = (dir: TempDir) =>
  expect.objectContaining({ level: 'warn', path: dir.path, msg: expect.stringContaining('taken away or replaced') });

describe('a file that is taken away while it is open', () => {
  test.each([
    ['alone', (dir: TempDir) => rmSync(dir.path)],
    ['with its log', (dir: TempDir) => ['', '-wal', '-shm'].forEach((suffix) => rmSync(dir.path + suffix))],
    ['with its directory', (dir: TempDir) => rmSync(join(dir.directory), { recursive: true })],
    ['to another name', (dir: TempDir) => renameSync(dir.path, `${dir.path}.elsewhere`)],
  ])('%s, is noticed unasked, and begun afresh', async (_, takeAway) => {
    const dir = createTempDir();
    const store = await dir.open();
    await holding(store, { old: 'old' });
    takeAway(dir);
    expect(await dir.line(1)).toEqual(lineOf(dir));
    expect(await textAt(store, 'old')).toBeUndefined();
    await holding(store, { new: 'new' });
    expect(await textAt(store, 'new')).toBe('new');
    expect(store.state).toBe('up');
    expect(await foundBy(dir, ['old', 'new'])).toEqual([undefined, 'new']);
    expect(dir.lines).toHaveLength(1);
  });

  test.each([[['-wal']], [['-shm']], [['-wal', '-shm']]])(
    'but for its %s, is opened anew, and what is thrown away then stays away',
    async (suffixes) => {
      const dir = createTempDir();
      const store = await dir.open();
      await holding(store, { old: 'old', other: 'other' });
      for (const suffix of suffixes) rmSync(dir.path + suffix);
      expect(await dir.line(1)).toEqual(lineOf(dir));
      await holding(store, { new: 'new' });
      expect(await foundBy(dir, ['new'])).toEqual(['new']);
      store.delete('old');
      expect(await store.written()).toBe(true);
      expect(await foundBy(dir, ['old', 'other', 'new'])).toEqual([undefined, 'other', 'new']);
      expect(dir.lines).toHaveLength(1);
    },
  );

  test('is not written to, however soon the next answer comes', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    await holding(store, { old: 'old' });
    rmSync(dir.path);
    await holding(store, { new: 'new' });
    expect(await foundBy(dir, ['old', 'new'])).toEqual([undefined, 'new']);
    expect(dir.lines).toEqual([lineOf(dir)]);
  });

  test('is one file again for two stores that had it', async () => {
    const dir = createTempDir();
    const [one, other] = [await dir.open(), await dir.open()];
    await holding(one, { old: 'old' });
    rmSync(dir.path);
    await dir.line(2);
    await holding(one, { a: 'a' });
    await holding(other, { b: 'b' });
    expect(await Promise.all([one, other].map((store) => textAt(store, 'a')))).toEqual(['a', 'a']);
    expect(await Promise.all([one, other].map((store) => textAt(store, 'b')))).toEqual(['b', 'b']);
    await other.close();
    await holding(one, { c: 'c' });
    await one.close();
    const next = await dir.open();
    expect(await Promise.all(['old', 'a', 'b', 'c'].map((key) => textAt(next, key)))).toEqual([
      undefined,
      'a',
      'b',
      'c',
    ]);
    expect(dir.lines).toEqual([lineOf(dir), lineOf(dir)]);
  });
});

describe('a file in whose place another is put', () => {
  test('is let go of for an older copy, in which what was thrown away since is thrown away too', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    await holding(store, { kept: 'kept', purged: 'purged', deleted: 'deleted', answered: 'answered' });
    const copy = join(dir.directory, 'copy.db');
    const database = dir.connect();
    database.exec(`VACUUM INTO '${copy}'`);
    database.close();
    await store.purge({ tag: 'purged' });
    store.delete('deleted');
    store.deleteAnswer('id of answered');
    await store.size();
    // Else its log would still say so, by which the copy is read.
    dir.connect().exec('PRAGMA wal_checkpoint(TRUNCATE)');
    renameSync(copy, dir.path);
    expect(await dir.line(1)).toEqual(expect.objectContaining({ level: 'warn' }));
    await until(() => dir.lines.some(({ msg }) => msg.includes('taken away or replaced')));
    expect(await Promise.all(['kept', 'purged', 'deleted', 'answered'].map((key) => textAt(store, key)))).toEqual([
      'kept',
      undefined,
      undefined,
      undefined,
    ]);
    expect(await foundBy(dir, ['purged', 'deleted', 'answered'])).toEqual([undefined, undefined, undefined]);
  });

  test("is not let go of for somebody else's: that is left alone", async () => {
    const dir = createTempDir();
    const store = await dir.open();
    await holding(store, { key: 'text' });
    const foreign = new DatabaseSync(join(dir.directory, 'recipes.db'));
    foreign.exec('CREATE TABLE recipes (dish TEXT)');
    foreign.close();
    const bytes = readFileSync(join(dir.directory, 'recipes.db'));
    writeFileSync(join(dir.directory, 'recipes.db'), bytes, { mode: 0o600 });
    rmSync(`${dir.path}-wal`);
    rmSync(`${dir.path}-shm`);
    renameSync(join(dir.directory, 'recipes.db'), dir.path);
    await until(() => store.state === 'down');
    expect(await store.get('key')).toBeUndefined();
    dir.clock.advance(5_000);
    store.set('key', entryOf('text'));
    await store.size();
    expect(readFileSync(dir.path).equals(bytes)).toBe(true);
    expect(dir.asides()).toEqual([]);
    expect(dir.lines.filter(({ code }) => code === 'NOT_OURS')).toHaveLength(1);
  });
});

test('a file that is read as one that nobody writes is another once somebody has', () => {
  const { path } = createTempDir();
  writeFileSync(path, 'one');
  const [frozen, open] = [identityOf(path, true), identityOf(path)];
  writeFileSync(path, 'another');
  expect([frozen.isAt(path), open.isAt(path)]).toEqual([false, true]);
  const again = identityOf(path, true);
  writeFileSync(`${path}-wal`, 'a log');
  expect([again.isAt(path), open.isAt(path)]).toEqual([false, false]);
});
