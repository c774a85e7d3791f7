/**
 * Expired answers that are not served, whatever stands in the settings, and the
 * cost of calls that no request is charged with.
 */
import { describe, expect } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import { CHAT, chatAnswer, chatRequest, sendJson, fails, says } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { landed, type Proxy } from '../harness/proxy.ts';
import { type Cast, story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const TTL = 60;
const REVALIDATE = { stale: { revalidate: 30 } };
const ON_ERROR = { stale: { error: 300 } };
const RECHECK = { auth: { recheck: 30 } };

const send = (proxy: Proxy, headers: Record<string, string> = { authorization: 'Bearer sk-1' }, content = 'x') =>
  ask(proxy.url + CHAT, { body: chatRequest(content), headers });

/** A proxy whose answer `old` expired 5 s ago. */
async function openStale({ upstream, open }: Pick<Cast, 'upstream' | 'open'>, overrides: Overrides) {
  const clock = createTestClock();
  const proxy = await open({ ttl: TTL, ...overrides }, clock);
  upstream.script = says('old');
  await send(proxy);
  clock.advance((TTL + 5) * 1000);
  return { proxy, clock };
}

describe('nothing stale', () => {
  story('after a purge by age, though its refresh is on its way', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, REVALIDATE);
    upstream.script = () => {};
    expect((await send(proxy)).text).toBe(chatAnswer('old'));
    const call = await upstream.called(2);
    await proxy.app.cache.removals.purgeAll({ olderThan: 10 });
    const next = send(proxy);
    await Promise.race([next, until(() => proxy.app.admission.listeners === 1)]);
    sendJson(call, chatAnswer('new'));
    expect((await next).text).toBe(chatAnswer('new'));
  });

  story('after a purge by a tag that its refresh does not have', async ({ upstream, open }) => {
    const tagged = { 'authorization': 'Bearer sk-1', 'x-refrain-tags': 'one' };
    const { proxy, clock } = await openStale({ upstream, open }, REVALIDATE);
    await send(proxy, tagged, 'y');
    clock.advance((TTL + 5) * 1000);
    upstream.script = () => {};
    expect((await send(proxy, undefined, 'y')).text).toBe(chatAnswer('old'));
    const call = await upstream.called(3);
    await proxy.app.cache.removals.purgeAll({ tag: 'one' });
    const next = send(proxy, undefined, 'y');
    await Promise.race([next, until(() => proxy.app.admission.listeners === 1)]);
    sendJson(call, chatAnswer('new'));
    expect((await next).text).toBe(chatAnswer('new'));
  });

  story('for a caller who is asked about again, and is to pay', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, { ...REVALIDATE, ...RECHECK });
    upstream.script = fails(402);
    expect((await send(proxy)).status).toBe(402);
  });

  for (const status of [401, 402, 403]) {
    story(`for a caller who was told ${status} while it waited for what then failed`, async ({ upstream, open }) => {
      const { proxy } = await openStale({ upstream, open }, ON_ERROR);
      upstream.script = () => {};
      const waiting = send(proxy);
      const call = await upstream.called(2);
      upstream.script = fails(status);
      expect((await send(proxy, undefined, 'other')).status).toBe(status);
      fails(503)(call);
      expect((await waiting).status).toBe(503);
    });
  }
});

story('a stale answer stands in for the failure of another request, too', async ({ upstream, open }) => {
  const { proxy } = await openStale({ upstream, open }, REVALIDATE);
  upstream.script = () => {};
  const refresh = send(proxy, { 'authorization': 'Bearer sk-1', 'cache-control': 'no-cache' });
  const call = await upstream.called(2);
  const other = send(proxy);
  await Promise.race([other, until(() => proxy.app.admission.listeners === 2)]);
  fails(503)(call);
  expect([(await refresh).status, (await other).status]).toEqual([503, 200]);
});

story(
  'a request that is to be kept for no time has nothing stale that nobody refreshes',
  async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, REVALIDATE);
    upstream.script = says('new');
    const unkept = { 'authorization': 'Bearer sk-1', 'x-refrain-ttl': '0' };
    expect((await send(proxy, unkept)).text).toBe(chatAnswer('new'));
    expect((await send(proxy, { ...unkept, 'cache-control': 'max-stale' })).text).toBe(chatAnswer('old'));
  },
);

describe('a caller who is asked about again', () => {
  story('is told where a failure stands behind what is stale', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, { stale: { revalidate: 30, error: 300 }, ...RECHECK });
    upstream.script = fails(503);
    const { text, headers } = await send(proxy, { 'authorization': 'Bearer sk-1', 'x-refrain-debug': '1' });
    expect([text, headers['cache-status'], headers['x-refrain-why']]).toEqual([
      chatAnswer('old'),
      'refrain; fwd=stale; fwd-status=503; ttl=-5; detail=memory',
      'expired 5 s ago, and the upstream failed (503)',
    ]);
  });

  story('has the call counted that came too late for it', async ({ upstream, open }) => {
    const { proxy, clock } = await openStale({ upstream, open }, { ...RECHECK, ttl: 3600 });
    upstream.script = () => {};
    const waiting = send(proxy);
    const call = await upstream.called(2);
    clock.advance(5_000);
    expect((await waiting).headers['x-cache']).toBe('HIT');
    sendJson(call, chatAnswer('new'));
    await landed(proxy);
    const { all } = (await proxy.app.ledger.stats()).periods;
    expect([all.requests, all.hits, all.tokens.spent.input, all.tokens.saved.input]).toEqual([2, 1, 10, 5]);
  });
});
