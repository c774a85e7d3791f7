/**
 * Encryption in the rows of the disk tier: what opens, what stays readable, and
 * what becomes of rows that were changed, or sealed by another secret.
 */
import { readFileSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { Entry, StoredRequest } from '../../src/response/entry.ts';
import type { Listing } from '../../src/store/listing.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import type { SealingOptions } from '../../src/store/sealing.ts';
import { entryOf, textOf } from './entries.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const secretOf = (digit: number) => Buffer.alloc(32, digit);
const SEALED: SealingOptions = { secret: secretOf(1), isOn: true };
/** Encryption was turned off, and the secret is still there. */
const OFF: SealingOptions = { ...SEALED, isOn: false };
const OTHER: SealingOptions = { secret: secretOf(2), isOn: true };

const KEY = 'a1'.repeat(32);
const OTHER_KEY = 'b2'.repeat(32);

function asked(answer: string, question: string, more: Partial<StoredRequest> = {}): Entry {
  const request: StoredRequest = {
    endpoint: 'chat',
    model: 'gpt-test',
    scope: 'private:00',
    tags: ['nightly'],
    parts: { path: '/v1/chat/completions', body: `json:{"content":"${question}"}` },
    ...more,
  };
  return entryOf(answer, { answerId: `id of ${answer}`, request });
}

const LISTING: Listing = { filter: {}, sort: 'newest', limit: 100, after: null };
const keysOf = async (store: SqliteStore, filter: Listing['filter']) =>
  (await store.list({ ...LISTING, filter }))?.rows.map(({ key }) => key);
const bodyOf = async (store: SqliteStore, key: string) => (await store.get(key))?.entry.body.toString();

/** A store with these entries in its file, reopened by whoever says how. */
async function kept(entries: Readonly<Record<string, Entry>>, sealing: SealingOptions | null): Promise<TempDir> {
  const dir = createTempDir();
  const store = await dir.open({ sealing });
  for (const [key, entry] of Object.entries(entries)) store.set(key, entry);
  await store.close();
  return dir;
}

/** Changes the file as somebody may who can write it. */
function tamper(dir: TempDir, sql: string): void {
  const database = dir.connect();
  database.exec(sql);
  database.close();
}

const ENTRY = asked('the answer', 'the question');

describe('a sealed entry', () => {
  test('is served, shown and found by what was asked', async () => {
    const dir = await kept({ [KEY]: ENTRY, [OTHER_KEY]: asked('another', 'something else') }, SEALED);
    const store = await dir.open({ sealing: SEALED });
    expect((await store.get(KEY))?.entry).toMatchObject({ head: ENTRY.head, answerId: ENTRY.answerId });
    expect(await bodyOf(store, KEY)).toBe('the answer');
    expect((await store.read(KEY))?.request).toEqual(ENTRY.request);
    expect(await keysOf(store, { text: 'the question' })).toEqual([KEY]);
    expect((await store.findByPrefix(KEY.slice(0, 16)))?.request).toEqual(ENTRY.request);
    const like = { endpoint: 'chat', model: 'gpt-test', scope: 'private:00' } as const;
    expect((await store.newest(like, 1))?.[0]?.request.parts).toMatchObject({
      body: 'json:{"content":"something else"}',
    });
    expect(dir.lines).toEqual([]);
  });

  test('leaves nothing of answer, head, question and id in the file', async () => {
    const words = ['the answer', 'the question', 'completions', 'x-request-id', 'id of'];
    const bytes = async (sealing: SealingOptions | null) => {
      const { path } = await kept({ [KEY]: ENTRY }, sealing);
      return readFileSync(path);
    };
    const [clear, sealed] = [await bytes(null), await bytes(SEALED)];
    expect(words.filter((word) => !clear.includes(word))).toEqual([]);
    expect(words.filter((word) => sealed.includes(word))).toEqual([]);
    for (const word of ['gpt-test', 'nightly', 'private:00']) expect(sealed.includes(word), word).toBe(true);
  });

  test('is listed, counted and purged by its label without the secret', async () => {
    const other = asked('another', 'x', { model: 'gpt-else' });
    const dir = await kept({ [KEY]: ENTRY, [OTHER_KEY]: other }, SEALED);
    const store = await dir.open();
    expect(await keysOf(store, { model: 'gpt-test', tag: 'nightly' })).toEqual([KEY]);
    expect(await store.count({ model: 'gpt-else' })).toMatchObject({ entries: 1 });
    expect(await store.purge({ model: 'gpt-else' })).toMatchObject({ entries: 1 });
    expect(await keysOf(store, {})).toEqual([KEY]);
    expect(dir.lines).toEqual([]);
  });

  test.each([
    ['while it is sealed', SEALED],
    ['once encryption is off', OFF],
  ])('is deleted by its answer id %s, and so is one in the clear', async (_, sealing) => {
    const dir = await kept({ [KEY]: ENTRY }, SEALED);
    const clear = await dir.open();
    clear.set(OTHER_KEY, ENTRY);
    await clear.close();
    const store = await dir.open({ sealing });
    expect(await keysOf(store, {})).toHaveLength(2);
    store.deleteAnswer('id of the answer');
    expect(await keysOf(store, {})).toEqual([]);
  });

  test('of 5 MiB is the same again', async () => {
    const text = textOf(1, 5 * 1024 * 1024);
    const dir = await kept({ [KEY]: entryOf(text) }, SEALED);
    expect((await bodyOf(await dir.open({ sealing: SEALED }), KEY)) === text).toBe(true);
  });

  test('is served when the thread that opens it was replaced, and new ones are sealed', async () => {
    const dir = createTempDir();
    const threads: Worker[] = [];
    const note = (worker: Worker) => threads.push(worker);
    process.on('worker', note);
    const store = await dir.open({ sealing: SEALED });
    process.off('worker', note);
    store.set(KEY, ENTRY);
    await store.size();
    await threads[0]?.terminate();
    await dir.line(1);
    dir.clock.advance(5_000);
    store.set(OTHER_KEY, asked('another', 'x'));
    expect(await dir.line(2)).toMatchObject({ msg: 'the disk store is back' });
    expect(await store.size()).toMatchObject({ entries: 2 });
    expect(await bodyOf(store, KEY)).toBe('the answer');
    await store.close();
    expect(readFileSync(dir.path).includes('another')).toBe(false);
  });

  test('whose label has half a surrogate pair opens', async () => {
    const odd = asked('the answer', 'q', { model: 'gpt-\ud800', tags: ['\udfff'] });
    const dir = await kept({ [KEY]: odd }, SEALED);
    const store = await dir.open({ sealing: SEALED });
    expect(await bodyOf(store, KEY)).toBe('the answer');
    expect((await store.read(KEY))?.request?.parts).toEqual(odd.request?.parts);
  });
});

describe('a store of both', () => {
  test('serves what was kept in the clear, and seals what is new', async () => {
    const dir = await kept({ [KEY]: ENTRY }, null);
    const store = await dir.open({ sealing: SEALED });
    expect(await bodyOf(store, KEY)).toBe('the answer');
    store.set(OTHER_KEY, asked('another', 'x'));
    await store.close();
    const without = await dir.open();
    expect(await bodyOf(without, KEY)).toBe('the answer');
    expect(await bodyOf(without, OTHER_KEY)).toBeUndefined();
  });

  test('serves what is sealed once that is off, and seals no more', async () => {
    const dir = await kept({ [KEY]: ENTRY }, SEALED);
    const store = await dir.open({ sealing: OFF });
    expect(await bodyOf(store, KEY)).toBe('the answer');
    store.set(OTHER_KEY, asked('another', 'x'));
    await store.close();
    expect(await bodyOf(await dir.open(), OTHER_KEY)).toBe('another');
  });
});

describe('an entry that was sealed by another secret', () => {
  test.each([
    ['another', OTHER],
    ['none', null],
  ])('is a miss and stays, where %s is given, and is one line', async (_, sealing) => {
    const dir = await kept({ [KEY]: ENTRY, [OTHER_KEY]: asked('another', 'x') }, SEALED);
    const store = await dir.open({ sealing });
    expect(await store.get(KEY)).toBeUndefined();
    expect(await store.get(OTHER_KEY)).toBeUndefined();
    expect(await store.read(KEY)).toBeUndefined();
    expect(await keysOf(store, { text: 'the question' })).toEqual([]);
    await store.close();
    expect(dir.lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('by a secret that is not given here')]);
    expect(await bodyOf(await dir.open({ sealing: SEALED }), KEY)).toBe('the answer');
  });

  test('gives way to what is set in its place', async () => {
    const dir = await kept({ [KEY]: ENTRY }, SEALED);
    const store = await dir.open({ sealing: OTHER });
    store.set(KEY, asked('another', 'x'));
    await store.close();
    expect(await bodyOf(await dir.open({ sealing: OTHER }), KEY)).toBe('another');
  });
});

describe('a sealed entry that was changed in the file is a miss', () => {
  const swap = (column: string) =>
    `UPDATE answers AS a SET ${column} = (SELECT ${column} FROM answers AS b WHERE b.id <> a.id)`;

  test.each([
    ['its answer put under another key', swap('frame')],
    ['its keys swapped', `UPDATE entries SET key = 'x' WHERE id = 1; UPDATE entries SET key = '${KEY}' WHERE id = 2`],
    ['its model', "UPDATE entries SET model = 'gpt-else'"],
    ['its model taken away', 'UPDATE entries SET model = NULL'],
    ['its endpoint', "UPDATE entries SET endpoint = 'embeddings'"],
    ['its scope', "UPDATE entries SET scope = 'shared:all'"],
    ['its tags', "UPDATE entries SET tags = '[]'"],
    ['its time', 'UPDATE entries SET stored_at = stored_at + 1'],
    ['its end', 'UPDATE answers SET frame = substr(frame, 1, length(frame) - 1)'],
    ['all but its beginning', 'UPDATE answers SET frame = substr(frame, 1, 13)'],
  ])('%s', async (_, sql) => {
    const dir = await kept({ [KEY]: ENTRY, [OTHER_KEY]: asked('another', 'x') }, SEALED);
    tamper(dir, sql);
    const store = await dir.open({ sealing: SEALED });
    expect(await store.get(KEY)).toBeUndefined();
    expect(await keysOf(store, {})).not.toContain(KEY);
    await store.close();
    expect(dir.lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('not as they were written')]);
  });

  test('one bit of it', async () => {
    const dir = await kept({ [KEY]: ENTRY }, SEALED);
    const database = dir.connect();
    const frame = database.prepare('SELECT frame FROM answers').get()?.frame as Uint8Array;
    frame[60] = (frame[60] as number) ^ 1;
    database.prepare('UPDATE answers SET frame = ?').run(frame);
    database.close();
    const store = await dir.open({ sealing: SEALED });
    expect(await store.get(KEY)).toBeUndefined();
    expect(await keysOf(store, {})).toEqual([]);
  });

  test('a question that was put beside another answer is not shown, and the answer is served', async () => {
    const dir = await kept({ [KEY]: ENTRY, [OTHER_KEY]: asked('another', 'something else') }, SEALED);
    tamper(dir, swap('prompt'));
    const store = await dir.open({ sealing: SEALED });
    expect(await bodyOf(store, KEY)).toBe('the answer');
    expect((await store.read(KEY))?.request?.parts).toBeNull();
    expect(await keysOf(store, { text: 'the question' })).toEqual([]);
  });
});
