import { describe, expect } from 'vitest';
import { CHAT, responseAnswer, sendJson } from '../harness/answers.ts';
import { type Asking, ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { eventually } from '../harness/redis-server.ts';
import { about, story, wordOf } from './nodes.ts';

const written = (proxy: Proxy) => proxy.app.store.written();

/** The status of an answer of the admin API. */
const admin = async ({ adminUrl }: Proxy, path: string, asking: Asking) => (await ask(adminUrl + path, asking)).status;

const purge = (proxy: Proxy, body: object) => admin(proxy, '/purge', { body });

/** Asks again and again, until the answer is as it is to become. */
const becomes = (proxy: Proxy, asking: Asking, word: string) =>
  eventually(async () => (await wordOf(proxy, asking)) === word);

describe('what one node of a fleet throws away, all throw away:', () => {
  story('by a tag', async ({ join }) => {
    const [a, b] = [await join(), await join()];
    const [red, blue] = [about('red', { 'x-refrain-tags': 'red' }), about('blue', { 'x-refrain-tags': 'blue' })];
    for (const asking of [red, blue]) expect(await wordOf(a, asking)).toBe('MISS');
    await written(a);
    for (const asking of [red, blue]) expect(await wordOf(b, asking)).toBe('HIT redis');
    for (const asking of [red, blue]) expect(await wordOf(b, asking)).toBe('HIT memory');
    expect(await purge(a, { tag: 'red' })).toBe(200);
    await becomes(b, red, 'MISS');
    expect(await wordOf(b, blue)).toBe('HIT memory');
    await written(b);
    // The newer one came after the purge, for all.
    expect(await wordOf(a, red)).toBe('HIT redis');
  });

  story('by its key', async ({ join }) => {
    const [a, b] = [await join(), await join()];
    await wordOf(a, about('x'));
    await written(a);
    expect(await wordOf(b, about('x'))).toBe('HIT redis');
    const { rows } = (await b.app.store.list({ filter: {}, sort: 'newest', limit: 5, after: null }))!;
    expect(await admin(b, `/entries/${rows[0]?.key}`, { method: 'DELETE' })).toBe(200);
    await becomes(a, about('x'), 'MISS');
  });

  story('by the id that the upstream gave it', async ({ join, upstream }) => {
    const [a, b] = [await join(), await join()];
    upstream.script = (call) => sendJson(call, responseAnswer());
    const asking: Asking = { body: { model: 'gpt-test', input: 'What is the sea?' } };
    const word = (proxy: Proxy) => wordOf(proxy, asking, '/v1/responses');
    await word(a);
    await written(a);
    expect(await word(b)).toBe('HIT redis');
    await ask(`${a.url}/v1/responses/resp_1`, { method: 'DELETE' });
    await eventually(async () => (await word(b)) === 'MISS');
    // Another answer of that name is not kept either.
    expect([await word(a), await word(b)]).toEqual(['MISS', 'MISS']);
  });

  story('also where it lies in the file of one that was away', async ({ join, folder }) => {
    const store = { path: `${folder}/b/cache.sqlite` };
    const [a, b] = [await join(), await join({ store })];
    for (const content of ['x', 'y']) await wordOf(b, about(content, { 'x-refrain-tags': content }));
    await b.stop();
    expect(await purge(a, { tag: 'x' })).toBe(200);
    const again = await join({ store });
    expect([await wordOf(again, about('x')), await wordOf(again, about('y'))]).toEqual(['MISS', 'HIT redis']);
  });

  story(
    'while Redis is gone at its own node at once, which says that the others do not know',
    async ({ join, redis }) => {
      const [a, b] = [await join(), await join()];
      await wordOf(a, about('x'));
      await written(a);
      expect(await wordOf(b, about('x'))).toBe('HIT redis');
      await redis.kill('SIGSTOP');
      const response = await ask(`${a.adminUrl}/purge`, { body: { all: true } });
      expect([response.status, JSON.parse(response.text).error.code]).toEqual([503, 'not_shared']);
      expect([await wordOf(a, about('x')), await wordOf(b, about('x'))]).toEqual(['MISS', 'HIT memory']);
      await redis.kill('SIGCONT');
      await becomes(b, about('x'), 'MISS');
    },
  );

  story('and a log that is lost is a purge of everything', async ({ join, redis }) => {
    const [a, b] = [await join(), await join()];
    for (const proxy of [a, b]) await wordOf(proxy, about('x'));
    await redis.ask('FLUSHALL');
    await becomes(b, about('x'), 'MISS');
  });
});

describe('a fleet', () => {
  story('has the newer answer everywhere once one node has it', async ({ join }) => {
    const [a, b] = [await join(), await join()];
    await wordOf(a, about('x'));
    await written(a);
    const textAt = async ({ url }: Proxy, asking = about('x')) => (await ask(url + CHAT, asking)).text;
    const old = await textAt(b);
    const fresh = await textAt(a, about('x', { 'cache-control': 'no-cache' }));
    expect(fresh).not.toBe(old);
    await eventually(async () => (await textAt(b)) === fresh);
  });

  story('that cannot be reached leaves a node alone', async ({ join, redis }) => {
    await redis.kill('SIGKILL');
    const a = await join();
    expect([await wordOf(a, about('x')), await wordOf(a, about('x'))]).toEqual(['MISS', 'HIT memory']);
    expect(await purge(a, { all: true })).toBe(503);
    expect(await wordOf(a, about('x'))).toBe('MISS');
    await redis.start();
    await eventually(async () => a.app.files()['redis'] === true);
    expect(await purge(a, { all: true })).toBe(200);
  });
});

describe('a purge by text in a fleet', () => {
  story('reaches what all share, and what other nodes have in memory', async ({ join }) => {
    const [a, b] = [await join(), await join()];
    const [sea, land] = [about('the sea'), about('the land')];
    for (const asking of [sea, land]) await wordOf(a, asking);
    await written(a);
    for (const asking of [sea, land]) expect(await wordOf(b, asking)).toBe('HIT redis');
    expect(await wordOf(b, sea)).toBe('HIT memory');
    const { status, text } = await ask(`${a.adminUrl}/purge`, { body: { text: 'the sea' } });
    expect([status, JSON.parse(text)]).toMatchObject([200, { entries: 1, unjudged: 0 }]);
    await becomes(b, sea, 'MISS');
    // In doubt a copy in memory went; what all share did not.
    expect(await wordOf(b, land)).toMatch(/^HIT/);
    expect(await wordOf(a, land)).toMatch(/^HIT/);
  });

  story('leaves what nobody can judge, unless told otherwise', async ({ join }) => {
    const [a, b] = [await join({ store: { prompts: false } }), await join({ store: { prompts: false } })];
    await wordOf(a, about('the sea'));
    await written(a);
    expect(await wordOf(b, about('the sea'))).toBe('HIT redis');
    const purgeText = async (more: object) =>
      JSON.parse((await ask(`${a.adminUrl}/purge`, { body: { text: 'the sea', ...more } })).text);
    expect(await purgeText({})).toMatchObject({ entries: 0, unjudged: 1 });
    expect(await wordOf(b, about('the sea'))).toMatch(/^HIT/);
    expect(await purgeText({ includeUnjudged: true })).toMatchObject({ entries: 1, unjudged: 0 });
    await becomes(b, about('the sea'), 'MISS');
  });
});
