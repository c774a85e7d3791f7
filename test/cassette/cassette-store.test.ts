import { appendFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCassette, rewriteCassette } from '../../src/cassette/cassette-file.ts';
import { documentOf } from '../../src/cassette/cassette-text.ts';
import { digestOf } from '../../src/cassette/exchange-digest.ts';
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';
import { usedInLastRun } from '../../src/cassette/use-marks.ts';
import { createTestClock } from '../harness/clock.ts';
import { createCassetteFolder, keyOf, recordIn } from './cassette-folder.ts';
import { answerOf, exchangeOf, requestOf } from './exchange-fixtures.ts';
import type { CassetteStore } from '../../src/cassette/cassette-store.ts';

const exchangesIn = (path: string) => readCassette(path).documents.map(({ exchange }) => exchange);
const sampleOf = (text: string, sample: number, answer = `${text} ${sample}`) =>
  exchangeOf(text, { sample, answer: answerOf(answer) });

describe('a cassette as a store', () => {
  test('has in the next process what was recorded in this one, for ever', async () => {
    const folder = createCassetteFolder();
    const [a, b] = [exchangeOf('a'), exchangeOf('b')];
    folder.write('# By hand.\n');
    await folder.record(a, b);
    expect(folder.text()?.startsWith('# By hand.\n---\nformat: refrain-cassette\n')).toBe(true);
    const store = folder.open();
    const found = await store.get(keyOf(a));
    expect(found?.tier).toBe('cassette');
    expect(found?.entry).toMatchObject({
      head: a.answer.head,
      body: a.answer.body,
      expiresAt: Infinity,
      answerId: null,
      call: { usage: { input: 5, output: 7 }, firstByteMs: 12, ms: 34 },
      request: { endpoint: 'chat', model: 'gpt-4o' },
    });
    expect(await store.loaded).toBeNull();
    expect(store.isSync).toBe(true);
    expect(store.getSync(keyOf(b))?.entry.body).toEqual(b.answer.body);
    expect([...store.exchanges()].map(([, exchange]) => exchange)).toEqual([a, b]);
    expect(store.header.upstreams).toEqual({ default: 'openai' });
    expect(folder.text('.pending')).toBeNull();
  });

  test('lets who asks wait for what is not yet read', async () => {
    const folder = createCassetteFolder();
    const exchanges = Array.from({ length: 250 }, (_, index) => exchangeOf(`${1000 + index}`));
    await folder.record(...exchanges);
    const store = folder.open();
    const [first, last] = [exchanges[0], exchanges.at(-1)] as [RecordedExchange, RecordedExchange];
    expect(store.isSync).toBe(false);
    expect(store.getSync(keyOf(last))).toBeUndefined();
    const missing = store.get('never recorded');
    expect((await store.get(keyOf(first)))?.entry.body).toEqual(first.answer.body);
    expect(store.isSync).toBe(false);
    expect((await store.getMany([keyOf(last), keyOf(first)])).size).toBe(2);
    expect(await missing).toBeUndefined();
    expect(store.isSync).toBe(true);
  });

  test('says where a file cannot be read, and has nothing', async () => {
    const folder = createCassetteFolder();
    await folder.record(exchangeOf('a'), exchangeOf('b'));
    folder.write((folder.text() as string).replace(/status: 200 OK(?=.*status: 200 OK)/s, 'status: fine'));
    const store = folder.open();
    const failure = await store.loaded;
    expect(failure?.code).toBe('CassetteError');
    expect(failure?.message).toMatch(/llm\.cassette:\d+: expected "answer.status" to be a status, such as "200 OK"$/);
    expect(await store.get('any')).toBeUndefined();
    folder.write('\u0000');
    expect((await folder.open().loaded)?.message).toContain('llm.cassette:1: expected');
  });

  test('knows what its last run used, also where that was nothing; a run that asked for nothing is none', async () => {
    const folder = createCassetteFolder();
    const [a, b] = [exchangeOf('a'), exchangeOf('b')];
    await folder.record(a, b);
    const usedBy = async (asks: (store: CassetteStore) => void) => {
      const store = folder.open({ isReadOnly: true });
      await store.loaded;
      asks(store);
      await store.close();
      return usedInLastRun(folder.path)?.size;
    };
    const looksFor = (name: string) => (store: CassetteStore) => void store.getSync(keyOf(exchangeOf(name)));
    expect(await usedBy((store) => store.use(keyOf(a), 1))).toBe(1);
    expect(await usedBy(() => {})).toBe(1);
    expect(await usedBy(looksFor('new'))).toBe(0);
  });

  test('writes each second what was recorded, and merges at the next start what was left there', async () => {
    const folder = createCassetteFolder();
    await folder.record(exchangeOf('a'));
    const before = folder.text();
    const clock = createTestClock();
    const store = folder.open({ clock });
    await store.loaded;
    recordIn(store, exchangeOf('b'));
    clock.advance(1_000);
    expect(await store.written()).toBe(true);
    recordIn(store, exchangeOf('lost'));
    expect(folder.text()).toBe(before);
    // A process that was killed while it appended.
    appendFileSync(`${folder.path}.pending`, documentOf(exchangeOf('half'), store.header).text.slice(0, -9));

    const offline = folder.open({ isReadOnly: true });
    expect(await offline.loaded).toBeNull();
    expect(offline.getSync(keyOf(exchangeOf('b')))).toBeDefined();
    expect(folder.text()).toBe(before);

    const next = folder.open();
    expect(await next.loaded).toBeNull();
    expect(exchangesIn(folder.path)).toEqual([exchangeOf('a'), exchangeOf('b')]);
    expect([...next.exchanges()]).toHaveLength(2);
    expect(folder.text('.pending')).toBeNull();
  });

  test('keeps one of two that are the same, and the samples of both', async () => {
    const folder = createCassetteFolder();
    const [one, other] = [folder.open(), folder.open()];
    for (const exchange of [sampleOf('a', 1), sampleOf('a', 2)]) recordIn(one, exchange);
    for (const exchange of [sampleOf('a', 1, 'else'), sampleOf('b', 1), sampleOf('a', 2), sampleOf('a', 3)])
      recordIn(other, exchange);
    await one.close();
    await other.close();
    expect(exchangesIn(folder.path)).toEqual([sampleOf('a', 1), sampleOf('a', 2), sampleOf('a', 3), sampleOf('b', 1)]);
  });

  test('replaces and removes in the file what is recorded afresh and deleted', async () => {
    const folder = createCassetteFolder();
    await folder.record(sampleOf('a', 1), sampleOf('a', 2), sampleOf('b', 1), sampleOf('c', 1));
    // Before the file is read, and after.
    for (const isEarly of [true, false]) {
      const store = folder.open();
      if (!isEarly) await store.loaded;
      const afresh = sampleOf('a', 1, `afresh ${isEarly}`);
      for (const sample of [1, 2]) store.delete(keyOf(sampleOf('a', sample)));
      recordIn(store, afresh);
      await store.loaded;
      expect((await store.get(keyOf(afresh)))?.entry.body).toEqual(afresh.answer.body);
      expect(await store.get(keyOf(sampleOf('a', 2)))).toBeUndefined();
      await store.close();
      expect(exchangesIn(folder.path)).toEqual([afresh, sampleOf('b', 1), sampleOf('c', 1)]);
    }
    const store = folder.open();
    await store.loaded;
    expect((await store.purge({ model: 'gpt-4o' }))?.entries).toBe(3);
    await store.close();
    expect(exchangesIn(folder.path)).toEqual([]);
  });

  test('marks what a run used, beside the file and not in it', async () => {
    const folder = createCassetteFolder();
    const [a, b] = [exchangeOf('a'), exchangeOf('b')];
    expect(usedInLastRun(folder.path)).toBeNull();
    await folder.record(a, b);
    expect(usedInLastRun(folder.path)).toEqual(new Set([digestOf(a), digestOf(b)]));
    const text = folder.text();
    const store = folder.open({ isReadOnly: true });
    await store.get(keyOf(b));
    store.use(keyOf(b), 1);
    await store.close();
    expect(folder.text()).toBe(text);
    expect(usedInLastRun(folder.path)).toEqual(new Set([digestOf(b)]));
    expect(readFileSync(join(dirname(folder.path), '.refrain/.gitignore'), 'utf8')).toBe('*\n');
    // A run that asked nothing says nothing.
    const idle = folder.open();
    await idle.loaded;
    await idle.close();
    expect(usedInLastRun(folder.path)).toEqual(new Set([digestOf(b)]));
  });

  test('goes on ending lines as the checkout does', async () => {
    const folder = createCassetteFolder();
    await folder.record(exchangeOf('a'), exchangeOf('c'));
    folder.write((folder.text() as string).replaceAll('\n', '\r\n'));
    await folder.record(exchangeOf('b'));
    expect(exchangesIn(folder.path)).toEqual(['a', 'b', 'c'].map((text) => exchangeOf(text)));
    expect(folder.text()?.replaceAll('\r\n', '')).not.toContain('\n');
  });

  test('says once that it cannot be written, and plays what was recorded', async () => {
    const folder = createCassetteFolder();
    folder.write('');
    const clock = createTestClock();
    const store = folder.open({ path: join(folder.path, 'below-a-file.cassette'), clock });
    for (const text of ['a', 'b']) {
      recordIn(store, exchangeOf(text));
      expect(await store.written()).toBe(false);
      expect(store.getSync(keyOf(exchangeOf(text)))).toBeDefined();
    }
    expect(folder.lines.map(({ level }) => level)).toEqual(['error']);
    await store.close();
    expect(folder.lines.at(-1)?.msg).toContain('lost');
  });

  test('has merged what was being written as it was closed', async () => {
    const folder = createCassetteFolder();
    const clock = createTestClock();
    const store = folder.open({ clock });
    recordIn(store, exchangeOf('a'));
    clock.advance(1_000);
    await store.close();
    expect(exchangesIn(folder.path)).toEqual([exchangeOf('a')]);
    expect(folder.text('.pending')).toBeNull();
  });

  test('is one by whichever name it is opened, and the link to it stays', async () => {
    const folder = createCassetteFolder();
    mkdirSync(join(dirname(folder.path), 'links'));
    const link = join(dirname(folder.path), 'links/a.cassette');
    symlinkSync('../llm.cassette', link);
    for (const text of ['a', 'b']) {
      const store = folder.open({ path: link });
      await store.loaded;
      recordIn(store, exchangeOf(text));
      await store.close();
    }
    expect(exchangesIn(folder.path)).toEqual([exchangeOf('a'), exchangeOf('b')]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(dirname(link))).toEqual(['a.cassette']);
    expect(existsSync(join(dirname(folder.path), '.refrain/llm.cassette.lock'))).toBe(true);
  });

  test('is a plain file: nothing else is read or replaced', async () => {
    const folder = createCassetteFolder();
    for (const path of [dirname(folder.path), '/dev/null']) {
      expect(await folder.open({ path }).loaded).toMatchObject({ message: `${path}:1: expected a plain file` });
      expect(() => readCassette(path)).toThrow('plain file');
    }
  });

  test('is rewritten at once, with what is pending, or stays as it was', async () => {
    const folder = createCassetteFolder();
    await folder.record(exchangeOf('a'), exchangeOf('b'));
    const text = folder.text();
    expect(() => rewriteCassette(folder.path, () => expect.unreachable('the change fails'))).toThrow();
    expect(folder.text()).toBe(text);
    rewriteCassette(folder.path, ({ header, documents }) => ({
      header,
      documents: [
        ...documents.filter(({ digest }) => digest !== digestOf(exchangeOf('a'))),
        documentOf(exchangeOf('c', { request: requestOf({ text: 'c', upstream: 'x', dialect: 'engine' }) }), header),
      ],
    }));
    expect(exchangesIn(folder.path).map(({ request }) => request.dialect)).toEqual(['openai', 'engine']);
    const left = readdirSync(dirname(folder.path), { recursive: true });
    expect(left.toSorted()).toEqual([
      '.refrain',
      '.refrain/.gitignore',
      '.refrain/llm.cassette.lock',
      '.refrain/llm.cassette.used.json',
      'llm.cassette',
    ]);
  });
});
