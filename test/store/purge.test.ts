import { describe, expect, test } from 'vitest';
import type { Change } from '../../src/store/write-buffer.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { createTestClock } from '../harness/clock.ts';
import { askedOf } from './catalogue-contract.ts';
import { entryOf } from './entries.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const tagged = (text: string, ...tags: string[]) => entryOf(text, { request: askedOf({ tags }) });
const put = (text: string, ...tags: string[]) => ({ entry: tagged(text, ...tags), uses: 0 });
const batchOf = (keys: Record<string, ReturnType<typeof put>> = {}) => ({
  purges: [],
  answers: new Set<string>(),
  keys: new Map(Object.entries(keys)),
});
const purgeOf = (tag?: string) => ({ ...batchOf(), purges: [{ token: 't', purge: tag === undefined ? {} : { tag } }] });

function openFile({ path }: TempDir): SqliteFile {
  const file = new SqliteFile({ path, maxBytes: 1e9 });
  file.open(0);
  return file;
}

function sweepAll(file: SqliteFile): number {
  for (;;) {
    const { isDone, totals } = file.ask(0, (entries) => entries.sweep('t'));
    if (isDone) return totals.entries;
  }
}

describe('a purge of the file', () => {
  test('has happened once it is committed, before a row is gone', () => {
    const file = openFile(createTempDir());
    file.commit(batchOf({ 'aa.json': put('a', 'x'), 'bb.json': put('b') }), 0);
    expect(file.commit(purgeOf('x'), 0)).toMatchObject({ entries: 2, isPurging: true });
    expect(file.get('aa.json', 0)).toBeUndefined();
    expect(file.get('bb.json', 0)).toBeDefined();
    const told = file.ask(0, ({ catalogue }) => [
      catalogue.list({ filter: {}, sort: 'newest', limit: 9, after: null }).rows.map(({ key }) => key),
      catalogue.listByPrefix('', 9).map(({ key }) => key),
      catalogue.findByPrefix('aa'),
      catalogue.newest({ endpoint: 'chat', model: 'm', scope: 'shared:team' }, 9).map(({ key }) => key),
    ]);
    expect(told).toEqual([['bb.json'], ['bb.json'], undefined, ['bb.json']]);
    expect(sweepAll(file)).toBe(1);
    expect(file.open(0)).toMatchObject({ entries: 1, isPurging: false });
    file.close();
  });

  test('goes on after a crash, and spares what was put since', () => {
    const dir = createTempDir();
    const file = openFile(dir);
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`old ${index}`, put('old', 'x')]));
    file.commit(batchOf(many), 0);
    file.commit(purgeOf('x'), 0);
    file.commit(batchOf({ 'old 0': put('new', 'x'), 'new': put('new', 'x') }), 0);
    file.ask(0, (entries) => entries.sweep());
    const again = openFile(dir);
    expect(again.get('old 899', 0)).toBeUndefined();
    expect(again.get('old 0', 0)?.body.toString()).toBe('new');
    sweepAll(again);
    expect(again.open(0)).toMatchObject({ entries: 2, isPurging: false });
    for (const each of [file, again]) each.close();
  });

  test('is of what is there, even where the last of it made room for what came', () => {
    const file = openFile(createTempDir());
    file.commit(batchOf({ a: put('a'), b: put('b') }), 0);
    file.commit(purgeOf(), 0);
    file.commit(
      {
        ...batchOf({ c: put('c') }),
        keys: new Map<string, Change>([
          ['b', 'deleted'],
          ['c', put('c')],
        ]),
      },
      0,
    );
    sweepAll(file);
    expect(file.get('c', 0)).toBeDefined();
    expect(file.open(0).entries).toBe(1);
    file.close();
  });

  test('lets lookups go between its slices', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    for (let index = 0; index < 3_000; index += 1) store.set(`old ${index}`, tagged('old', 'x'));
    store.set('kept', tagged('kept'));
    await store.size();
    let isOver = false;
    const purging = store.purge({ tag: 'x' }).finally(() => (isOver = true));
    let answered = 0;
    while (!isOver) {
      expect(await store.get('kept')).toBeDefined();
      expect(await store.get('old 2999')).toBeUndefined();
      if (!isOver) answered += 1;
    }
    expect(await purging).toMatchObject({ entries: 3_000 });
    expect(answered).toBeGreaterThan(3);
  });
});

describe('a file that is down', () => {
  test('purges when it is back, and only what was there', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    for (const key of ['a', 'b']) store.set(key, tagged(key, 'x'));
    store.set('kept', tagged('kept'));
    await store.size();
    const other = dir.connect();
    other.exec('BEGIN EXCLUSIVE');
    store.set('waiting', tagged('waiting', 'x'));
    await store.size();
    expect(store.state).toBe('down');
    expect(await store.purge({ tag: 'x' })).toBeUndefined();
    expect(await store.get('waiting')).toBeUndefined();
    store.set('b', tagged('new', 'x'));
    other.exec('ROLLBACK');
    dir.clock.advance(5_000);
    expect(await store.size()).toMatchObject({ entries: 2 });
    expect(await store.get('a')).toBeUndefined();
    expect((await store.get('b'))?.entry.body.toString()).toBe('new');
    expect(await store.get('kept')).toBeDefined();
    expect(await store.get('waiting')).toBeUndefined();
  });

  test('is emptied after more purges than can be remembered', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('kept, it seemed', tagged('text'));
    await store.size();
    const other = dir.connect();
    other.exec('BEGIN EXCLUSIVE');
    store.set('waiting', tagged('waiting'));
    await store.size();
    for (let index = 0; index <= 100; index += 1) void store.purge({ tag: `tag ${index}` });
    store.set('newer', tagged('newer'));
    other.exec('ROLLBACK');
    dir.clock.advance(5_000);
    await store.size();
    expect(await store.get('kept, it seemed')).toBeUndefined();
    expect(await store.get('newer')).toBeDefined();
  });
});

describe('a purge while a lookup is under way', () => {
  test('has it find nothing, and promote nothing', async () => {
    const memory = createMemoryStore({ maxBytes: 1e6 });
    const dir = createTempDir();
    const file = await dir.open();
    const tiers = createTiers({ stores: [memory, file], catalogue: file, clock: createTestClock() });
    file.set('key', tagged('old', 'x'));
    await file.size();
    const asked = tiers.get('key');
    const purging = tiers.purge({ tag: 'x' });
    expect(await asked).toBeUndefined();
    expect(memory.has('key')).toBe(false);
    expect(await purging).toMatchObject({ entries: 1 });
    expect(await tiers.get('key')).toBeUndefined();
  });
});

describe('hits from memory', () => {
  test('reach the file once a second, and keep the entry there', async () => {
    const dir = createTempDir();
    const one = tagged('a'.padEnd(500));
    const scratch = openFile({ ...dir, path: `${dir.path}.scratch` });
    const { bytes } = scratch.commit(batchOf({ a: { entry: one, uses: 0 } }), 0);
    scratch.close();
    const file = await dir.open({ maxBytes: 3 * bytes });
    const tiers = createTiers({
      stores: [createMemoryStore({ maxBytes: 1e6 }), file],
      catalogue: file,
      clock: dir.clock,
    });
    for (const key of ['a', 'b', 'c']) tiers.set(key, one);
    await file.size();
    const timers = dir.clock.waiting;
    for (let hit = 0; hit < 5; hit += 1) tiers.use('a');
    expect(dir.clock.waiting).toBe(timers + 1);
    expect((await file.listByPrefix('a', 1))?.[0]?.hits).toBe(0);
    dir.clock.advance(1_000);
    expect((await file.listByPrefix('a', 1))?.[0]?.hits).toBe(5);
    tiers.set('d', one);
    await file.size();
    const held = (await file.list({ filter: {}, sort: 'newest', limit: 9, after: null }))?.rows.map(({ key }) => key);
    expect(held).toEqual(['d', 'c', 'a']);
  });

  test('are written when the store is closed', async () => {
    const dir = createTempDir();
    const file = await dir.open();
    const tiers = createTiers({
      stores: [createMemoryStore({ maxBytes: 1e6 }), file],
      catalogue: file,
      clock: dir.clock,
    });
    tiers.set('a', tagged('a'));
    tiers.use('a');
    await tiers.close();
    expect((await (await dir.open()).listByPrefix('a', 1))?.[0]?.hits).toBe(1);
  });
});

describe('a purge of memory', () => {
  test('has happened at once, however long the entries take to go', async () => {
    const memory = createMemoryStore({ maxBytes: 1e8 });
    for (let index = 0; index < 5_000; index += 1) memory.set(`${index}`, tagged('old', index % 2 ? 'odd' : 'even'));
    const purging = memory.purge({ tag: 'odd' });
    expect(memory.getSync('4999')).toBeUndefined();
    expect(memory.has('4999')).toBe(false);
    expect(await memory.get('4999')).toBeUndefined();
    expect(await memory.read('4999')).toBeUndefined();
    expect(await memory.listByPrefix('4999', 1)).toEqual([]);
    expect(await memory.count({ tag: 'odd' })).toEqual({ entries: 0, bytes: 0 });
    expect((await memory.list({ filter: {}, sort: 'newest', limit: 1, after: null }))?.rows[0]?.key).toBe('4998');
    expect((await memory.size()).entries).toBeGreaterThan(2_500);
    memory.set('4999', tagged('new', 'odd'));
    expect(memory.getSync('4999')?.entry.body.toString()).toBe('new');
    expect((await purging)?.entries).toBe(2_500);
    expect((await memory.size()).entries).toBe(2_501);
    expect(memory.getSync('4999')?.entry.body.toString()).toBe('new');
  });
});
