import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { until } from '../harness/until.ts';
import { askedOf } from './catalogue-contract.ts';
import { entryOf } from './entries.ts';
import { createPlace, type Place } from './temp-dir.ts';

const textAt = async (store: SqliteStore, key: string) => (await store.get(key))?.entry.body.toString();

async function holding(store: SqliteStore, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [key, text] of Object.entries(texts))
    store.set(key, entryOf(text, { answerId: `id of ${key}`, request: askedOf({ tags: [key] }) }));
  await store.size();
}

/** What the file at the path has, as a store that is opened there finds it. */
async function foundBy({ path }: Place, keys: readonly string[]): Promise<unknown[]> {
  const other = createPlace();
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, other.path + suffix);
  const store = await other.open();
  return Promise.all(keys.map((key) => textAt(store, key)));
}

const lineOf = (place: Place) =>
  expect.objectContaining({ level: 'warn', path: place.path, msg: expect.stringContaining('taken away or replaced') });

describe('a file that is taken away while it is open', () => {
  test.each([
    ['alone', (place: Place) => rmSync(place.path)],
    ['with its log', (place: Place) => ['', '-wal', '-shm'].forEach((suffix) => rmSync(place.path + suffix))],
    ['with its directory', (place: Place) => rmSync(join(place.directory), { recursive: true })],
    ['to another name', (place: Place) => renameSync(place.path, `${place.path}.elsewhere`)],
  ])('%s, is noticed unasked, and begun afresh', async (_, takeAway) => {
    const place = createPlace();
    const store = await place.open();
    await holding(store, { old: 'old' });
    takeAway(place);
    expect(await place.line(1)).toEqual(lineOf(place));
    expect(await textAt(store, 'old')).toBeUndefined();
    await holding(store, { new: 'new' });
    expect(await textAt(store, 'new')).toBe('new');
    expect(store.state).toBe('up');
    expect(await foundBy(place, ['old', 'new'])).toEqual([undefined, 'new']);
    expect(place.lines).toHaveLength(1);
  });

  test('is not written to, however soon the next answer comes', async () => {
    const place = createPlace();
    const store = await place.open();
    await holding(store, { old: 'old' });
    rmSync(place.path);
    await holding(store, { new: 'new' });
    expect(await foundBy(place, ['old', 'new'])).toEqual([undefined, 'new']);
    expect(place.lines).toEqual([lineOf(place)]);
  });

  test('is one file again for two stores that had it', async () => {
    const place = createPlace();
    const [one, other] = [await place.open(), await place.open()];
    await holding(one, { old: 'old' });
    rmSync(place.path);
    await place.line(2);
    await holding(one, { a: 'a' });
    await holding(other, { b: 'b' });
    expect(await Promise.all([one, other].map((store) => textAt(store, 'a')))).toEqual(['a', 'a']);
    expect(await Promise.all([one, other].map((store) => textAt(store, 'b')))).toEqual(['b', 'b']);
    await other.close();
    await holding(one, { c: 'c' });
    await one.close();
    const next = await place.open();
    expect(await Promise.all(['old', 'a', 'b', 'c'].map((key) => textAt(next, key)))).toEqual([
      undefined,
      'a',
      'b',
      'c',
    ]);
    expect(place.lines).toEqual([lineOf(place), lineOf(place)]);
  });
});

describe('a file in whose place another is put', () => {
  test('is let go of for an older copy, in which what was thrown away since is thrown away too', async () => {
    const place = createPlace();
    const store = await place.open();
    await holding(store, { kept: 'kept', purged: 'purged', deleted: 'deleted', answered: 'answered' });
    const copy = join(place.directory, 'copy.db');
    const database = place.connect();
    database.exec(`VACUUM INTO '${copy}'`);
    database.close();
    await store.purge({ tag: 'purged' });
    store.delete('deleted');
    store.deleteAnswer('id of answered');
    await store.size();
    renameSync(copy, place.path);
    expect(await place.line(1)).toEqual(expect.objectContaining({ level: 'warn' }));
    await until(() => place.lines.some(({ msg }) => msg.includes('taken away or replaced')));
    expect(await Promise.all(['kept', 'purged', 'deleted', 'answered'].map((key) => textAt(store, key)))).toEqual([
      'kept',
      undefined,
      undefined,
      undefined,
    ]);
    expect(await foundBy(place, ['purged', 'deleted', 'answered'])).toEqual([undefined, undefined, undefined]);
  });

  test("is not let go of for somebody else's: that is left alone", async () => {
    const place = createPlace();
    const store = await place.open();
    await holding(store, { key: 'text' });
    const foreign = new DatabaseSync(join(place.directory, 'recipes.db'));
    foreign.exec('CREATE TABLE recipes (dish TEXT)');
    foreign.close();
    const bytes = readFileSync(join(place.directory, 'recipes.db'));
    writeFileSync(join(place.directory, 'recipes.db'), bytes, { mode: 0o600 });
    rmSync(`${place.path}-wal`);
    rmSync(`${place.path}-shm`);
    renameSync(join(place.directory, 'recipes.db'), place.path);
    await until(() => store.state === 'down');
    expect(await store.get('key')).toBeUndefined();
    place.clock.advance(5_000);
    store.set('key', entryOf('text'));
    await store.size();
    expect(readFileSync(place.path).equals(bytes)).toBe(true);
    expect(place.asides()).toEqual([]);
    expect(place.lines.filter(({ code }) => code === 'NOT_OURS')).toHaveLength(1);
  });
});
