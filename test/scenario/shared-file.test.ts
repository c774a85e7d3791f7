import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { CheckedAdminClient } from '../admin/checked-client.ts';
import {
  answerAll,
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  responseAnswer,
  sendJson,
} from '../harness/answers.ts';
import { type Asking, ask, begin } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story as base } from '../harness/story.ts';
import { countTicks } from '../harness/ticks.ts';
import { until } from '../harness/until.ts';

const story = base.extend<{ path: string }>({
  path: async ({ folder }, use) => use(join(folder, 'cache.sqlite')),
});

/** More than the second in which it is promised, for a machine that is busy. */
const PROMISED_MS = 2_500;

const KEPT = { headers: { 'x-refrain-tags': 'x' }, body: chatRequest('kept') };
const OTHER = { body: chatRequest('other') };
const RESPONSE = { body: { model: 'gpt-test', input: 'What is the sea?' } };

const wordOf = async ({ url }: Proxy, path: string, asking: Asking) =>
  String((await ask(url + path, asking)).headers['x-cache']);
const isServed = async (proxy: Proxy, path: string, asking: Asking) =>
  (await wordOf(proxy, path, { ...asking, headers: { ...asking.headers, 'cache-control': 'only-if-cached' } })) ===
  'HIT';

/** Has both proxies serve it from memory. */
async function holdInBoth(proxies: readonly Proxy[], path: string, asking: Asking): Promise<void> {
  for (const proxy of proxies) {
    await wordOf(proxy, path, asking);
    await proxy.app.store.written();
    expect((await ask(proxy.url + path, asking)).headers['cache-status']).toMatch(/; hit; .*detail=memory$/);
  }
}

describe('of two proxies over one file, what one threw away the other stops serving', () => {
  const ways: readonly (readonly [string, string, Asking, (proxy: Proxy) => Promise<unknown>])[] = [
    ['by a purge', CHAT, KEPT, ({ adminUrl }) => new CheckedAdminClient(adminUrl).purge({ tag: 'x' })],
    [
      'by a DELETE of the entry',
      CHAT,
      KEPT,
      async ({ adminUrl }) => {
        const admin = new CheckedAdminClient(adminUrl);
        const row = (await admin.rows()).find(({ tags }) => tags.includes('x'));
        expect(await admin.ask('DELETE', `/entries/${row?.key}`)).toMatchObject({ status: 200 });
      },
    ],
    [
      'by a DELETE of the answer at the upstream',
      '/v1/responses',
      RESPONSE,
      ({ url }) => ask(`${url}/v1/responses/resp_1`, { method: 'DELETE' }),
    ],
  ];

  for (const [how, at, asking, throwAway] of ways) {
    story(how, async ({ open, path, upstream }) => {
      upstream.script = (call) => (call.method === 'DELETE' ? sendJson(call, '{"deleted":true}') : answerAll(call));
      const [one, other] = [await open({ store: { path } }), await open({ store: { path } })] as const;
      await holdInBoth([one, other], at, asking);
      await holdInBoth([one, other], CHAT, OTHER);
      await throwAway(one);
      const elapsed = countTicks();
      expect(await isServed(one, at, asking)).toBe(false);
      while (await isServed(other, at, asking)) continue;
      expect(elapsed()).toBeLessThan(PROMISED_MS);
      expect(await isServed(other, CHAT, OTHER)).toBe(true);
      // An answer that is kept anew is kept for both.
      upstream.script = (call) => sendJson(call, at === CHAT ? chatAnswer('anew') : responseAnswer('anew', 'resp_2'));
      expect(await wordOf(other, at, asking)).toBe('MISS');
      await other.app.store.written();
      expect(await wordOf(one, at, asking)).toBe('HIT');
    });
  }

  story('also where it is on its way: it is delivered, and not kept', async ({ open, path, upstream }) => {
    const [one, other] = [await open({ store: { path } }), await open({ store: { path } })] as const;
    upstream.script = beginStream;
    const stream = { body: chatRequest('x', { stream: true }), headers: { 'x-refrain-tags': 'x' } };
    const live = await begin(other.url + CHAT, stream);
    const call = await upstream.called(1);
    await new CheckedAdminClient(one.adminUrl).purge({ tag: 'x' });
    await until(() => other.app.cache.flights === 0);
    call.response.end(chatEvents().join(''));
    expect(await live.ended).toMatchObject({ text: chatEvents().join(''), broken: false });
    for (const proxy of [one, other]) expect(await isServed(proxy, CHAT, stream)).toBe(false);
  });
});

describe('a proxy whose file is taken away', () => {
  story('says so, keeps again, and does not bring back what is purged then', async ({ open, path, upstream }) => {
    upstream.script = (call) => sendJson(call, chatAnswer(JSON.parse(call.body.toString()).messages[0].content));
    const first = await open({ store: { path } });
    await wordOf(first, CHAT, KEPT);
    await first.app.store.written();
    rmSync(path);
    const gone = () =>
      first.lines.filter(({ path: named, msg }) => named === path && String(msg).includes('taken away'));
    await until(() => gone().length > 0);
    expect(await wordOf(first, CHAT, KEPT)).toBe('HIT');
    await new CheckedAdminClient(first.adminUrl).purge({ all: true });
    expect(await wordOf(first, CHAT, OTHER)).toBe('MISS');
    await first.stop();
    const next = await open({ store: { path } });
    expect(await isServed(next, CHAT, KEPT)).toBe(false);
    expect(await isServed(next, CHAT, OTHER)).toBe(true);
    expect(gone()).toHaveLength(1);
  });
});

describe('a proxy whose directory is taken away', () => {
  story('finds after a restart what it has kept since', async ({ open, path }) => {
    const first = await open({ store: { path } });
    rmSync(dirname(path), { recursive: true });
    // Where it went while it was being begun afresh, that is tried again on use.
    while (!first.lines.some(({ path: named, msg }) => named === path && String(msg).includes('taken away')))
      await wordOf(first, CHAT, OTHER);
    await wordOf(first, CHAT, KEPT);
    await first.stop();
    expect(await isServed(await open({ store: { path } }), CHAT, KEPT)).toBe(true);
  });
});

describe('a purge that comes while a proxy stops', () => {
  /** Stops the proxy, and does `act` when its store begins to close. */
  async function stopWith(proxy: Proxy, act: () => Promise<unknown>): Promise<void> {
    const { store } = proxy.app;
    const close = store.close.bind(store);
    store.close = async () => {
      const closing = close();
      await act();
      await closing;
    };
    await proxy.stop();
  }

  const tries: readonly (readonly [string, (adminUrl: string, key: string) => Promise<number>])[] = [
    ['a purge', async (adminUrl) => (await ask(`${adminUrl}/purge`, { body: { all: true } })).status],
    ['a DELETE', async (adminUrl, key) => (await ask(`${adminUrl}/entries/${key}`, { method: 'DELETE' })).status],
  ];

  for (const [what, order] of tries) {
    story(`${what}, is not told for done unless it is, at the last moment too`, async ({ open, path }) => {
      const proxy = await open({ store: { path } });
      await wordOf(proxy, CHAT, KEPT);
      const [row] = await new CheckedAdminClient(proxy.adminUrl).rows();
      let status = 0;
      await stopWith(proxy, async () => (status = await order(proxy.adminUrl, String(row?.key)).catch(() => 0)));
      const next = await open({ store: { path } });
      expect([status, await isServed(next, CHAT, KEPT)]).toEqual([0, true]);
    });

    story(
      `${what}, is done where it was told for done, while the answers that run still end`,
      async ({ open, path, upstream }) => {
        const proxy = await open({ store: { path } });
        await wordOf(proxy, CHAT, KEPT);
        const [row] = await new CheckedAdminClient(proxy.adminUrl).rows();
        upstream.script = beginStream;
        const live = await begin(proxy.url + CHAT, { body: chatRequest('live', { stream: true }) });
        const call = await upstream.called(2);
        const stopped = proxy.stop();
        expect(proxy.app.readiness).toBe('stopping');
        expect(await order(proxy.adminUrl, String(row?.key))).toBe(200);
        call.response.end(chatEvents().join(''));
        await live.ended;
        await stopped;
        expect(await isServed(await open({ store: { path } }), CHAT, KEPT)).toBe(false);
      },
    );
  }
});
