/**
 * An upstream that says `Cache-Control: no-store`: its answer is for who asked.
 */
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { type Answer, ask, begin } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { Call } from '../harness/upstream.ts';

const wordOf = ({ headers }: Answer) => headers['x-cache'];
const BODY = { body: chatRequest() };
const STREAM = { body: chatRequest('x', { stream: true }) };
const NO_STORE = { 'cache-control': 'no-store' };

const beginAlone = ({ response }: Call, first: string) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(first);
};

describe('an answer that may not be stored', () => {
  story('is played to nobody who waits for it: each asks for itself, at once', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = () => {};
    const asked = Array.from({ length: 20 }, () => ask(proxy.url + CHAT, BODY));
    const first = await upstream.called(1);
    await until(() => proxy.app.admission.listeners === 20);
    sendJson(first, chatAnswer('number 1'), 200, NO_STORE);
    await upstream.called(20);
    for (const [index, call] of upstream.calls.entries())
      if (index > 0) sendJson(call, chatAnswer(`number ${index + 1}`), 200, NO_STORE);
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(20);
    for (const { headers } of answers)
      expect(headers).toMatchObject({
        'x-cache': 'MISS',
        'cache-status': 'refrain; fwd=miss; detail=upstream-no-store',
      });
    expect(proxy.app.ledger.counts()).toMatchObject({ requests: 20, miss: 20, follow: 0 });
  });

  story('is not joined once its head is known', async ({ upstream, open }) => {
    const proxy = await open();
    const [role = '', ...rest] = chatEvents();
    upstream.script = (call) => beginAlone(call, role);
    const live = [await begin(proxy.url + CHAT, STREAM), await begin(proxy.url + CHAT, STREAM)];
    expect(live.map(({ message }) => message.headers['x-cache'])).toEqual(['MISS', 'MISS']);
    for (const { response } of upstream.calls) response.end(rest.join(''));
    for (const { ended } of live) expect(await ended).toMatchObject({ text: chatEvents().join(''), broken: false });
    expect(upstream.calls).toHaveLength(2);
  });

  story(
    'does not hold up what may be stored: the next such answer is followed and kept',
    async ({ upstream, open }) => {
      const proxy = await open();
      const [role = '', ...rest] = chatEvents();
      upstream.script = (call) => beginAlone(call, role);
      const alone = await begin(proxy.url + CHAT, STREAM);
      upstream.script = beginStream;
      const refresh = await begin(proxy.url + CHAT, { ...STREAM, headers: { 'cache-control': 'no-cache' } });
      (await upstream.called(2)).response.end(chatEvents().join(''));
      await refresh.ended;
      expect(wordOf(await ask(proxy.url + CHAT, STREAM))).toBe('HIT');
      upstream.calls[0]?.response.end(rest.join(''));
      await alone.ended;
      expect(wordOf(await ask(proxy.url + CHAT, STREAM))).toBe('HIT');
    },
  );

  story('of an error is shared with those who wait, as any error', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = () => {};
    const asked = [ask(proxy.url + CHAT, BODY), ask(proxy.url + CHAT, BODY)];
    const call = await upstream.called(1);
    await until(() => proxy.app.admission.listeners === 2);
    sendJson(call, '{"error":{"message":"no"}}', 500, NO_STORE);
    expect((await Promise.all(asked)).map(wordOf).sort()).toEqual(['FOLLOW', 'MISS']);
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('the same in the spelling of those who do not know it', () => {
  story('is obeyed too: in doubt an answer is not stored', async ({ upstream, open }) => {
    const proxy = await open();
    const spellings = [
      'no-cache; no-store; must-revalidate',
      'private;no-store',
      'no-store;',
      'no-store="x"',
      'max-age=0 , NO-STORE',
    ];
    for (const spelling of spellings) {
      upstream.script = (call) => sendJson(call, chatAnswer(), 200, { 'cache-control': spelling });
      const asking = { body: chatRequest(spelling) };
      const words = [wordOf(await ask(proxy.url + CHAT, asking)), wordOf(await ask(proxy.url + CHAT, asking))];
      expect(words, spelling).toEqual(['MISS', 'MISS']);
    }
    upstream.script = (call) => sendJson(call, chatAnswer(), 200, { 'cache-control': 'x-no-store, no-storeys' });
    expect([wordOf(await ask(proxy.url + CHAT, BODY)), wordOf(await ask(proxy.url + CHAT, BODY))]).toEqual([
      'MISS',
      'HIT',
    ]);
  });
});

describe('noStore=ignore', () => {
  story('keeps and shares what its upstream marks so', async ({ upstream, open }) => {
    const proxy = await open({ noStore: 'ignore' });
    upstream.script = () => {};
    const asked = [ask(proxy.url + CHAT, BODY), ask(proxy.url + CHAT, BODY)];
    const call = await upstream.called(1);
    await until(() => proxy.app.admission.listeners === 2);
    sendJson(call, chatAnswer(), 200, NO_STORE);
    expect((await Promise.all(asked)).map(wordOf).sort()).toEqual(['FOLLOW', 'MISS']);
    expect((await ask(proxy.url + CHAT, BODY)).headers).toMatchObject({
      'x-cache': 'HIT',
      'cache-control': 'private, no-store',
    });
  });

  story('is of the upstream that says so', async ({ upstream, open }) => {
    const proxy = await open({
      noStore: 'ignore',
      upstreams: { strict: { url: `${upstream.url}/strict/v1`, noStore: 'obey' }, same: { url: `${upstream.url}/v2` } },
    });
    upstream.script = (call) => sendJson(call, chatAnswer(), 200, NO_STORE);
    const words = [];
    for (const name of ['', '/strict', '/same'])
      for (let turn = 0; turn < 2; turn++) words.push(wordOf(await ask(proxy.url + name + CHAT, BODY)));
    expect(words).toEqual(['MISS', 'HIT', 'MISS', 'MISS', 'MISS', 'HIT']);
  });

  story('says nothing of what a request wants: its own no-store holds', async ({ upstream, open }) => {
    const proxy = await open({ noStore: 'ignore' });
    for (let turn = 0; turn < 2; turn++)
      expect(wordOf(await ask(proxy.url + CHAT, { ...BODY, headers: NO_STORE }))).toBe('BYPASS');
    expect(upstream.calls).toHaveLength(2);
  });
});
