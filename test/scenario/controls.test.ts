import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson, sendStream } from '../harness/answers.ts';
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
      expect(alone.headers).toMatchObject({ 'x-cache': 'BYPASS', 'cache-status': 'refrain; fwd=bypass; detail=no-store' });
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
      expect(await send(proxy, { 'cache-control': 'max-stale=5, max-age=9' })).toMatchObject({ text: whole('2'), headers: { 'x-cache': 'MISS' } });
      expect((await send(proxy, { 'cache-control': 'max-age=0' })).text).toBe(whole('2'));
    });

    story('only-if-cached is a hit or 504, and never asks the upstream', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = numbered();
      const refused = await send(proxy, { 'cache-control': 'only-if-cached' });
      expect(refused).toMatchObject({ status: 504, headers: { 'x-cache': 'MISS', 'cache-status': 'refrain; detail=not_cached' } });
      expect(JSON.parse(refused.text).error).toMatchObject({ type: 'refrain_error', code: 'not_cached', param: 'cache-control' });
      expect(upstream.calls).toHaveLength(0);
      await send(proxy);
      expect(wordOf(await send(proxy, { 'cache-control': 'only-if-cached' }))).toBe('HIT');
      expect((await send(proxy, { 'cache-control': 'only-if-cached, no-cache' })).status).toBe(504);
      expect((await send(proxy, { 'cache-control': 'only-if-cached, no-store' })).status).toBe(504);
    });

    story('x-refrain-ttl says how long the answer is kept, and a hit does not extend it', async ({ upstream, open }) => {
      const clock = createTestClock();
      const proxy = await open({ ttl: 1_000, maxTtl: 5_000 }, clock);
      upstream.script = numbered();
      await send(proxy, { 'x-refrain-ttl': '60' });
      clock.advance(59_000);
      expect((await send(proxy)).headers['cache-status']).toBe('refrain; hit; ttl=1; detail=memory');
      clock.advance(1_000);
      expect(wordOf(await send(proxy, { 'x-refrain-ttl': 'inf' }))).toBe('MISS');
      expect((await send(proxy)).headers['cache-status']).toBe('refrain; hit; ttl=5000; detail=memory');
    });

    story('x-refrain-ttl: 0 reads, but does not write', async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = numbered();
      expect((await send(proxy, { 'x-refrain-ttl': '0' })).headers['cache-status']).toBe('refrain; fwd=miss; detail=ttl');
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
      for (const text of ['1', '2', '3']) expect((await send(proxy, { 'x-refrain-variant': `sample ${text}` })).text).toBe(whole(text));
      for (const text of ['1', '2', '3']) expect((await send(proxy, { 'x-refrain-variant': `sample ${text}` })).text).toBe(whole(text));
      expect(upstream.calls).toHaveLength(3);
    });

    story('x-refrain-cache chooses which requests are cached', async ({ upstream, open }) => {
      const proxy = await open({ cache: 'deterministic' });
      upstream.script = numbered();
      expect((await send(proxy)).headers['cache-status']).toBe('refrain; fwd=bypass; detail=not-deterministic');
      expect(wordOf(await ask(proxy.url + CHAT, { body: { ...body, temperature: 0 } }))).toBe('MISS');
      expect(wordOf(await ask(proxy.url + CHAT, { body: { ...body, seed: 7 } }))).toBe('MISS');
      expect(wordOf(await ask(proxy.url + CHAT, { body: { ...body, seed: 7 } }))).toBe('HIT');
      expect((await send(proxy, { 'x-refrain-cache': 'off' })).headers['cache-status']).toBe('refrain; fwd=bypass; detail=off');
      expect(wordOf(await send(proxy, { 'x-refrain-cache': 'all' }))).toBe('MISS');
      expect(wordOf(await send(proxy, { 'x-refrain-cache': 'all' }))).toBe('HIT');
    });

    story('malformed controls are refused by name', async ({ upstream, open }) => {
      const proxy = await open();
      const malformed: [string, string][] = [
        ['cache-control', 'max-age'], ['cache-control', 'max-age=soon'], ['cache-control', 'max-age=-1'], ['cache-control', 'max-age=1.5'],
        ['x-refrain-ttl', 'forever'], ['x-refrain-ttl', '-1'], ['x-refrain-ttl', '1h'], ['x-refrain-ttl', ''],
        ['x-refrain-cache', 'maybe'], ['x-refrain-variant', ''], ['x-refrain-variant', 'x'.repeat(257)],
      ];
      for (const [name, value] of malformed) {
        const { status, text, headers } = await send(proxy, { [name]: value });
        expect(status, `${name}: ${value}`).toBe(400);
        expect(JSON.parse(text).error).toMatchObject({ type: 'refrain_error', code: 'invalid_header', param: name, message: expect.stringContaining(name) });
        expect(headers['x-refrain-request-id']).toBeDefined();
      }
      expect(upstream.calls).toHaveLength(0);
    });
  });
}

story('an answer whose upstream said no-store is not kept', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = (call) => sendJson(call, chatAnswer(), 200, { 'cache-control': 'private, no-store' });
  expect((await ask(proxy.url + CHAT, { body: chatRequest() })).headers['cache-status']).toBe('refrain; fwd=miss; detail=upstream-no-store');
  expect(wordOf(await ask(proxy.url + CHAT, { body: chatRequest() }))).toBe('MISS');
});

story('no-store counts on whichever line of Cache-Control the upstream says it', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = ({ response }) => response.writeHead(200, ['content-type', 'application/json', 'cache-control', 'private', 'cache-control', 'no-store']).end(chatAnswer());
  await ask(proxy.url + CHAT, { body: chatRequest() });
  expect(wordOf(await ask(proxy.url + CHAT, { body: chatRequest() }))).toBe('MISS');
});

story('where nothing may be kept, nobody follows: each gets the answer from its beginning', async ({ upstream, open }) => {
  const proxy = await open({ maxEntryBytes: 0 });
  upstream.script = beginStream;
  const first = await begin(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
  const [begun, ...rest] = chatEvents();
  upstream.calls[0]?.response.write(begun);
  await first.receives(1);
  const second = await begin(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
  upstream.calls[0]?.response.end(rest.join(''));
  upstream.calls[1]?.response.end(chatEvents().join(''));
  for (const { ended } of [first, second]) expect(await ended).toMatchObject({ text: chatEvents().join(''), broken: false, headers: { 'x-cache': 'MISS' } });
});

story('an answer beyond maxEntryBytes is relayed live, and latecomers fetch their own', async ({ upstream, open }) => {
  const proxy = await open({ maxEntryBytes: 1_000 });
  const long = chatAnswer('x'.repeat(400_000));
  upstream.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': long.length });
    response.write(long.slice(0, 500));
  };
  const body = chatRequest();
  const clients = [await begin(proxy.url + CHAT, { body }), await begin(proxy.url + CHAT, { body })];
  const { response } = await upstream.called(1);
  response.write(long.slice(500, 5_000));
  await Promise.all(clients.map((client) => client.receives(5_000)));
  upstream.script = (call) => sendJson(call, long);
  expect(await ask(proxy.url + CHAT, { body })).toMatchObject({ text: long, headers: { 'x-cache': 'MISS' } });
  response.end(long.slice(5_000));
  for (const { ended } of clients) expect(await ended).toMatchObject({ text: long, broken: false });
  expect(wordOf(await ask(proxy.url + CHAT, { body }))).toBe('MISS');
});

const STATEFUL: readonly (readonly [string, string, object])[] = [
  ['store', CHAT, { store: true }],
  ['web-search', CHAT, { web_search_options: {} }],
  ['web-search', CHAT, { model: 'gpt-4o-search-preview' }],
  ['audio', CHAT, { modalities: ['text', 'audio'] }],
  ['hosted-tool', CHAT, { tools: [{ type: 'somebody_elses' }] }],
  ['conversation', '/v1/responses', { conversation: 'conv_1' }],
  ['conversation', '/v1/responses', { conversation: { id: 'conv_1' } }],
  ['background', '/v1/responses', { background: true }],
  ['previous-response', '/v1/responses', { previous_response_id: 'resp_1' }],
  ['item-reference', '/v1/responses', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
  ['item-reference', '/v1/responses', { input: [{ id: 'msg_1' }] }],
  ['item-reference', '/v1/responses', { input: [{ type: null, id: 'msg_1' }] }],
  ['ambiguous', '/v1/responses', { Previous_Response_Id: 'resp_1' }],
  ['unpinned-prompt', '/v1/responses', { prompt: { id: 'pmpt_1' } }],
  ['web-search', '/v1/responses', { tools: [{ type: 'web_search' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'function', name: 'f' }, { type: 'mcp' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'code_interpreter' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'file_search' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'image_generation' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'shell', environment: { type: 'container_auto' } }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'tool_of_tomorrow' }] }],
];

describe('a request that is more than its bytes is a bypass', () => {
  for (const [why, path, fields] of STATEFUL) {
    story(`${why}: ${JSON.stringify(fields)}`, async ({ upstream, open }) => {
      const proxy = await open();
      const body = { model: 'm', messages: [], input: 'x', ...fields };
      for (let turn = 0; turn < 2; turn++) {
        expect((await ask(proxy.url + path, { body })).headers).toMatchObject({ 'x-cache': 'BYPASS', 'cache-status': `refrain; fwd=bypass; detail=${why}` });
      }
      expect(upstream.calls).toHaveLength(2);
    });
  }

  for (const fields of [
    { store: true }, { store: null }, { tools: [{ type: 'function', name: 'f' }, { type: 'apply_patch' }] }, { prompt: { id: 'p', version: '2' } },
    { tools: [{ type: 'web_search', external_web_access: false }] }, { tools: [{ type: 'shell', environment: { type: 'local' } }] }, { background: false, conversation: null },
  ]) {
    story(`but not a response with ${JSON.stringify(fields)}`, async ({ open }) => {
      const proxy = await open();
      const body = { model: 'm', input: 'x', ...fields };
      await ask(`${proxy.url}/v1/responses`, { body });
      expect(wordOf(await ask(`${proxy.url}/v1/responses`, { body }))).toBe('HIT');
    });
  }

  for (const [why, body] of [
    ['not-json', '{"model":'], ['not-object', '[]'], ['ambiguous', '{"stream":true,"stream":false,"messages":[]}'], ['ambiguous', '{"tools":[{"type":"function","type":"mcp"}]}'],
  ] as const) {
    story(`${why}: ${body}`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, chatAnswer());
      const answer = await ask(proxy.url + CHAT, { body });
      expect(answer.headers['cache-status']).toBe(`refrain; fwd=bypass; detail=${why}`);
      expect(upstream.calls[0]?.body.toString()).toBe(body);
    });
  }

  story('a response that is stored does not answer one that is not, nor the other way round', async ({ upstream, open }) => {
    const proxy = await open();
    const words = [];
    for (const fields of [{}, { store: true }, { store: false }]) words.push(wordOf(await ask(`${proxy.url}/v1/responses`, { body: { input: 'x', ...fields } })));
    expect(words).toEqual(['MISS', 'HIT', 'MISS']);
    expect(upstream.calls).toHaveLength(2);
  });

  story('deleting a response upstream drops it here', async ({ upstream, open }) => {
    const proxy = await open();
    const body = { input: 'x' };
    await ask(`${proxy.url}/v1/responses`, { body });
    await ask(`${proxy.url}/v1/responses/resp_other`, { method: 'DELETE' });
    expect(wordOf(await ask(`${proxy.url}/v1/responses`, { body }))).toBe('HIT');
    await ask(`${proxy.url}/v1/responses/resp_1`, { method: 'DELETE' });
    expect(wordOf(await ask(`${proxy.url}/v1/responses`, { body }))).toBe('MISS');
    expect(upstream.calls.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'DELETE', 'POST']);
  });
});

story('a purge while the answer is on its way: it is delivered, not kept', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = beginStream;
  const live = await begin(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
  const { response } = await upstream.called(1);
  const [key = ''] = proxy.app.cache.keysInTheAir();
  proxy.app.cache.purge(key);
  response.end(chatEvents().join(''));
  expect(await live.ended).toMatchObject({ text: chatEvents().join(''), broken: false });
  expect(proxy.lines).toContainEqual(expect.objectContaining({ msg: 'answer not kept', why: 'purged', key: key.slice(0, 16) }));
  upstream.script = (call) => sendStream(call, chatEvents());
  expect(wordOf(await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) }))).toBe('MISS');
});
