/**
 * Answers that have expired: served while they are refreshed, or where the
 * upstream fails (RFC 5861).
 */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import {
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  errorAnswer,
  sendJson,
  fails,
  says,
} from '../harness/answers.ts';
import { type Answer, ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { landed, type Proxy, recordsOf } from '../harness/proxy.ts';
import { type Cast, story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { Script } from '../harness/upstream.ts';

const TTL = 60;
const BODY = chatRequest();
const REVALIDATE = { stale: { revalidate: 30 } };
const ON_ERROR = { stale: { error: 300 } };

/** Where answers are kept, by the tier that has them. */
const STORES: readonly (readonly [tier: string, overrides: (folder: string) => Overrides])[] = [
  ['memory', () => ({})],
  ['sqlite', (folder) => ({ memory: { bytes: 0 }, store: { path: join(folder, 'cache.sqlite') } })],
];

const send = (proxy: Proxy, headers: Record<string, string> = {}) => ask(proxy.url + CHAT, { body: BODY, headers });
const cached = (value: string) => ({ 'cache-control': value });
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const resets: Script = ({ response }) => response.socket?.resetAndDestroy();
const statusOf = ({ headers }: Answer) => [headers['x-cache'], headers['cache-status'], headers.age];

/** A proxy whose answer `old` expired so many seconds ago. */
async function openStale(
  { upstream, open }: Pick<Cast, 'upstream' | 'open'>,
  overrides: Overrides,
  seconds: number,
  headers: Record<string, string> = {},
) {
  const clock = createTestClock();
  const proxy = await open({ ttl: TTL, ...overrides }, clock);
  upstream.script = says('old');
  await send(proxy, headers);
  clock.advance((TTL + seconds) * 1000);
  upstream.script = says('new');
  return { proxy, clock };
}

describe('with stale.revalidate', () => {
  for (const [tier, store] of STORES) {
    story(`an expired answer in ${tier} is served while one call refreshes it`, async ({ upstream, open, folder }) => {
      const { proxy } = await openStale({ upstream, open }, { ...REVALIDATE, ...store(folder) }, 5);
      upstream.script = () => {};
      const answers = [await send(proxy), ...(await Promise.all(Array.from({ length: 20 }, () => send(proxy))))];
      for (const answer of answers) {
        expect([answer.text, ...statusOf(answer)]).toEqual([
          chatAnswer('old'),
          'HIT',
          `refrain; hit; ttl=-5; detail=${tier}`,
          '65',
        ]);
      }
      sendJson(await upstream.called(2), chatAnswer('new'));
      await landed(proxy);
      const fresh = await send(proxy);
      expect([fresh.text, ...statusOf(fresh)]).toEqual([
        chatAnswer('new'),
        'HIT',
        `refrain; hit; ttl=${TTL}; detail=${tier}`,
        '0',
      ]);
      expect(upstream.calls).toHaveLength(2);
    });
  }

  story('it is served to the second, and no longer', async ({ upstream, open }) => {
    const { proxy, clock } = await openStale({ upstream, open }, REVALIDATE, 0);
    upstream.script = fails(503);
    expect(statusOf(await send(proxy))).toEqual(['HIT', 'refrain; hit; ttl=0; detail=memory', '60']);
    await landed(proxy);
    clock.advance(30_000);
    expect(statusOf(await send(proxy))).toEqual(['HIT', 'refrain; hit; ttl=-30; detail=memory', '90']);
    await landed(proxy);
    clock.advance(1);
    expect((await send(proxy)).status).toBe(503);
  });

  story('a refresh sends the same bytes with the same headers', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: TTL, ...REVALIDATE }, clock);
    upstream.script = says('new');
    const long = (word: string) => JSON.stringify(chatRequest(word.repeat(100_000)));
    for (const [bytes, headers] of [
      [long('sea '), {}],
      [gzipSync(long('salt ')), { 'content-encoding': 'gzip' }],
    ] as const) {
      const request = { body: bytes, headers: { ...as('sk-1'), ...headers } };
      await ask(proxy.url + CHAT, request);
      clock.advance((TTL + 1) * 1000);
      await ask(proxy.url + CHAT, request);
      await landed(proxy);
      const [first, second] = upstream.calls.slice(-2);
      expect(second?.body.equals(Buffer.from(bytes))).toBe(true);
      expect(second?.headers).toEqual(first?.headers);
    }
  });

  story('a refresh that fails renews nothing', async ({ upstream, open }) => {
    const { proxy, clock } = await openStale({ upstream, open }, REVALIDATE, 5);
    for (const script of [fails(500), fails(429), resets, fails(401)]) {
      upstream.script = script;
      expect((await send(proxy)).text).toBe(chatAnswer('old'));
      await landed(proxy);
    }
    clock.advance(20_000);
    upstream.script = says('new');
    const last = await send(proxy, as('sk-2'));
    expect(last.headers['x-cache']).toBe('MISS');
  });

  story('a stream is refreshed too', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: TTL, ...REVALIDATE }, clock);
    const question = { body: chatRequest('x', { stream: true }) };
    await ask(proxy.url + CHAT, question);
    clock.advance((TTL + 5) * 1000);
    upstream.script = beginStream;
    const stale = await ask(proxy.url + CHAT, question);
    expect([stale.text, stale.headers['cache-status']]).toEqual([
      chatEvents().join(''),
      'refrain; hit; ttl=-5; detail=memory',
    ]);
    const { response } = await upstream.called(2);
    response.end(chatEvents(['new']).join(''));
    await landed(proxy);
    expect((await ask(proxy.url + CHAT, question)).text).toBe(chatEvents(['new']).join(''));
  });

  story('each variant is refreshed by itself, and none waits for another', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: TTL, ...REVALIDATE }, clock);
    const answer =
      (word: string): Script =>
      ({ headers, response }) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'vary': 'x-tone' })
          .end(chatAnswer(`${word} ${headers['x-tone']}`));
    const say = async (tone: string) => (await send(proxy, { 'x-tone': tone })).text;
    upstream.script = answer('old');
    for (const tone of ['high', 'low']) await say(tone);
    clock.advance((TTL + 5) * 1000);
    upstream.script = () => {};
    for (const tone of ['high', 'low', 'low', 'high']) expect(await say(tone)).toBe(chatAnswer(`old ${tone}`));
    await upstream.called(4);
    for (const call of upstream.calls.slice(2)) answer('new')(call);
    await landed(proxy);
    for (const tone of ['high', 'low']) expect(await say(tone)).toBe(chatAnswer(`new ${tone}`));
    expect(upstream.calls).toHaveLength(4);
  });

  story('a stop does not wait for a refresh', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, REVALIDATE, 5);
    upstream.script = () => {};
    await send(proxy);
    const call = await upstream.called(2);
    await proxy.stop();
    await call.closed;
    expect(proxy.app.admission.flights).toBe(0);
  });

  story('a refresh costs what it costs, and is no request', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, REVALIDATE, 5);
    const notes = recordsOf(proxy);
    await send(proxy);
    await landed(proxy);
    expect(notes.map(({ outcome, why }) => [outcome, why])).toEqual([['hit', 'stale-while-revalidate']]);
    const { all } = (await proxy.app.ledger.stats()).periods;
    expect([all.requests, all.hits, all.misses]).toEqual([2, 1, 1]);
    expect([all.tokens.spent.input, all.tokens.saved.input]).toEqual([10, 5]);
    expect(await proxy.app.metrics.text()).toMatch(
      /^refrain_stale_hits_total\{freshness="stale-while-revalidate"\} 1$/m,
    );
    expect(await proxy.app.metrics.text()).toMatch(/^refrain_upstream_duration_seconds_count\{endpoint="chat"\} 2$/m);
  });

  story('a refresh is shed where too many calls are under way', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, { ...REVALIDATE, limits: { flights: 1 } }, 5);
    upstream.script = () => {};
    const other = ask(proxy.url + CHAT, { body: chatRequest('other') });
    const call = await upstream.called(2);
    expect((await send(proxy)).text).toBe(chatAnswer('old'));
    sendJson(call, chatAnswer('other'));
    await other;
    expect(upstream.calls).toHaveLength(2);
  });
});

describe('with stale.error', () => {
  const failures: readonly (readonly [string, number, Script])[] = [
    ...[500, 502, 503, 504, 529, 429].map((status) => [String(status), status, fails(status)] as const),
    ['a reset', 502, resets],
  ];
  for (const [tier, store] of STORES) {
    story(`an expired answer in ${tier} is served in the place of each failure`, async ({ upstream, open, folder }) => {
      const { proxy } = await openStale({ upstream, open }, { ...ON_ERROR, ...store(folder) }, 5);
      for (const [what, status, script] of failures) {
        upstream.script = script;
        const answer = await send(proxy);
        expect([answer.status, answer.text, ...statusOf(answer)], what).toEqual([
          200,
          chatAnswer('old'),
          'HIT',
          `refrain; fwd=stale; fwd-status=${status}; ttl=-5; detail=${tier}`,
          '65',
        ]);
      }
      upstream.script = says('new');
      expect((await send(proxy)).headers['x-cache']).toBe('MISS');
      expect((await send(proxy)).text).toBe(chatAnswer('new'));
    });
  }

  story('so it is where the upstream is silent or gone', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, { ...ON_ERROR, timeouts: { firstByte: 0.2 } }, 5);
    upstream.script = () => {};
    const late = await send(proxy);
    expect(late.headers['cache-status']).toBe('refrain; fwd=stale; fwd-status=504; ttl=-5; detail=memory');
    await upstream.stop();
    const dead = await send(proxy);
    expect(dead.headers['cache-status']).toBe('refrain; fwd=stale; fwd-status=502; ttl=-5; detail=memory');
    await upstream.start();
  });

  story('a refusal stands, and so does what the request is at fault for', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, ON_ERROR, 5);
    for (const status of [400, 401, 402, 403, 404, 422]) {
      upstream.script = fails(status);
      const answer = await send(proxy, as(`sk-${status}`));
      expect([answer.status, answer.headers['x-cache']]).toEqual([status, 'MISS']);
    }
  });

  story('so it is for all who wait for the call that fails', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, ON_ERROR, 5);
    upstream.script = () => {};
    const waiting = Array.from({ length: 10 }, () => send(proxy));
    const call = await upstream.called(2);
    await until(() => proxy.app.admission.listeners === 10);
    sendJson(call, errorAnswer('no'), 503);
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set([chatAnswer('old')]));
    expect(upstream.calls).toHaveLength(2);
  });

  story('what has begun goes on, and breaks off as ever', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: TTL, ...ON_ERROR }, clock);
    const question = { body: chatRequest('x', { stream: true }) };
    await ask(proxy.url + CHAT, question);
    clock.advance((TTL + 5) * 1000);
    upstream.script = beginStream;
    const live = await begin(proxy.url + CHAT, question);
    const { response } = await upstream.called(2);
    response.write(chatEvents()[0]);
    await live.receives(Buffer.byteLength(chatEvents()[0] as string));
    response.socket?.resetAndDestroy();
    const answer = await live.ended;
    expect([answer.headers['x-cache'], answer.broken]).toEqual(['MISS', true]);
    expect(answer.text).toContain('upstream_cut');
  });

  story('what was purged meanwhile is not served', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, ON_ERROR, 5);
    upstream.script = () => {};
    const waiting = send(proxy);
    const call = await upstream.called(2);
    await proxy.app.cache.removals.purgeAll({});
    sendJson(call, errorAnswer('no'), 503);
    expect((await waiting).status).toBe(503);
  });

  story('a request that is turned away for lack of room has it, too', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, { ...ON_ERROR, limits: { flights: 1 } }, 5);
    upstream.script = () => {};
    const other = ask(proxy.url + CHAT, { body: chatRequest('other') });
    const call = await upstream.called(2);
    expect(statusOf(await send(proxy))).toEqual(['HIT', 'refrain; hit; ttl=-5; detail=memory', '65']);
    sendJson(call, chatAnswer('other'));
    await other;
  });

  story('it is counted as a hit, and says why it is one', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, ON_ERROR, 5);
    const notes = recordsOf(proxy);
    upstream.script = fails(503);
    const { headers } = await send(proxy, { 'x-refrain-debug': '1' });
    expect(headers['x-refrain-why']).toBe('expired 5 s ago, and the upstream failed (503)');
    expect(notes).toMatchObject([{ outcome: 'hit', why: 'stale-if-error', status: 200, error: null, tier: 'memory' }]);
    const { all } = (await proxy.app.ledger.stats()).periods;
    expect([all.requests, all.hits, all.tokens.spent.input]).toEqual([2, 1, 5]);
  });
});

describe('a request', () => {
  story('accepts what expired within max-stale, and calls nobody for it', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, {}, 5);
    for (const value of [
      'max-stale=5',
      'max-stale',
      'max-stale="60"',
      'Max-Stale = 5',
      'only-if-cached, max-stale=5',
    ]) {
      const { headers } = await send(proxy, { ...cached(value), 'x-refrain-debug': '1' });
      expect([headers['cache-status'], headers['x-refrain-why']], value).toEqual([
        'refrain; hit; ttl=-5; detail=memory',
        'expired 5 s ago, as the request accepts',
      ]);
    }
    expect(upstream.calls).toHaveLength(1);
    expect((await send(proxy, cached('only-if-cached, max-stale=4'))).status).toBe(504);
    expect((await send(proxy, cached('max-stale, max-age=64'))).text).toBe(chatAnswer('new'));
  });

  story('accepts what expired within stale-if-error', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, {}, 5);
    upstream.script = fails(503);
    expect((await send(proxy)).status).toBe(503);
    expect((await send(proxy, cached('stale-if-error=4'))).status).toBe(503);
    expect((await send(proxy, cached('stale-if-error=5'))).headers['cache-status']).toBe(
      'refrain; fwd=stale; fwd-status=503; ttl=-5; detail=memory',
    );
    expect((await send(proxy, cached('stale-if-error=5, max-age=60'))).status).toBe(503);
  });

  story('that bounds the age of its answer refuses what is stale, unless it says so', async ({ upstream, open }) => {
    const both = { stale: { revalidate: 30, error: 300 } };
    const { proxy } = await openStale({ upstream, open }, both, 5);
    upstream.script = fails(503);
    expect((await send(proxy, cached('max-age=3600'))).status).toBe(503);
    expect((await send(proxy, cached('max-age=3600, stale-if-error=5'))).text).toBe(chatAnswer('old'));
    expect((await send(proxy, cached('max-age=3600, max-stale=5'))).text).toBe(chatAnswer('old'));
  });

  story('refuses what is stale, whatever is set', async ({ upstream, open }) => {
    const both = { stale: { revalidate: 30, error: 300 } };
    const { proxy } = await openStale({ upstream, open }, both, 5);
    upstream.script = fails(503);
    for (const value of [
      'no-cache',
      'no-cache, max-stale, stale-if-error=60',
      'max-stale=0, stale-if-error=0',
      'no-store',
    ]) {
      expect((await send(proxy, cached(value))).status, value).toBe(503);
    }
    expect((await send(proxy, { 'x-refrain-cache': 'refresh' })).status).toBe(503);
    expect((await send(proxy, cached('only-if-cached'))).headers['cache-status']).toMatch(/hit; ttl=-5/);
  });

  story('is refused where these are malformed', async ({ open }) => {
    const proxy = await open();
    for (const value of ['max-stale=', 'max-stale=x', 'max-stale=-1', 'stale-if-error', 'stale-if-error=1.5']) {
      const { status, text } = await send(proxy, cached(value));
      expect([status, JSON.parse(text).error.code], value).toEqual([400, 'invalid_header']);
      expect(JSON.parse(text).error.message).toContain(`${value.split('=', 1)}=SECONDS`);
    }
  });
});

describe('a caller whom the upstream refused last', () => {
  const EVERYBODY = { scope: { shared: 'team', members: ['*'] } };

  for (const status of [401, 402, 403]) {
    story(`with ${status} has nothing stale until it is accepted again`, async ({ upstream, open }) => {
      const both = { stale: { revalidate: 30, error: 300 } };
      const { proxy } = await openStale({ upstream, open }, both, 5, as('sk-1'));
      upstream.script = fails(status);
      expect((await send(proxy, as('sk-1'))).text).toBe(chatAnswer('old'));
      await landed(proxy);
      expect((await send(proxy, as('sk-1'))).status).toBe(status);
      upstream.script = fails(503);
      expect((await send(proxy, as('sk-1'))).status).toBe(503);
      upstream.script = says('new');
      expect((await send(proxy, as('sk-1'))).text).toBe(chatAnswer('new'));
    });

    story(`with ${status} is the only one whom that stops in a shared scope`, async ({ upstream, open }) => {
      const { proxy } = await openStale({ upstream, open }, { ...REVALIDATE, ...EVERYBODY }, 5, as('sk-1'));
      upstream.script = (call) =>
        call.headers.authorization === 'Bearer sk-1'
          ? sendJson(call, errorAnswer('no'), status)
          : sendJson(call, chatAnswer('new'));
      expect((await send(proxy, as('sk-1'))).text).toBe(chatAnswer('old'));
      await landed(proxy);
      expect((await send(proxy, as('sk-1'))).status).toBe(status);
      const { calls } = upstream;
      expect(new Set(calls.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer sk-1']));
    });
  }
});

describe('a caller who is asked about again', () => {
  const RECHECK = { auth: { recheck: 30 } };

  story('has what is stale where the upstream fails', async ({ upstream, open }) => {
    const { proxy } = await openStale({ upstream, open }, { ...ON_ERROR, ...RECHECK }, 5, as('sk-1'));
    upstream.script = fails(503);
    expect((await send(proxy, as('sk-1'))).headers['cache-status']).toBe(
      'refrain; fwd=stale; fwd-status=503; ttl=-5; detail=memory',
    );
    upstream.script = fails(402);
    expect((await send(proxy, as('sk-1'))).status).toBe(402);
  });

  story('has it where the upstream takes its time', async ({ upstream, open }) => {
    const { proxy, clock } = await openStale({ upstream, open }, { ...REVALIDATE, ...RECHECK }, 5, as('sk-1'));
    upstream.script = () => {};
    const waiting = send(proxy, as('sk-1'));
    const call = await upstream.called(2);
    clock.advance(5_000);
    expect((await waiting).headers['cache-status']).toBe('refrain; hit; ttl=-10; detail=memory');
    sendJson(call, chatAnswer('new'));
    await landed(proxy);
    expect((await send(proxy, as('sk-1'))).text).toBe(chatAnswer('new'));
    expect(upstream.calls).toHaveLength(2);
  });
});

story('a stale answer of a Refrain behind this one is kept by nobody', async ({ upstream, open }) => {
  const both = { stale: { revalidate: 30, error: 300 } };
  const { proxy: inner, clock } = await openStale({ upstream, open }, both, 5);
  const outer = await open({ upstream: `${inner.url}/v1` }, clock);
  upstream.script = fails(503);
  for (const seconds of [0, 60]) {
    clock.advance(seconds * 1000);
    const answer = await send(outer);
    expect([answer.text, answer.headers['x-cache']]).toEqual([chatAnswer('old'), 'MISS']);
    await landed(inner);
  }
  upstream.script = says('new');
  expect((await send(outer)).text).toBe(chatAnswer('new'));
  expect((await send(outer)).headers['x-cache']).toBe('HIT');
});

story('a restart keeps what has expired', async ({ upstream, open, folder }) => {
  const path = join(folder, 'cache.sqlite');
  const first = await openStale({ upstream, open }, { store: { path } }, 5);
  await first.proxy.stop();
  const second = await open({ ttl: TTL, store: { path }, ...ON_ERROR }, first.clock);
  upstream.script = fails(503);
  // By the time of the failure it has been read into memory.
  expect((await send(second)).headers['cache-status']).toBe(
    'refrain; fwd=stale; fwd-status=503; ttl=-5; detail=memory',
  );
  await second.stop();
  const third = await open({ ttl: TTL, store: { path }, ...REVALIDATE }, first.clock);
  upstream.script = says('new');
  expect((await send(third)).headers['cache-status']).toBe('refrain; hit; ttl=-5; detail=sqlite');
  await landed(third);
  expect((await send(third)).text).toBe(chatAnswer('new'));
});
