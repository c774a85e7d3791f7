import { mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished } from 'vitest';
import { USAGE_MARK } from '../../src/store/sqlite-mark.ts';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story as base } from '../harness/story.ts';
import type { Call } from '../harness/upstream.ts';

const story = base.extend<{ path: string }>({
  path: async ({ folder }, use) => use(join(folder, 'kept', 'cache.sqlite')),
});

/** Each question has an answer of its own, so that a wrong one shows. */
const answerFor = (question: string) => chatAnswer(`answer to ${question} `.repeat(40));
const answerOwn = (call: Call) => sendJson(call, answerFor(JSON.parse(call.body.toString()).messages[0].content));

const askAll = async (proxy: Proxy, questions: readonly string[]) => {
  const words: unknown[] = [];
  for (const question of questions) {
    const answer = await ask(proxy.url + CHAT, { body: chatRequest(question) });
    expect(answer.text).toBe(answerFor(question));
    words.push(answer.headers['x-cache']);
  }
  return words;
};

const putDatabase = (path: string, sql: string) => {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
};

const DAY = 86_400_000;

const QUESTIONS = Array.from({ length: 30 }, (_, index) => `question ${index}`);

describe('a restart', () => {
  story('serves from the file, then from memory', async ({ upstream, open, path }) => {
    upstream.script = answerOwn;
    const first = await open({ store: { path } });
    await askAll(first, QUESTIONS);
    await first.stop();
    const second = await open({ store: { path } });
    const hit = await ask(second.url + CHAT, { body: chatRequest(QUESTIONS[0]) });
    expect(hit.headers).toMatchObject({
      'x-cache': 'HIT',
      'cache-status': expect.stringMatching(/detail=sqlite$/),
      'content-type': 'application/json',
      'x-request-id': 'req_first',
    });
    expect((await ask(second.url + CHAT, { body: chatRequest(QUESTIONS[0]) })).headers['cache-status']).toMatch(
      /detail=memory$/,
    );
    expect(new Set(await askAll(second, QUESTIONS))).toEqual(new Set(['HIT']));
    expect(upstream.calls).toHaveLength(QUESTIONS.length);
  });

  story('serves from the file alone where memory is off', async ({ upstream, open, path }) => {
    upstream.script = answerOwn;
    const proxy = await open({ memory: { bytes: 0 }, store: { path } });
    expect(new Set(await askAll(proxy, QUESTIONS))).toEqual(new Set(['MISS']));
    expect(new Set(await askAll(proxy, QUESTIONS))).toEqual(new Set(['HIT']));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(proxy.url + CHAT, { body: chatRequest('new') })),
    );
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set([answerFor('new')]));
    expect(upstream.calls).toHaveLength(QUESTIONS.length + 1);
  });

  story('with another secret finds nothing', async ({ upstream, open, path }) => {
    upstream.script = answerOwn;
    const first = await open({ store: { path } });
    await askAll(first, ['x']);
    await first.stop();
    rmSync(join(dirname(path), 'secret'));
    expect(await askAll(await open({ store: { path } }), ['x'])).toEqual(['MISS']);
  });

  for (const [what, jump, word] of [
    ['a day fast is not served by a clock that is right', DAY, 'MISS'],
    ['a day slow is served until its time is over', -DAY, 'HIT'],
    ['two days slow is over its time', -2 * DAY - 1, 'MISS'],
  ] as const) {
    story(`what was kept by a clock that was ${what}`, async ({ upstream, open, path }) => {
      upstream.script = answerOwn;
      const now = Date.UTC(2026, 0, 1);
      const first = await open({ store: { path }, ttl: (2 * DAY) / 1000 }, createTestClock(now + jump));
      await askAll(first, ['x']);
      await first.stop();
      const later = await open({ store: { path }, ttl: (2 * DAY) / 1000 }, createTestClock(now));
      expect(await askAll(later, ['x'])).toEqual([word]);
      // The process that takes its place has the right time.
      expect(await askAll(later, ['x'])).toEqual(['HIT']);
    });
  }

  const DAMAGE: readonly (readonly [string, (path: string) => void])[] = [
    [
      'flipped bytes',
      (path) => {
        const bytes = readFileSync(path);
        for (let at = 4_096; at < bytes.length; at += 997) bytes[at] = (bytes[at] as number) ^ 0x40;
        writeFileSync(path, bytes);
      },
    ],
    ['half of it gone', (path) => truncateSync(path, Math.trunc(readFileSync(path).length / 2))],
    ['all of it gone', (path) => truncateSync(path, 0)],
  ];

  for (const [what, damage] of DAMAGE) {
    story(`over a file with ${what} never gives a wrong answer, and keeps again`, async ({ upstream, open, path }) => {
      upstream.script = answerOwn;
      const first = await open({ store: { path } });
      await askAll(first, QUESTIONS);
      await first.stop();
      damage(path);
      // The second may find damage after its first hits, and set the file aside with what they came from.
      for (let start = 2; start <= 3; start++) {
        const proxy = await open({ store: { path } });
        await askAll(proxy, QUESTIONS);
        await proxy.stop();
      }
      const before = upstream.calls.length;
      const last = await open({ store: { path } });
      expect(new Set(await askAll(last, QUESTIONS))).toEqual(new Set(['HIT']));
      expect(upstream.calls).toHaveLength(before);
    });
  }

  for (const [what, put] of [
    ['a text', (path: string) => writeFileSync(path, 'precious, but no database\n'.repeat(50))],
    [
      "another program's database",
      (path: string) => putDatabase(path, 'CREATE TABLE entries (title TEXT); PRAGMA user_version = 3'),
    ],
    [
      'our own ledger',
      (path: string) =>
        putDatabase(
          path,
          `CREATE TABLE books (day TEXT); PRAGMA application_id = ${USAGE_MARK.id}; PRAGMA user_version = 1`,
        ),
    ],
    [
      "another program's database, which is all in its log yet",
      (path: string) => {
        const database = new DatabaseSync(path);
        onTestFinished(() => database.close());
        database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES ('precious')");
      },
    ],
    ['a directory', (path: string) => mkdirSync(path)],
  ] as const) {
    for (const [whose, at] of [
      ['its store', 'cache.sqlite'],
      ['its ledger', 'ledger.sqlite'],
    ] as const) {
      if (whose === 'its ledger' && what === 'our own ledger') continue;
      story(`over ${what} where ${whose} would be is refused, and leaves it as it is`, async ({ open, path }) => {
        const file = join(dirname(path), at);
        mkdirSync(dirname(path), { recursive: true });
        put(file);
        const bytes = what === 'a directory' ? null : readFileSync(file);
        await expect(open({ store: { path } }, createTestClock())).rejects.toThrow(
          /^\S+ cannot be used: it is .*; choose another path with --store-path, or move away what is there$/,
        );
        expect(readdirSync(dirname(path)).filter((name) => name.includes('corrupt') || name === 'secret')).toEqual([]);
        if (bytes) expect(readFileSync(file).equals(bytes)).toBe(true);
      });
    }
  }

  story(
    'where only what is on disk is dated in the future: misses, and one line that says so',
    async ({ upstream, open, path }) => {
      upstream.script = answerOwn;
      const now = Date.UTC(2026, 0, 2);
      const first = await open({ store: { path }, ttl: (7 * DAY) / 1000 }, createTestClock(now));
      await askAll(first, QUESTIONS);
      await first.stop();
      const clock = createTestClock(now - DAY);
      const later = await open({ store: { path }, ttl: (7 * DAY) / 1000 }, clock);
      expect(new Set(await askAll(later, QUESTIONS.slice(0, 10)))).toEqual(new Set(['MISS']));
      const told = () => later.lines.filter(({ msg }) => String(msg).includes('dated in the future'));
      expect(told()).toEqual([
        expect.objectContaining({
          level: 'warn',
          keptAt: '2026-01-02T00:00:00.000Z',
          clock: '2026-01-01T00:00:00.000Z',
        }),
      ]);
      expect(told()[0]?.msg).toContain('set it right, or purge them');
      // An entry that was kept a day ahead is good again once that day has come, and no longer than it would have been.
      clock.advance(DAY);
      expect(new Set(await askAll(later, QUESTIONS.slice(10)))).toEqual(new Set(['HIT']));
      expect(told()).toHaveLength(1);
    },
  );

  story('where the file cannot be had at all: every request is answered', async ({ upstream, open, path }) => {
    upstream.script = answerOwn;
    mkdirSync(dirname(dirname(path)), { recursive: true });
    writeFileSync(dirname(path), 'a file where a folder should be');
    const proxy = await open({ store: { path } });
    expect(await askAll(proxy, ['x', 'x', 'y'])).toEqual(['MISS', 'HIT', 'MISS']);
    expect(proxy.lines.filter(({ level, path: named }) => level === 'warn' && named === path)).toHaveLength(1);
  });

  story('two proxies may share one file', async ({ upstream, open, path }) => {
    upstream.script = answerOwn;
    const [one, other] = [await open({ store: { path } }), await open({ store: { path } })];
    await askAll(one, QUESTIONS);
    await one.stop();
    expect(new Set(await askAll(other, QUESTIONS))).toEqual(new Set(['HIT']));
  });
});
