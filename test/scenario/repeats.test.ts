import { describe, expect } from 'vitest';
import { chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';

const ASKED: readonly (readonly [string, string, object])[] = [
  ['a chat answer', '/v1/chat/completions', chatRequest()],
  [
    'a chat stream',
    '/v1/chat/completions',
    chatRequest('x', { stream: true, stream_options: { include_usage: true } }),
  ],
  ['a response', '/v1/responses', { model: 'gpt-test', input: 'x' }],
  ['a responses stream', '/v1/responses', { model: 'gpt-test', input: 'x', stream: true }],
  ['embeddings', '/v1/embeddings', { model: 'embed-test', input: ['x', 'y'] }],
  ['a completion', '/v1/completions', { model: 'gpt-test', prompt: 'x' }],
  ['a completion stream', '/v1/completions', { model: 'gpt-test', prompt: 'x', stream: true }],
  ['a moderation', '/v1/moderations', { input: 'x' }],
];

describe('an equal request', () => {
  for (const [what, path, body] of ASKED) {
    story(`is answered once, with the same bytes: ${what}`, async ({ upstream, open }) => {
      const clock = createTestClock();
      const proxy = await open({ ttl: 100 }, clock);
      const direct = await ask(upstream.url + path, { body });
      const first = await ask(proxy.url + path, { body });
      clock.advance(7_900);
      const second = await ask(proxy.url + path, { body });

      expect(upstream.calls).toHaveLength(2);
      expect(first.body).toEqual(direct.body);
      expect(second.body).toEqual(direct.body);
      expect(first.headers).toMatchObject({ 'x-cache': 'MISS', 'cache-status': 'refrain; fwd=miss' });
      expect(first.headers.age).toBeUndefined();
      expect(second.status).toBe(200);
      expect(second.headers).toMatchObject({
        'x-cache': 'HIT',
        'cache-status': 'refrain; hit; ttl=93; detail=memory',
        age: '7',
        'content-type': direct.headers['content-type'],
        'content-length': String(direct.body.length),
        'cache-control': 'private, no-store',
        'x-request-id': 'req_first',
        'openai-version': '2020-10-01',
      });
      expect(second.headers['x-refrain-key']).toMatch(/^[0-9a-f]{16}$/);
      expect(second.headers['x-refrain-key']).toBe(first.headers['x-refrain-key']);
      expect(second.headers['x-refrain-request-id']).not.toBe(first.headers['x-refrain-request-id']);
    });
  }

  story("keeps nothing of the first caller's session in a hit", async ({ open }) => {
    const proxy = await open();
    const first = await ask(proxy.url + '/v1/chat/completions', { body: chatRequest() });
    expect(first.headers['set-cookie']).toBeUndefined();
    const second = await ask(proxy.url + '/v1/chat/completions', { body: chatRequest() });
    for (const name of [
      'set-cookie',
      'x-ratelimit-remaining-requests',
      'openai-processing-ms',
      'openai-organization',
      'cf-ray',
      'strict-transport-security',
      'transfer-encoding',
    ]) {
      expect(second.headers[name], name).toBeUndefined();
    }
  });

  story('may be spelled differently: base URL, white space, key order, escapes, labels', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    const spellings: [string, string][] = [
      ['/v1/chat/completions', '{"model":"m","messages":[{"role":"user","content":"é"}]}'],
      ['/chat/completions', '{ "messages": [ {"content":"\\u00e9", "role":"user"} ],\n "model":"m" }'],
      [
        '//v1//chat/completions',
        '{"user":"u-1","metadata":{"run":"7"},"model":"m","messages":[{"role":"user","content":"é"}],"stream":false}',
      ],
    ];
    const answers = [];
    for (const [path, body] of spellings) answers.push(await ask(proxy.url + path, { body }));
    expect(answers.map(({ headers }) => headers['x-cache'])).toEqual(['MISS', 'HIT', 'HIT']);
    expect(upstream.calls.map(({ url }) => url)).toEqual(['/v1/chat/completions']);
  });

  story('in another form asks the upstream again where none is derived', async ({ upstream, open }) => {
    const proxy = await open({ forms: 'exact' });
    const path = `${proxy.url}/v1/chat/completions`;
    const forms = [
      {},
      { stream: true },
      { stream: true, stream_options: { include_usage: true } },
      { stream: true, stream_options: { include_obfuscation: false } },
    ];
    for (const form of forms)
      expect((await ask(path, { body: chatRequest('x', form) })).headers['x-cache']).toBe('MISS');
    for (const form of forms)
      expect((await ask(path, { body: chatRequest('x', form) })).headers['x-cache']).toBe('HIT');
    expect(upstream.calls).toHaveLength(4);
  });

  story('reaches the upstream as the bytes that were received', async ({ upstream, open }) => {
    const proxy = await open();
    const body = Buffer.from(
      ' {"model":"m",\r\n"n":1.0,"seed":9007199254740993,"x":1,"x":2,' +
        '"messages":[{"content":"\\ud83c\\udf0a","role":"user"}]}\t',
    );
    await ask(`${proxy.url}/v1/chat/completions?b=2&a=1`, {
      body,
      headers: { authorization: 'Bearer sk-test', 'X-Stainless-Lang': 'js', 'x-refrain-ttl': '5' },
    });
    const [call] = upstream.calls;
    expect(call?.body).toEqual(body);
    expect(call?.url).toBe('/v1/chat/completions?b=2&a=1');
    expect(call?.headers).toMatchObject({
      authorization: 'Bearer sk-test',
      'content-length': String(body.length),
      host: new URL(upstream.url).host,
    });
    expect(call?.rawHeaders).toContain('X-Stainless-Lang');
    expect(Object.keys(call?.headers ?? {}).filter((name) => name.startsWith('x-refrain'))).toEqual([]);
  });

  story('that the upstream spreads over time is relayed as it comes', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    };
    const live = await begin(`${proxy.url}/v1/chat/completions`, { body: chatRequest('x', { stream: true }) });
    const { response } = await upstream.called(1);
    expect(live.message.headers['x-accel-buffering']).toBe('no');
    let sent = 0;
    for (const piece of [
      'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"sto',
      'p"}]}\r\n\r\n',
      ': a comment\n\n',
      'data:[DONE]\n\n\n',
    ]) {
      response.write(piece);
      await live.receives((sent += piece.length));
    }
    response.end();
    const answer = await live.ended;
    expect(answer.broken).toBe(false);
    expect((await ask(`${proxy.url}/v1/chat/completions`, { body: chatRequest('x', { stream: true }) })).body).toEqual(
      answer.body,
    );
  });
});

story('a path that comes to the same is the same question', async ({ upstream, open }) => {
  const proxy = await open();
  const body = JSON.stringify(chatRequest());
  expect((await ask(`${proxy.url}/v1/chat/completions`, { body })).headers['x-cache']).toBe('MISS');
  for (const path of ['/v1/./chat/completions', '/v1/x/../chat/completions', '/%2e/v1/chat/%2E%2e/chat/completions']) {
    const lines = ['host: x', 'content-type: application/json', 'connection: close', `content-length: ${body.length}`];
    const reply = await talk(proxy.url, (socket) =>
      socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`),
    );
    expect(reply, path).toMatch(/\r\nx-cache: HIT\r\n/);
  }
  expect(upstream.calls).toHaveLength(1);
});
