/**
 * The headers that go up with a request and come back with its answer, one by
 * one, where a neighbour of theirs is treated otherwise.
 */
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';

const countOf = (raw: readonly string[], name: string) =>
  raw.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name).length;

describe('on the way up', () => {
  story(
    "one coding is asked for where the answer may be shared, and the client's own elsewhere",
    async ({ upstream, open }) => {
      const proxy = await open();
      const headers = { 'accept-encoding': 'gzip, br' };
      await ask(proxy.url + CHAT, { body: chatRequest(), headers });
      await ask(`${proxy.url}/v1/models`, { headers });
      const [shared, own] = upstream.calls;
      expect([shared?.headers['accept-encoding'], countOf(shared?.rawHeaders ?? [], 'accept-encoding')]).toEqual([
        'identity',
        1,
      ]);
      expect([own?.headers['accept-encoding'], countOf(own?.rawHeaders ?? [], 'accept-encoding')]).toEqual([
        'gzip, br',
        1,
      ]);
    },
  );

  story('no expectation goes, known or not, and no mark of ours', async ({ upstream, open }) => {
    const proxy = await open();
    for (const path of [CHAT, '/v1/files'])
      await ask(proxy.url + path, {
        body: chatRequest(),
        headers: { expect: '200-ok', 'x-cache': 'HIT', 'x-refrain-ttl': '5' },
      });
    for (const { headers } of upstream.calls)
      expect(Object.keys(headers).filter((name) => /^(expect|x-cache|x-refrain.*)$/.test(name))).toEqual([]);
    expect(upstream.calls).toHaveLength(2);
  });

  story('a header goes no further that Connection names, in whatever case', async ({ upstream, open }) => {
    const proxy = await open();
    for (const named of ['x-odd', 'X-Odd', 'close ,\tX-ODD'])
      await ask(proxy.url + CHAT, {
        body: chatRequest(named),
        headers: { 'x-odd': 'hop', 'x-even': 'passes', connection: named },
      });
    expect(upstream.calls.map(({ headers }) => [headers['x-odd'], headers['x-even']])).toEqual(
      Array(3).fill([undefined, 'passes']),
    );
  });

  story('two hosts are refused, also where Connection names them', async ({ upstream, open }) => {
    const proxy = await open();
    const text = await talk(proxy.url, (socket) =>
      socket.write('GET /v1/models HTTP/1.1\r\nhost: x\r\nhost: y\r\nconnection: close, host\r\n\r\n'),
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(upstream.calls).toEqual([]);
  });
});

describe('on the way back', () => {
  story("x-accel-buffering is ours in a stream, once, and the upstream's own elsewhere", async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, chatAnswer(), 200, { 'x-accel-buffering': 'yes' });
    expect((await ask(proxy.url + CHAT, { body: chatRequest() })).headers['x-accel-buffering']).toBe('yes');
    upstream.script = ({ response }) =>
      response
        .writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'yes' })
        .end(chatEvents().join(''));
    const stream = await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
    expect([stream.headers['x-accel-buffering'], countOf(stream.rawHeaders, 'x-accel-buffering')]).toEqual(['no', 1]);
  });

  story('nobody downstream keeps what is not said to be kept', async ({ upstream, open }) => {
    const proxy = await open();
    const models = () => ask(`${proxy.url}/v1/models`);
    expect((await models()).headers['cache-control']).toBe('private, no-store');
    upstream.script = (call) => sendJson(call, '{}', 200, { 'cache-control': 'public, max-age=5' });
    expect((await models()).headers['cache-control']).toBe('public, max-age=5');
    upstream.script = (call) => sendJson(call, chatAnswer(), 200, { 'cache-control': 'public, max-age=5' });
    expect((await ask(proxy.url + CHAT, { body: chatRequest() })).headers['cache-control']).toBe('private, no-store');
  });

  story("whoever follows gets nothing of the leader's account, limits or time", async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = beginStream;
    const asking = { body: chatRequest('x', { stream: true }) };
    const leader = await begin(proxy.url + CHAT, asking);
    const follower = await begin(proxy.url + CHAT, asking);
    (await upstream.called(1)).response.end(chatEvents().join(''));
    await Promise.all([leader.ended, follower.ended]);
    const personal = [
      'openai-organization',
      'openai-processing-ms',
      'x-ratelimit-remaining-requests',
      'cf-ray',
      'strict-transport-security',
    ];
    expect(Object.keys(leader.message.headers)).toEqual(expect.arrayContaining(personal));
    expect(Object.keys(follower.message.headers).filter((name) => personal.includes(name))).toEqual([]);
    expect(follower.message.headers).toMatchObject({
      'x-cache': 'FOLLOW',
      'x-request-id': 'req_first',
      'openai-version': '2020-10-01',
    });
    expect(follower.message.headers.age).toBeUndefined();
  });
});
