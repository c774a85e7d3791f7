/**
 * `Connection` lets a client say which headers end here. It must not undo our
 * framing or our controls, and what does not reach the upstream must not count
 * in the key, or one caller could keep an answer under a name that others use.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { converse } from './wire.ts';

/** An answer that shows what the upstream was sent in a header. */
const echo = (name: string) => (call: Parameters<typeof sendJson>[0]) =>
  sendJson(call, chatAnswer(`it says ${call.headers[name]}`));

describe('Connection that names', () => {
  for (const name of ['content-length', 'host', 'transfer-encoding', 'connection', 'accept-encoding']) {
    story(`${name} changes no framing`, async ({ upstream, open }) => {
      const proxy = await open();
      const body = JSON.stringify(chatRequest());
      for (const path of [CHAT, '/v1/files']) {
        await converse(
          proxy.url,
          `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close, ${name}\r\n` +
            `content-length: ${body.length}\r\n\r\n${body}`,
        );
      }
      expect(
        upstream.calls.map((call) => [call.body.toString(), call.headers['content-length'], call.headers.host]),
      ).toEqual(Array(2).fill([body, String(body.length), new URL(upstream.url).host]));
    });
  }

  story('a header takes it away, whatever it is', async ({ upstream, open }) => {
    const proxy = await open();
    const named = { authorization: 'Bearer k', cookie: 'a=b', 'x-custom': 'c', 'content-type': 'application/json' };
    await ask(proxy.url + CHAT, {
      body: chatRequest(),
      headers: { ...named, connection: `close, ${Object.keys(named).join(', ')}` },
    });
    expect(Object.keys(upstream.calls[0]?.headers ?? {}).filter((name) => name in named)).toEqual([]);
  });

  story('our controls leaves them in force', async ({ upstream, open }) => {
    const proxy = await open();
    const headers = {
      connection: 'close, cache-control, x-refrain-ttl',
      'cache-control': 'no-store',
      'x-refrain-ttl': 'soon',
    };
    expect((await ask(proxy.url + CHAT, { body: chatRequest(), headers })).status).toBe(400);
    expect(
      (await ask(proxy.url + CHAT, { body: chatRequest(), headers: { ...headers, 'x-refrain-ttl': '5' } })).headers[
        'x-cache'
      ],
    ).toBe('BYPASS');
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('an answer to a request whose header was taken away', () => {
  story('is not kept for those who send the header', async ({ upstream, open }) => {
    const proxy = await open({ scope: { shared: 'team', members: ['*'] } });
    upstream.script = echo('openai-beta');
    const beta = { 'openai-beta': 'v2' };
    const poison = await ask(proxy.url + CHAT, {
      body: chatRequest(),
      headers: { ...beta, connection: 'close, openai-beta', authorization: 'Bearer mallory' },
    });
    expect(poison.text).toContain('it says undefined');
    const honest = await ask(proxy.url + CHAT, {
      body: chatRequest(),
      headers: { ...beta, authorization: 'Bearer alice' },
    });
    expect([honest.headers['x-cache'], honest.text]).toEqual(['MISS', chatAnswer('it says v2')]);
  });

  story('is of nobody where that was the credential', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = echo('authorization');
    const askAs = (headers: Record<string, string>) => ask(proxy.url + CHAT, { body: chatRequest(), headers });
    expect((await askAs({ authorization: 'Bearer k', connection: 'close, authorization' })).text).toContain(
      'it says undefined',
    );
    expect(await askAs({ authorization: 'Bearer k' })).toMatchObject({
      headers: { 'x-cache': 'MISS' },
      text: chatAnswer('it says Bearer k'),
    });
    expect(await askAs({})).toMatchObject({ headers: { 'x-cache': 'HIT' }, text: chatAnswer('it says undefined') });
  });
});
