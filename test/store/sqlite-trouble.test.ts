import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compact } from '../../src/response/entry.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf } from './entries.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const textAt = async (store: SqliteStore, key: string) => (await store.get(key))?.entry.body.toString();
const levels = (dir: TempDir) => dir.lines.map(({ level }) => level);

/** The obstacles to a file, and how each is taken away. */
const obstacles: readonly [
  name: string,
  code: string,
  advice: string,
  (dir: TempDir) => { path: string; remove: () => void },
][] = [
  [
    'a path below a regular file',
    'EEXIST',
    'make the path one where a file can be created',
    ({ directory }) => {
      writeFileSync(join(directory, 'file'), '');
      return { path: join(directory, 'file', 'store.db'), remove: () => rmSync(join(directory, 'file')) };
    },
  ],
  [
    'a directory in place of the file',
    'NOT_OURS',
    'move away what is there',
    ({ path }) => {
      mkdirSync(path);
      return { path, remove: () => rmdirSync(path) };
    },
  ],
];

describe.each(obstacles)('with %s', (_, code, advice, put) => {
  test('the store starts, says so once, and every get is a miss', async () => {
    const dir = createTempDir();
    const { path } = put(dir);
    const store = await dir.open({ path });
    expect(store.state).toBe('down');
    for (const key of ['a', 'b']) expect(await store.get(key)).toBeUndefined();
    dir.clock.advance(60_000);
    expect(await store.size()).toEqual({ entries: 0, bytes: 0 });
    expect(dir.lines).toEqual([
      expect.objectContaining({ level: 'warn', path, code, msg: expect.stringContaining(advice) }),
    ]);
  });

  test('the store is back, with what was set meanwhile, once that is out of the way', async () => {
    const dir = createTempDir();
    const { path, remove } = put(dir);
    const store = await dir.open({ path });
    store.set('key', entryOf('set while down'));
    expect(await textAt(store, 'key')).toBe('set while down');
    remove();
    dir.clock.advance(4_999);
    await store.size();
    expect(store.state).toBe('down');
    dir.clock.advance(1);
    const back = dir.line(2);
    expect(await store.get('not there')).toBeUndefined();
    expect(await back).toMatchObject({ level: 'info', path });
    expect(store.state).toBe('up');
    expect(await store.size()).toMatchObject({ entries: 1 });
    expect(await textAt(store, 'key')).toBe('set while down');
    expect(levels(dir)).toEqual(['warn', 'info']);
  });
});

describe('a file that another process has locked', () => {
  const lock = (dir: TempDir) => {
    const other = dir.connect();
    other.exec('BEGIN EXCLUSIVE');
    return { unlock: () => other.exec('ROLLBACK') };
  };

  test('at the start is a miss until it is let go', async () => {
    const dir = createTempDir();
    await (await dir.open()).close();
    const { unlock } = lock(dir);
    const store = await dir.open();
    expect(store.state).toBe('down');
    expect(dir.lines).toEqual([expect.objectContaining({ level: 'warn', path: dir.path, code: 'SQLITE_BUSY' })]);
    unlock();
    dir.clock.advance(5_000);
    await store.size();
    expect(levels(dir)).toEqual(['warn', 'info']);
  });

  test('brings back to life nothing that was deleted or replaced while it was locked', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    for (const key of ['kept', 'replaced', 'deleted', 'answered'])
      store.set(key, entryOf(`old ${key}`, { answerId: `id of ${key}` }));
    await store.size();
    const { unlock } = lock(dir);
    store.set('replaced', entryOf('new'));
    store.delete('deleted');
    store.deleteAnswer('id of answered');
    await store.size();
    expect(store.state).toBe('down');
    expect(await textAt(store, 'replaced')).toBe('new');
    expect(await store.get('kept')).toBeUndefined();
    unlock();
    dir.clock.advance(5_000);
    expect(await store.size()).toMatchObject({ entries: 2 });
    expect(await textAt(store, 'kept')).toBe('old kept');
    expect(await textAt(store, 'replaced')).toBe('new');
    expect(await store.get('deleted')).toBeUndefined();
    expect(await store.get('answered')).toBeUndefined();
    expect(levels(dir)).toEqual(['warn', 'info']);
  });
});

test('what there is no room to remember while the file is down is dropped, counted and a miss', async () => {
  const dir = createTempDir();
  writeFileSync(join(dir.directory, 'file'), '');
  const store = await dir.open({ path: join(dir.directory, 'file', 'store.db') });
  const body = compact([], 1_000_000);
  for (let index = 0; index < 40; index += 1) store.set(`key ${index}`, { ...entryOf(''), body });
  expect(store.dropped).toBe(7);
  expect(await store.get('key 32')).toBeDefined();
  expect(await store.get('key 33')).toBeUndefined();
});

describe('a thread that does not reply in time', () => {
  test('is a miss, and so is every get at once, until it replies', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    store.set('key', entryOf('text'));
    await store.size();
    const late = store.get('key');
    dir.clock.advance(1_000);
    expect(await late).toBeUndefined();
    expect(store.state).toBe('stalled');
    expect(await store.get('key')).toBeUndefined();
    store.set('pending', entryOf('set while stalled'));
    expect(await textAt(store, 'pending')).toBe('set while stalled');
    await dir.line(2);
    expect(store.state).toBe('up');
    expect(await textAt(store, 'key')).toBe('text');
    expect(dir.lines).toEqual([
      expect.objectContaining({ level: 'warn', code: 'STALLED' }),
      expect.objectContaining({ level: 'info' }),
    ]);
  });

  test('leaves no timer behind when it replies in time', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    for (let round = 0; round < 20; round += 1) await store.get('key');
    expect(dir.clock.waiting).toBe(0);
  });
});

describe('a thread that dies', () => {
  /** The threads that are started from here on. */
  const watchThreads = () => {
    const threads: Worker[] = [];
    const note = (worker: Worker) => threads.push(worker);
    process.on('worker', note);
    onTestFinished(() => void process.off('worker', note));
    return threads;
  };

  test('is a miss, and is replaced on use, no sooner than 5 s later', async () => {
    const dir = createTempDir();
    const threads = watchThreads();
    const store = await dir.open();
    store.set('written', entryOf('written'));
    await store.size();
    store.set('waiting', entryOf('waiting'));
    const asked = store.get('written');
    await threads[0]?.terminate();
    expect(await asked).toBeUndefined();
    expect(await dir.line(1)).toMatchObject({ level: 'warn', code: 'THREAD_ENDED' });
    dir.clock.advance(4_000);
    expect(await store.get('written')).toBeUndefined();
    expect(threads).toHaveLength(1);
    dir.clock.advance(1_000);
    expect(await store.size()).toMatchObject({ entries: 2 });
    expect(threads).toHaveLength(2);
    expect(await textAt(store, 'written')).toBe('written');
    expect(await textAt(store, 'waiting')).toBe('waiting');
    expect(levels(dir)).toEqual(['warn', 'info']);
  });

  test('leaves an empty file when more was deleted meanwhile than can be remembered', async () => {
    const dir = createTempDir();
    const threads = watchThreads();
    const store = await dir.open();
    store.set('kept, it seemed', entryOf('text'));
    await store.size();
    await threads[0]?.terminate();
    for (let index = 0; index <= 100_000; index += 1) store.delete(`key ${index}`);
    store.set('newer', entryOf('newer'));
    dir.clock.advance(5_000);
    expect(await store.size()).toMatchObject({ entries: 1 });
    expect(await store.get('kept, it seemed')).toBeUndefined();
    expect(await textAt(store, 'newer')).toBe('newer');
  });
});

describe('the process', () => {
  const run = (dir: TempDir, script: string) =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module-typescript',
        '-e',
        `
      import { systemClock } from ${JSON.stringify(new URL('../../src/clock.ts', import.meta.url))};
      import { createLog } from ${JSON.stringify(new URL('../../src/log.ts', import.meta.url))};
      import { createSqliteStore } from ${JSON.stringify(new URL('../../src/store/sqlite.ts', import.meta.url))};
      const head = { status: 200, statusText: 'OK', headers: [] };
      const entry = { head, body: Buffer.from('text'), storedAt: 0, expiresAt: Infinity, answerId: null };
      const path = ${JSON.stringify(dir.path)};
      const store = createSqliteStore({ path, maxBytes: 1e6, clock: systemClock, log: createLog('info') });
      ${script}
    `,
      ],
      { encoding: 'utf8', timeout: 120_000 },
    );

  test('ends by itself when a close was forgotten', () => {
    expect(run(createTempDir(), `await store.ready; store.set('key', entry); console.log('done');`)).toBe('done\n');
  });

  test('lives until a close is done', async () => {
    const dir = createTempDir();
    expect(run(dir, `store.set('key', entry); await store.close(); console.log('closed');`)).toBe('closed\n');
    expect(await (await dir.open()).size()).toMatchObject({ entries: 1 });
  });
});
