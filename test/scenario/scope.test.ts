import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import type { Call } from '../harness/upstream.ts';

const BODY = chatRequest();

describe('two callers never share a hit', () => {
  for (const [what, one, other] of [
    ['authorization', { authorization: 'Bearer sk-1' }, { authorization: 'Bearer sk-2' }],
    ['no credential', {}, { authorization: 'Bearer sk-2' }],
    ['api-key', { 'api-key': 'k1' }, { 'api-key': 'k2' }],
    ['x-api-key', { 'x-api-key': 'k1' }, { 'x-api-key': 'k2' }],
    [
      'organisation',
      { authorization: 'Bearer sk-1', 'openai-organization': 'org-1' },
      { authorization: 'Bearer sk-1', 'openai-organization': 'org-2' },
    ],
    [
      'project',
      { authorization: 'Bearer sk-1', 'openai-project': 'p-1' },
      { authorization: 'Bearer sk-1', 'openai-project': 'p-2' },
    ],
    ['a second credential', { authorization: 'Bearer sk-1' }, { authorization: ['Bearer sk-1', 'Bearer sk-2'] }],
    ['the same secret under another header', { 'api-key': 'k1' }, { 'x-api-key': 'k1' }],
  ] as const) {
    story(`by ${what}`, async ({ upstream, open }) => {
      const proxy = await open();
      for (const headers of [one, other]) {
        expect(
          (await ask(proxy.url + CHAT, { body: BODY, headers: headers as Record<string, string> })).headers['x-cache'],
        ).toBe('MISS');
        expect(
          (await ask(proxy.url + CHAT, { body: BODY, headers: headers as Record<string, string> })).headers['x-cache'],
        ).toBe('HIT');
      }
      expect(upstream.calls).toHaveLength(2);
    });
  }
});

story('two callers never share a flight', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = () => {};
  const clients = ['sk-1', 'sk-2'].map((key) =>
    ask(proxy.url + CHAT, { body: BODY, headers: { authorization: `Bearer ${key}` } }),
  );
  for (const call of [await upstream.called(1), await upstream.called(2)])
    sendJson(call, chatAnswer(call.headers.authorization));
  expect((await Promise.all(clients)).map(({ text }) => text)).toEqual([
    chatAnswer('Bearer sk-1'),
    chatAnswer('Bearer sk-2'),
  ]);
});

const digest = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`;

describe('a shared scope that the operator declares', () => {
  story('is shared by its members alone', async ({ upstream, open }) => {
    const proxy = await open({
      scope: { shared: 'team', members: [digest('sk-1'), digest('sk-2')] },
      auth: { recheck: null },
    });
    const words = [];
    for (const key of ['sk-1', 'sk-2', 'sk-3']) {
      words.push(
        (await ask(proxy.url + CHAT, { body: BODY, headers: { authorization: `Bearer ${key}` } })).headers['x-cache'],
      );
    }
    expect(words).toEqual(['MISS', 'HIT', 'MISS']);
    expect(upstream.calls).toHaveLength(2);
  });

  story('may be open to every caller', async ({ upstream, open }) => {
    const proxy = await open({ scope: { shared: 'everyone', members: ['*'] } });
    await ask(proxy.url + CHAT, { body: BODY, headers: { authorization: 'Bearer sk-1' } });
    expect((await ask(proxy.url + CHAT, { body: BODY })).headers['x-cache']).toBe('HIT');
    expect(upstream.calls).toHaveLength(1);
  });
});

story('in a shared scope nobody is refused for the credential of another', async ({ upstream, open }) => {
  const proxy = await open({ scope: { shared: 'everyone', members: ['*'] } });
  const askAs = (key: string) => ask(proxy.url + CHAT, { body: BODY, headers: { authorization: `Bearer ${key}` } });
  upstream.script = () => {};
  const [bad, good, other] = [askAs('bad'), askAs('good'), askAs('other')];
  const answer = (call: Call) =>
    call.headers.authorization === 'Bearer bad'
      ? sendJson(call, '{"error":{"message":"bad key"}}', 401)
      : sendJson(call, chatAnswer());
  const leader = await upstream.called(1);
  upstream.script = answer;
  answer(leader);
  expect((await bad).status).toBe(401);
  expect(await good).toMatchObject({ status: 200, text: chatAnswer() });
  expect(await other).toMatchObject({ status: 200, text: chatAnswer() });
  expect(upstream.calls.length).toBeLessThanOrEqual(3);
});

story(
  'what names the answer beside the body is in the key: path, query, headers, upstream',
  async ({ upstream, open }) => {
    const proxy = await open({ upstreams: { other: { url: `${upstream.url}/v2` } } });
    const asked: [string, Record<string, string>][] = [
      ['/v1/chat/completions', {}],
      ['/openai/deployments/d/chat/completions?api-version=1', {}],
      ['/openai/deployments/d/chat/completions?api-version=2', {}],
      ['/other/chat/completions', {}],
      ['/v1/chat/completions', { 'openai-beta': 'x' }],
      ['/v1/chat/completions', { 'x-unheard-of': 'x' }],
      ['/v1/chat/completions', { 'content-type': 'text/plain' }],
    ];
    for (const [path, headers] of asked)
      expect((await ask(proxy.url + path, { body: BODY, headers })).headers['x-cache'], path).toBe('MISS');
    const same: Record<string, string>[] = [
      {
        'user-agent': 'x',
        'x-stainless-retry-count': '1',
        accept: 'text/event-stream',
        traceparent: '00-1',
        'x-request-id': '1',
        'content-type': 'application/json; charset=utf-8',
      },
    ];
    for (const headers of same)
      expect((await ask(proxy.url + CHAT, { body: BODY, headers })).headers['x-cache']).toBe('HIT');
    expect(upstream.calls.map(({ url }) => url)).toEqual([
      '/v1/chat/completions',
      '/v1/openai/deployments/d/chat/completions?api-version=1',
      '/v1/openai/deployments/d/chat/completions?api-version=2',
      '/v2/chat/completions',
      '/v1/chat/completions',
      '/v1/chat/completions',
      '/v1/chat/completions',
    ]);
  },
);

story('the operator may leave further fields and headers out of the key', async ({ upstream, open }) => {
  const proxy = await open({ key: { ignore: ['/metadata/trace', '/seed', 'header:x-trace'] } });
  const words = [];
  for (const [body, headers] of [
    [chatRequest('x', { metadata: { trace: 1, run: 1 }, seed: 1 }), { 'x-trace': '1' }],
    [chatRequest('x', { metadata: { trace: 2, run: 1 }, seed: 2 }), { 'x-trace': '2' }],
    [chatRequest('x', { metadata: { trace: 2, run: 2 }, seed: 2 }), { 'x-trace': '2' }],
  ] as const)
    words.push((await ask(proxy.url + CHAT, { body, headers })).headers['x-cache']);
  expect(words).toEqual(['MISS', 'HIT', 'MISS']);
  expect(JSON.parse(upstream.calls[1]?.body.toString() ?? '')).toMatchObject({ metadata: { trace: 2, run: 2 } });
});
