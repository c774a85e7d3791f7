import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { CheckedAdminClient } from './checked-client.ts';

const chat = async ({ url }: Proxy, content: string, headers: Record<string, string> = {}) =>
  (await ask(url + CHAT, { body: chatRequest(content), headers })).headers['x-cache'];
const kept = async (proxy: Proxy, contents: readonly string[]) => {
  const words = await Promise.all(
    contents.map(async (content) => [content, await chat(proxy, content, { 'cache-control': 'only-if-cached' })]),
  );
  return words.filter(([, word]) => word === 'HIT').map(([content]) => content);
};

for (const [where, isFile] of [
  ['memory', false],
  ['the file', true],
] as const) {
  const settings = (folder: string, prompts = true) => ({
    store: { path: isFile ? join(folder, 'cache.sqlite') : null, prompts },
  });

  describe(`of what is kept in ${where}, POST /purge by text`, () => {
    story('takes the answers to requests with it, and counts them before', async ({ open, folder }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      const asked = ['the sea', 'a "quoted" sea', 'the land'];
      for (const content of asked) await chat(proxy, content, { 'x-refrain-tags': 'run' });
      await chat(proxy, 'another sea');
      const counted = await admin.purge({ text: 'sea', tag: 'run', dryRun: true });
      expect(counted).toMatchObject({ entries: 2, flights: 0, unjudged: 0, dryRun: true });
      expect(await admin.purge({ text: '"quoted"', dryRun: true })).toMatchObject({ entries: 1 });
      expect(await kept(proxy, asked)).toEqual(asked);
      expect(await admin.purge({ text: 'sea', tag: 'run' })).toEqual({ ...counted, dryRun: false });
      expect(await kept(proxy, [...asked, 'another sea'])).toEqual(['the land', 'another sea']);
      expect(await admin.purge({ text: 'sea' })).toMatchObject({ entries: 1, unjudged: 0 });
    });

    story('leaves those that nobody can judge, tells of them, and takes them when told', async ({ open, folder }) => {
      const proxy = await open(settings(folder, false));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      await chat(proxy, 'the sea');
      expect(await admin.rows()).toMatchObject([{ question: null }]);
      expect(await admin.purge({ text: 'land' })).toMatchObject({ entries: 0, unjudged: 1 });
      expect(await kept(proxy, ['the sea'])).toEqual(['the sea']);
      const all = { text: 'land', includeUnjudged: true };
      expect(await admin.purge({ ...all, dryRun: true })).toMatchObject({ entries: 1, unjudged: 0 });
      expect(await admin.purge({ ...all, tag: 'other' })).toMatchObject({ entries: 0, unjudged: 0 });
      expect(await admin.purge(all)).toMatchObject({ entries: 1, unjudged: 0 });
      expect(await kept(proxy, ['the sea'])).toEqual([]);
    });

    story('fences what is on its way by its text, or where that is not known', async ({ open, folder, upstream }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      upstream.script = beginStream;
      const stream = (content: string) => ({ body: chatRequest(content, { stream: true }) });
      await begin(proxy.url + CHAT, stream('the sea'));
      const call = await upstream.called(1);
      expect(await admin.purge({ text: 'land', dryRun: true })).toMatchObject({ flights: 0 });
      expect(await admin.purge({ text: 'sea', dryRun: true })).toMatchObject({ flights: 1, entries: 0 });
      expect(await admin.purge({ text: 'sea' })).toMatchObject({ flights: 1, entries: 0 });
      const late = await begin(proxy.url + CHAT, stream('the sea'));
      expect(late.message.headers['x-cache']).toBe('MISS');
      call.response.end(chatEvents(['old']).join(''));
    });

    story('by newerThan takes what is young, and what is on its way', async ({ open, folder }) => {
      const clock = createTestClock();
      const proxy = await open(settings(folder), clock);
      const admin = new CheckedAdminClient(proxy.adminUrl);
      await chat(proxy, 'old sea');
      clock.advance(10_000);
      await chat(proxy, 'young sea');
      await chat(proxy, 'young land');
      expect(await admin.purge({ newerThan: 5, text: 'sea', dryRun: true })).toMatchObject({ entries: 1 });
      expect(await admin.purge({ newerThan: 5 })).toMatchObject({ entries: 2 });
      expect(await kept(proxy, ['old sea', 'young sea', 'young land'])).toEqual(['old sea']);
    });
  });
}

describe('a purge by text', () => {
  story('reaches a copy in memory whose row the file has evicted', async ({ open, folder, upstream }) => {
    upstream.script = (call) => sendJson(call, chatAnswer('x'.repeat(40_000)));
    const proxy = await open({ store: { path: join(folder, 'cache.sqlite'), bytes: 100_000 } });
    const admin = new CheckedAdminClient(proxy.adminUrl);
    const asked = ['the sea', ...Array.from({ length: 5 }, (_, at) => `land ${at}`)];
    for (const content of asked) await chat(proxy, content);
    const rows = await admin.rows();
    expect(rows.length).toBeLessThan(asked.length);
    expect(await kept(proxy, ['the sea'])).toEqual(['the sea']);
    expect(await admin.purge({ text: 'sea' })).toMatchObject({ entries: 0 });
    expect(await kept(proxy, ['the sea'])).toEqual([]);
  });

  story('is refused without a text to judge by', async ({ open }) => {
    const admin = new CheckedAdminClient((await open()).adminUrl);
    for (const body of [{ includeUnjudged: true }, { includeUnjudged: true, tag: 'x' }, { text: '' }])
      expect(await admin.ask('POST', '/purge', { body })).toMatchObject({
        status: 400,
        value: { error: { code: 'invalid_body' } },
      });
  });
});
