/**
 * An upstream that leads back to the proxy that asks it.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { freePort } from '../harness/port.ts';
import { story } from '../harness/story.ts';
import { startUpstream } from '../harness/upstream.ts';

const LOOP = { status: 508, headers: { 'x-should-retry': 'false' } };

describe('Via', () => {
  for (const [path, asking] of [
    [CHAT, { body: chatRequest() }],
    ['/v1/models', {}],
    [CHAT, { body: chatRequest(), headers: { 'cache-control': 'no-store' } }],
  ] as const) {
    story(
      `names this process to the upstream, after those who carried the request before: ${path} ` +
        `${JSON.stringify('headers' in asking)}`,
      async ({ upstream, open }) => {
        const proxies = [await open(), await open()];
        for (const proxy of proxies) await ask(proxy.url + path, asking);
        await ask(`${proxies[0]?.url}${path}`, {
          ...asking,
          headers: {
            ...('headers' in asking && asking.headers),
            'cache-control': 'no-cache',
            Via: ['1.0 fred', '1.1 p.example.net (Apache/1.1)'],
          },
        });
        const sent = upstream.calls.map(({ rawHeaders }) =>
          rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === 'via'),
        );
        expect(sent[0]).toEqual([expect.stringMatching(/^1\.1 refrain-[0-9a-f]{16}$/)]);
        expect(sent[1]).not.toEqual(sent[0]);
        expect(sent[2]).toEqual(['1.0 fred', `1.1 p.example.net (Apache/1.1), ${sent[0]}`]);
      },
    );
  }

  story('is no part of the key', async ({ open }) => {
    const proxy = await open();
    await ask(proxy.url + CHAT, { body: chatRequest() });
    expect(
      (await ask(proxy.url + CHAT, { body: chatRequest(), headers: { via: '1.1 fred' } })).headers['x-cache'],
    ).toBe('HIT');
  });
});

describe('a request that comes back is answered 508', () => {
  for (const [what, path, asking] of [
    ['a question', CHAT, { body: chatRequest() }],
    ['a stream', CHAT, { body: chatRequest('x', { stream: true }) }],
    ['another path', '/v1/models', {}],
    ['an upload', '/v1/files', { method: 'POST', body: Buffer.alloc(200_000, 'x') }],
  ] as const) {
    story(what, async ({ upstream, open }) => {
      // A gateway that sends everything back to where it came from; only the proxy knows that.
      const gateway = await startUpstream(async (call) => {
        const { host: _, ...headers } = call.headers;
        const answer = await ask(proxy.url + call.url, {
          method: call.method,
          headers: headers as Record<string, string>,
          body: call.method === 'GET' ? undefined : call.body,
        } as object);
        call.response
          .writeHead(answer.status, {
            'content-type': 'application/json',
            'x-should-retry': answer.headers['x-should-retry'] as string,
          })
          .end(answer.body);
      });
      const proxy = await open({ upstream: `${gateway.url}/v1` });
      const answer = await ask(proxy.url + path, asking);
      expect(answer).toMatchObject(LOOP);
      expect(JSON.parse(answer.text).error).toMatchObject({
        type: 'refrain_error',
        code: 'loop_detected',
        param: 'via',
        message: expect.stringContaining('correct upstream or upstreams'),
      });
      expect(gateway.calls).toHaveLength(1);
      expect(upstream.calls).toHaveLength(0);
      await gateway.stop();
    });
  }

  story('by way of another Refrain', async ({ open }) => {
    const port = await freePort();
    const inner = await open({ upstream: `http://127.0.0.1:${port}/v1` });
    const outer = await open({ port, upstream: `${inner.url}/v1` });
    for (const { url } of [outer, inner]) expect(await ask(url + CHAT, { body: chatRequest() })).toMatchObject(LOOP);
    expect(inner.app.ledger.counts().requests + outer.app.ledger.counts().requests).toBe(6);
  });

  story('also where Connection takes the header away', async ({ upstream, open }) => {
    const proxy = await open();
    await ask(`${proxy.url}/v1/models`);
    const via = upstream.calls[0]?.headers.via as string;
    expect(
      await ask(`${proxy.url}/v1/models`, { headers: { via: `1.1 a, ${via} (comment)`, connection: 'close, via' } }),
    ).toMatchObject(LOOP);
    for (const other of [
      `${via}0`,
      via.replace('refrain-', 'xrefrain-'),
      via.replace('1.1 ', ''),
      via.replace('refrain-', 'other-'),
    ]) {
      expect((await ask(`${proxy.url}/v1/models`, { headers: { via: other } })).status).toBe(200);
    }
  });
});

story('a chain of different Refrains is none', async ({ upstream, open }) => {
  const inner = await open();
  const middle = await open({ upstream: `${inner.url}/v1` });
  const outer = await open({ upstream: `${middle.url}/v1` });
  expect(await ask(outer.url + CHAT, { body: chatRequest() })).toMatchObject({ status: 200, text: chatAnswer() });
  expect(upstream.calls[0]?.headers.via).toMatch(/^(1\.1 refrain-[0-9a-f]{16}(, |$)){3}/);
});
