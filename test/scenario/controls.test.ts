import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendJson, sendStream } from '../harness/answers.ts';
import { type Answer, ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Call } from '../harness/upstream.ts';

const wordOf = (answer: Answer) => answer.headers['x-cache'];

for (const form of ['JSON', 'stream'] as const) {
  const body = chatRequest('x', form === 'stream' ? { stream: true } : {});
  /** Answers each call with its number, so that it shows whose answer a client got. */
  const numbered = () => {
    let calls = 0;
    return (call: Call) => {
      const text = String(++calls);
      return form === 'stream' ? sendStream(call, chatEvents([text])) : sendJson(call, chatAnswer(text));
    };
  };
  const whole = (text: string) => (form === 'stream' ? chatEvents([text]).join('') : chatAnswer(text));
  const send = (proxy: Proxy, headers: Record<string, string> = {}) => ask(proxy.url + CHAT, { body, headers });

  describe(`for ${form}`, () => {
    story('no-store neither reads, joins nor writes', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = numbered();
      const alone = await send(proxy, { 'cache-control': 'no-store' });
      expect(alone.headers).toMatchObject({
        'x-cache': 'BYPASS',
        'cache-status': 'refrain; fwd=bypass; detail=no-store',
      });
      expect(wordOf(await send(proxy))).toBe('MISS');
      expect((await send(proxy, { 'cache-control': 'No-Store' })).text).toBe(whole('3'));
      expect((await send(proxy)).text).toBe(whole('2'));
    });

    story('no-store does not follow and is not followed', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = () => {};
      const clients = [send(proxy, { 'cache-control': 'no-store' })];
      await upstream.called(1);
      clients.push(send(proxy));
      await upstream.called(2);
      clients.push(send(proxy, { 'cache-control': 'no-store' }));
      await upstream.called(3);
      const script = numbered();
      for (const call of upstream.calls) script(call);
      expect((await Promise.all(clients)).map(({ text }) => text)).toEqual(['1', '2', '3'].map(whole));
    });

    story('no-cache does not read, but refreshes what is kept', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = numbered();
      await send(proxy);
      const refresh = await send(proxy, { 'cache-control': 'no-cache' });
      expect(refresh.text).toBe(whole('2'));
      expect(wordOf(refresh)).toBe('MISS');
      expect(await send(proxy)).toMatchObject({ text: whole('2'), headers: { 'x-cache': 'HIT' } });
    });

    story('no-cache does not join, and is followed only where no flight holds the key', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = ({ response }) => {
        response.writeHead(200, { 'content-type': form === 'stream' ? 'text/event-stream' : 'application/json' });
        response.flushHeaders();
      };
      const refresh = await begin(proxy.url + CHAT, { body, headers: { 'cache-control': 'no-cache' } });
      const follower = await begin(proxy.url + CHAT, { body });
      const second = await begin(proxy.url + CHAT, { body, headers: { 'cache-control': 'no-cache' } });
      const third = await begin(proxy.url + CHAT, { body });
      expect(upstream.calls).toHaveLength(2);
      upstream.calls[1]?.response.end(whole('2'));
      expect(await second.ended).toMatchObject({ text: whole('2'), headers: { 'x-cache': 'MISS' } });
      upstream.calls[0]?.response.end(whole('1'));
      expect(await refresh.ended).toMatchObject({ text: whole('1'), headers: { 'x-cache': 'MISS' } });
      expect(await follower.ended).toMatchObject({ text: whole('1'), headers: { 'x-cache': 'FOLLOW' } });
      expect(await third.ended).toMatchObject({ text: whole('1'), headers: { 'x-cache': 'FOLLOW' } });
      expect(wordOf(await send(proxy))).toBe('HIT');
    });

    story('max-age refuses what is older, without spoiling it for others', async ({ upstream, open }) => {
      const clock = createTestClock();
      const proxy = await open({}, clock);
      upstream.script = numbered();
      await send(proxy);
      clock.advance(10_000);
      expect(wordOf(await send(proxy, { 'cache-control': 'max-age=10' }))).toBe('HIT');
      expect(await send(proxy, { 'cache-control': 'max-stale=5, max-age=9' })).toMatchObject({
        text: whole('2'),
        headers: { 'x-cache': 'MISS' },
      });
      expect((await send(proxy, { 'cache-control': 'max-age=0' })).text).toBe(whole('2'));
    });

    story('x-refrain-cache: refresh does as no-cache does, under the mode that is set', async ({ upstream, open }) => {
      const proxy = await open({ cache: 'deterministic' });
      const ask0 = (headers: Record<string, string>) =>
        ask(proxy.url + CHAT, { body: { ...body, temperature: 0 }, headers });
      upstream.script = numbered();
      await ask0({});
      const refresh = await ask0({ 'x-refrain-cache': 'refresh' });
      expect(refresh).toMatchObject({ text: whole('2'), headers: { 'x-cache': 'MISS' } });
      expect(await ask0({})).toMatchObject({ text: whole('2'), headers: { 'x-cache': 'HIT' } });
      expect((await send(proxy, { 'x-refrain-cache': 'refresh' })).headers['cache-status']).toBe(
        'refrain; fwd=bypass; detail=not-deterministic',
      );
      expect((await ask0({ 'x-refrain-cache': 'refresh', 'cache-control': 'no-store' })).headers['cache-status']).toBe(
        'refrain; fwd=bypass; detail=no-store',
      );
      expect((await ask0({ 'x-refrain-cache': 'refresh', 'cache-control': 'only-if-cached' })).status).toBe(504);
    });

    story('of two max-age the stricter counts, whichever comes last', async ({ upstream, open }) => {
      const clock = createTestClock();
      const proxy = await open({}, clock);
      upstream.script = numbered();
      await send(proxy);
      clock.advance(10_000);
      expect(wordOf(await send(proxy, { 'cache-control': 'max-age=20, max-age=10' }))).toBe('HIT');
      for (const ages of ['max-age=9, max-age=60', 'max-age=60, max-age=9']) {
        expect(wordOf(await send(proxy, { 'cache-control': ages })), ages).toBe('MISS');
        clock.advance(10_000);
      }
      expect(
        wordOf(await ask(proxy.url + CHAT, { body, headers: { 'cache-control': ['max-age=9', 'max-age=60'] } })),
      ).toBe('MISS');
    });

    story('only-if-cached is a hit or 504, and never asks the upstream', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = numbered();
      const refused = await send(proxy, { 'cache-control': 'only-if-cached' });
      expect(refused).toMatchObject({
        status: 504,
        headers: { 'x-cache': 'MISS', 'cache-status': 'refrain; detail=not_cached', 'x-should-retry': 'false' },
      });
      expect(JSON.parse(refused.text).error).toMatchObject({
        type: 'refrain_error',
        code: 'not_cached',
        param: 'cache-control',
      });
      expect(upstream.calls).toHaveLength(0);
      await send(proxy);
      expect(wordOf(await send(proxy, { 'cache-control': 'only-if-cached' }))).toBe('HIT');
      expect((await send(proxy, { 'cache-control': 'only-if-cached, no-cache' })).status).toBe(504);
      expect((await send(proxy, { 'cache-control': 'only-if-cached, no-store' })).status).toBe(504);
    });

    story(
      'x-refrain-ttl says how long the answer is kept, and a hit does not extend it',
      async ({ upstream, open }) => {
        const clock = createTestClock();
        const proxy = await open({ ttl: 1_000, maxTtl: 5_000 }, clock);
        upstream.script = numbered();
        await send(proxy, { 'x-refrain-ttl': '60' });
        clock.advance(59_000);
        expect((await send(proxy)).headers['cache-status']).toBe('refrain; hit; ttl=1; detail=memory');
        clock.advance(1_000);
        expect(wordOf(await send(proxy, { 'x-refrain-ttl': 'inf' }))).toBe('MISS');
        expect((await send(proxy)).headers['cache-status']).toBe('refrain; hit; ttl=5000; detail=memory');
      },
    );

    story('x-refrain-ttl is written as the setting is', async ({ open }) => {
      const clock = createTestClock();
      const proxy = await open({}, clock);
      for (const [ttl, seconds] of [
        ['30m', 1_800],
        ['1.5h', 5_400],
        ['45 s', 45],
        ['2d', 172_800],
        ['9999999999', 9_999_999_999],
      ] as const) {
        await send(proxy, { 'x-refrain-variant': ttl, 'x-refrain-ttl': ttl });
        expect((await send(proxy, { 'x-refrain-variant': ttl })).headers['cache-status']).toBe(
          `refrain; hit; ttl=${seconds}; detail=memory`,
        );
      }
    });

    story('x-refrain-ttl: 0 reads, but does not write', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = numbered();
      expect((await send(proxy, { 'x-refrain-ttl': '0' })).headers['cache-status']).toBe(
        'refrain; fwd=miss; detail=ttl',
      );
      expect(wordOf(await send(proxy))).toBe('MISS');
      expect(wordOf(await send(proxy, { 'x-refrain-ttl': '0' }))).toBe('HIT');
    });

    story('an answer may be kept for ever', async ({ open }) => {
      const clock = createTestClock();
      const proxy = await open({ ttl: Infinity }, clock);
      await send(proxy);
      clock.advance(1e12);
      expect((await send(proxy)).headers['cache-status']).toBe('refrain; hit; detail=memory');
    });

    story('x-refrain-variant names several samples of one request', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = numbered();
      for (const text of ['1', '2', '3'])
        expect((await send(proxy, { 'x-refrain-variant': `sample ${text}` })).text).toBe(whole(text));
      for (const text of ['1', '2', '3'])
        expect((await send(proxy, { 'x-refrain-variant': `sample ${text}` })).text).toBe(whole(text));
      expect(upstream.calls).toHaveLength(3);
    });

    story('x-refrain-cache chooses which requests are cached', async ({ upstream, open }) => {
      const proxy = await open({ cache: 'deterministic' });
      upstream.script = numbered();
      expect((await send(proxy)).headers['cache-status']).toBe('refrain; fwd=bypass; detail=not-deterministic');
      expect(wordOf(await ask(proxy.url + CHAT, { body: { ...body, temperature: 0 } }))).toBe('MISS');
      expect(wordOf(await ask(proxy.url + CHAT, { body: { ...body, seed: 7 } }))).toBe('MISS');
      expect(wordOf(await ask(proxy.url + CHAT, { body: { ...body, seed: 7 } }))).toBe('HIT');
      expect((await send(proxy, { 'x-refrain-cache': 'off' })).headers['cache-status']).toBe(
        'refrain; fwd=bypass; detail=off',
      );
      expect(wordOf(await send(proxy, { 'x-refrain-cache': 'all' }))).toBe('MISS');
      expect(wordOf(await send(proxy, { 'x-refrain-cache': 'all' }))).toBe('HIT');
    });

    story('malformed controls are refused by name', async ({ upstream, open }) => {
      const proxy = await open();
      const malformed: [string, string][] = [
        ['cache-control', 'max-age'],
        ['cache-control', 'max-age=soon'],
        ['cache-control', 'max-age=-1'],
        ['cache-control', 'max-age=1.5'],
        ['x-refrain-ttl', 'forever'],
        ['x-refrain-ttl', '-1'],
        ['x-refrain-ttl', '1w'],
        ['x-refrain-ttl', '1.5'],
        ['x-refrain-ttl', '10000000000'],
        ['x-refrain-ttl', ''],
        ['x-refrain-cache', 'maybe'],
        ['x-refrain-tags', ''],
        ['x-refrain-tags', 'a,,b'],
        ['x-refrain-tags', 'a b'],
        ['x-refrain-tags', 'x'.repeat(65)],
        ['x-refrain-tags', Array.from({ length: 17 }, (_, index) => index).join()],
        ['x-refrain-variant', ''],
        ['x-refrain-variant', 'x'.repeat(257)],
      ];
      for (const [name, value] of malformed) {
        const { status, text, headers } = await send(proxy, { [name]: value });
        expect(status, `${name}: ${value}`).toBe(400);
        expect(JSON.parse(text).error).toMatchObject({
          type: 'refrain_error',
          code: 'invalid_header',
          param: name,
          message: expect.stringContaining(name),
        });
        expect(headers['x-refrain-request-id']).toBeDefined();
      }
      expect(upstream.calls).toHaveLength(0);
    });

    story('a control that does not exist is refused, and the nearest named', async ({ upstream, open }) => {
      const proxy = await open();
      const unknown: [string, string][] = [
        ['x-refrain-tag', 'x-refrain-tags'],
        ['X-Refrain-TTLs', 'x-refrain-ttl'],
        ['x-refrain-cach', 'x-refrain-cache'],
        ['x-refrain-', 'x-refrain-ttl'],
        [`x-refrain-${'z'.repeat(9_000)}`, 'x-refrain-'],
      ];
      for (const path of [CHAT, '/v1/models']) {
        for (const [name, nearest] of unknown) {
          const { status, text } = await ask(proxy.url + path, {
            headers: { [name]: '1' },
            ...(path === CHAT && { body }),
          });
          expect(status, name).toBe(400);
          expect(JSON.parse(text).error).toMatchObject({
            code: 'invalid_header',
            param: name.toLowerCase().slice(0, 80),
            message: expect.stringContaining(nearest),
          });
        }
      }
      expect(upstream.calls).toHaveLength(0);
    });
  });
}
