import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { answerAll, beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { CheckedAdminClient, type Refusal } from './checked-client.ts';

const chat = async ({ url }: Proxy, content: string, headers: Record<string, string> = {}, others: object = {}) =>
  (await ask(url + CHAT, { body: chatRequest(content, others), headers })).headers['x-cache'];

for (const [where, isFile] of [
  ['memory', false],
  ['the file', true],
] as const) {
  const settings = (folder: string) => ({ store: { path: isFile ? join(folder, 'cache.sqlite') : null } });

  describe(`of what is kept in ${where}, POST /purge`, () => {
    for (const [by, body, left] of [
      ['model', { model: 'gpt-other' }, ['a', 'c', 'd']],
      ['endpoint', { endpoint: 'embeddings' }, ['a', 'b', 'c', 'd']],
      ['tag', { tag: 'x' }, ['a', 'b', 'd']],
      ['age', { olderThan: 10 }, ['c', 'd']],
      ['two criteria', { olderThan: 10, model: 'gpt-test' }, ['b', 'c', 'd']],
      ['nothing but that it is there', { all: true }, []],
      ['any age', { olderThan: 0 }, []],
    ] as const) {
      story(`by ${by} takes what fits, and counts it before`, async ({ open, folder }) => {
        const clock = createTestClock();
        const proxy = await open(settings(folder), clock);
        const admin = new CheckedAdminClient(proxy.adminUrl);
        await chat(proxy, 'a');
        await chat(proxy, 'b', {}, { model: 'gpt-other' });
        clock.advance(10_000);
        await chat(proxy, 'c', { 'x-refrain-tags': 'x,y' });
        await chat(proxy, 'd');
        const before = await admin.rows();
        const counted = await admin.purge({ ...body, dryRun: true });
        expect(counted).toMatchObject({ entries: 4 - left.length, flights: 0, dryRun: true });
        expect(await admin.rows()).toEqual(before);
        expect(await admin.purge(body)).toEqual({ ...counted, dryRun: false });
        const words = await Promise.all(
          [['a'], ['b', { model: 'gpt-other' }], ['c'], ['d']].map(async ([name, others]) => [
            name,
            await chat(proxy, name as string, { 'cache-control': 'only-if-cached' }, others as object),
          ]),
        );
        expect(words.filter(([, word]) => word === 'HIT').map(([name]) => name)).toEqual(left);
      });
    }

    story("by scope takes one caller's answers", async ({ open, folder }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      for (const authorization of ['Bearer one', 'Bearer other']) await chat(proxy, 'a', { authorization });
      const [other] = await admin.rows();
      expect(await admin.purge({ scope: other?.scope })).toMatchObject({ entries: 1 });
      expect(await chat(proxy, 'a', { authorization: 'Bearer one' })).toBe('HIT');
      expect(await chat(proxy, 'a', { authorization: 'Bearer other' })).toBe('MISS');
    });

    story(
      'fences what is on its way: it is delivered, not kept, and not joined',
      async ({ open, upstream, folder }) => {
        const proxy = await open(settings(folder));
        const admin = new CheckedAdminClient(proxy.adminUrl);
        upstream.script = beginStream;
        const stream = { body: chatRequest('x', { stream: true }), headers: { 'x-refrain-tags': 'x' } };
        const leader = await begin(proxy.url + CHAT, stream);
        const first = await upstream.called(1);
        const follower = await begin(proxy.url + CHAT, stream);
        expect(follower.message.headers['x-cache']).toBe('FOLLOW');
        expect(await admin.purge({ tag: 'other' })).toMatchObject({ flights: 0 });
        expect(await admin.purge({ tag: 'x', dryRun: true })).toMatchObject({ flights: 1 });
        expect(await admin.purge({ tag: 'x' })).toMatchObject({ entries: 0, flights: 1 });
        const late = await begin(proxy.url + CHAT, stream);
        expect(late.message.headers['x-cache']).toBe('MISS');
        const second = await upstream.called(2);
        first.response.end(chatEvents(['old']).join(''));
        for (const { ended } of [leader, follower])
          expect(await ended).toMatchObject({ text: chatEvents(['old']).join(''), broken: false });
        expect(await admin.rows()).toEqual([]);
        second.response.end(chatEvents(['new']).join(''));
        await late.ended;
        expect((await ask(proxy.url + CHAT, stream)).text).toBe(chatEvents(['new']).join(''));
        expect(upstream.calls).toHaveLength(2);
      },
    );

    story('by age spares what is on its way, but for an age of 0', async ({ open, upstream, folder }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      upstream.script = () => {};
      const asked = chat(proxy, 'x');
      const call = await upstream.called(1);
      expect(await admin.purge({ olderThan: 1 })).toMatchObject({ flights: 0 });
      sendJson(call, chatAnswer());
      await asked;
      expect(await chat(proxy, 'x')).toBe('HIT');
      const again = chat(proxy, 'y');
      const other = await upstream.called(2);
      expect(await admin.purge({ olderThan: 0 })).toMatchObject({ entries: 1, flights: 1 });
      sendJson(other, chatAnswer());
      await again;
      expect(await admin.rows()).toEqual([]);
    });

    story('takes effect for a request that comes with it', async ({ open, upstream, folder }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      await chat(proxy, 'x');
      for (let round = 0; round < 20; round += 1) {
        const calls = upstream.calls.length;
        const lookups = Array.from({ length: 5 }, () => chat(proxy, 'x'));
        await admin.purge({ all: true });
        expect(await chat(proxy, 'x', { 'cache-control': 'only-if-cached' })).not.toBe(undefined);
        await Promise.all(lookups);
        await admin.purge({ all: true });
        expect(await admin.rows()).toEqual([]);
        upstream.script = (call) => sendJson(call, chatAnswer(`round ${round}`));
        const { text } = await ask(proxy.url + CHAT, { body: chatRequest('x') });
        expect(JSON.parse(text).choices[0].message.content).toBe(`round ${round}`);
        expect(upstream.calls.length).toBeGreaterThan(calls);
      }
    });

    story('lets readers of /entries go on', async ({ open, upstream, folder }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      upstream.script = answerAll;
      for (let batch = 0; batch < 10; batch += 1)
        await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            chat(proxy, `${batch} ${index}`, { 'x-refrain-tags': index % 2 ? 'odd' : 'even' }),
          ),
        );
      let isOver = false;
      const purging = admin.purge({ tag: 'odd' }).finally(() => (isOver = true));
      let pages = 0;
      do {
        const { status, value } = await admin.list({ limit: 100 });
        expect(status).toBe(200);
        const keys = value.entries.map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
        pages += 1;
      } while (!isOver);
      expect(await purging).toMatchObject({ entries: 250 });
      expect(pages).toBeGreaterThan(0);
      const rows = await admin.rows({ limit: 500 });
      expect(new Set(rows.flatMap(({ tags }) => tags))).toEqual(new Set(['even']));
      expect(rows).toHaveLength(250);
    });
  });
}

describe('a body that says too little or too much', () => {
  for (const [what, body, named] of [
    ['nothing', {}, '"all": true'],
    ['only that it is to count', { dryRun: true }, '"all": true'],
    ['an unknown member', { modell: 'x' }, '"modell"'],
    ['a member of every object', '{"__proto__":{"all":true}}', '__proto__'],
    ['that not all is to go', { all: false }, 'all'],
    ['a model that is a list', { model: ['x'] }, 'model'],
    ['an age that is negative', { olderThan: -1 }, 'olderThan'],
    ['an age that is text', { olderThan: '10' }, 'olderThan'],
    ['a scope that is too short', { scope: 'private:' }, 'scope'],
    ['no object', '[]', 'object'],
    ['no JSON', '{"all":tru', 'JSON'],
  ] as const) {
    story(`(${what}) is refused, and purges nothing`, async ({ open }) => {
      const proxy = await open();
      const admin = new CheckedAdminClient(proxy.adminUrl);
      await chat(proxy, 'x');
      const { status, value } = await admin.ask<Refusal>('POST', '/purge', { body });
      expect([status, value.error.code]).toEqual([400, 'invalid_body']);
      expect(value.error.message).toContain(named);
      expect(await admin.rows()).toHaveLength(1);
    });
  }
});
