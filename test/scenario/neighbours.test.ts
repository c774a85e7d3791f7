/**
 * Requests that stand next to one that a rule is about: one is it, the other
 * is not.
 */
import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';

const DETERMINISTIC = { cache: 'deterministic' } as const;

describe('a request is drawn by chance', () => {
  for (const [fields, isDrawn] of [
    [{ seed: 7 }, false],
    [{ seed: 0 }, false],
    [{ seed: null }, true],
    [{ seed: '7' }, true],
    [{ temperature: 0 }, false],
    [{ temperature: 0.0 }, false],
    [{ temperature: null }, true],
    [{ temperature: 0.1 }, true],
    [{}, true],
  ] as const) {
    story(`${isDrawn ? 'with' : 'but not with'} ${JSON.stringify(fields)}`, async ({ open }) => {
      const proxy = await open(DETERMINISTIC);
      expect((await ask(proxy.url + CHAT, { body: chatRequest('x', fields) })).headers['x-cache']).toBe(
        isDrawn ? 'BYPASS' : 'MISS',
      );
    });
  }
});

describe('a request is more than its bytes', () => {
  for (const [path, fields, why] of [
    [CHAT, { store: 1 }, 'store'],
    [CHAT, { store: 'true' }, 'store'],
    [CHAT, { store: 0 }, 'store'],
    [CHAT, { store: false }, null],
    [CHAT, { store: null }, null],
    [CHAT, { model: 'gpt-5-search-api' }, 'web-search'],
    [CHAT, { model: 'gpt-4o-search-preview-2025-03-11' }, 'web-search'],
    [CHAT, { model: 'research-model' }, null],
    ['/v1/responses', { prompt: { id: 'p', version: null } }, 'unpinned-prompt'],
    ['/v1/responses', { prompt: { id: 'p', version: '1' } }, null],
    ['/v1/responses', { prompt: null }, null],
    ['/v1/responses', { background: 1 }, 'background'],
    ['/v1/responses', { background: false }, null],
    ['/v1/responses', { input: [{ id: 'm', role: 'user' }] }, null],
    ['/v1/responses', { input: [{ id: 'm', content: 'x' }] }, null],
    ['/v1/responses', { input: [{ id: 'm' }] }, 'item-reference'],
    ['/v1/responses', { tools: [{ type: 'web_search' }] }, 'web-search'],
    ['/v1/responses', { tools: [{ type: 'web_search', external_web_access: null }] }, 'web-search'],
    ['/v1/responses', { tools: [{ type: 'web_search', external_web_access: false }] }, null],
    ['/v1/responses', { tools: [{ type: 'shell', environment: { type: 'container' } }] }, 'hosted-tool'],
    ['/v1/responses', { tools: [{ type: 'shell' }] }, 'hosted-tool'],
    ['/v1/responses', { tools: [{ type: 'apply_patch' }] }, null],
  ] as const) {
    story(`${why === null ? 'but not' : `(${why})`} with ${JSON.stringify(fields)}`, async ({ open }) => {
      const proxy = await open();
      const body = path === CHAT ? chatRequest('x', fields) : { model: 'm', input: 'x', ...fields };
      const { headers } = await ask(proxy.url + path, { body });
      if (why === null) expect(headers['x-cache']).toBe('MISS');
      else expect(headers['cache-status']).toBe(`refrain; fwd=bypass; detail=${why}`);
    });
  }
});

describe('a path', () => {
  story('has one /v1 of its own folded in, and nothing that only begins like it', async ({ upstream, open }) => {
    const proxy = await open();
    for (const path of ['/v1', '/v1/a', '/v1//a', '/v1beta/a', '/v10', '/a']) await ask(proxy.url + path);
    expect(upstream.calls.map(({ url }) => url)).toEqual(['/v1', '/v1/a', '/v1/a', '/v1/v1beta/a', '/v1/v10', '/v1/a']);
  });

  story('goes to an upstream that it names, with or without a path behind it', async ({ upstream, open }) => {
    const proxy = await open({ upstreams: { other: { url: `${upstream.url}/base` } } });
    for (const path of ['/other/v1/a', '/other//v1/a', '/other/', '/other', '/others/a']) await ask(proxy.url + path);
    expect(upstream.calls.map(({ url }) => url)).toEqual([
      '/base/v1/a',
      '/base/v1/a',
      '/base/',
      '/base/',
      '/v1/others/a',
    ]);
  });

  story('is refused a WebSocket wherever in the list it stands', async ({ upstream, open }) => {
    const proxy = await open();
    for (const [upgrade, status] of [
      ['websocket', 426],
      ['h2c, WebSocket', 426],
      ['websocket , h2c', 426],
      ['websockets', 404],
      ['h2c', 404],
    ] as const) {
      const text = await talk(proxy.url, (socket) =>
        socket.write(`GET /v1/a HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: ${upgrade}\r\n\r\n`),
      );
      expect(text, upgrade).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
    expect(upstream.calls).toHaveLength(2);
  });

  story('is answered over HTTP/1.1, its body whole, where it offers another protocol', async ({ upstream, open }) => {
    const proxy = await open();
    const body = JSON.stringify(chatRequest());
    const chunked = `transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    for (const offer of ['h2c\r\nhttp2-settings: AAM', 'TLS/1.2']) {
      for (const rest of [`content-length: ${body.length}\r\n\r\n${body}`, chunked]) {
        const head = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings, close\r\n`;
        const text = await talk(proxy.url, (socket) => socket.write(`${head}upgrade: ${offer}\r\n${rest}`));
        expect(text, offer).toMatch(/^HTTP\/1\.1 200 .*"Salt water\."/s);
      }
    }
    const [call, ...others] = upstream.calls;
    expect(others).toEqual([]);
    expect(call?.body.toString()).toBe(body);
    expect(call?.headers).not.toHaveProperty('upgrade');
    expect(call?.headers).not.toHaveProperty('http2-settings');
  });
});

const digest = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`;

describe('a caller', () => {
  story('is a member by any header that shows its credential, and by no other', async ({ open }) => {
    const proxy = await open({ scope: { shared: 'team', members: [digest('sk-1')] } });
    const words = [];
    for (const headers of [
      { authorization: 'Bearer sk-1' },
      { authorization: 'bearer  sk-1' },
      { authorization: 'sk-1' },
      { 'api-key': 'sk-1' },
      { 'x-api-key': 'sk-1' },
      { authorization: 'Basic sk-1' },
      { 'x-other-key': 'sk-1' },
    ]) {
      words.push(
        (await ask(proxy.url + CHAT, { body: chatRequest(), headers: headers as Record<string, string> })).headers[
          'x-cache'
        ],
      );
    }
    expect(words).toEqual(['MISS', 'HIT', 'HIT', 'HIT', 'HIT', 'MISS', 'MISS']);
  });

  story('is refused by whichever header shows its credential', async ({ upstream, open }) => {
    const proxy = await open();
    for (const name of ['authorization', 'api-key', 'x-api-key']) {
      const asking = (content: string) => ({ body: chatRequest(`${name} ${content}`), headers: { [name]: 'sk-1' } });
      upstream.script = (call) => sendJson(call, chatAnswer());
      await ask(proxy.url + CHAT, asking('kept'));
      upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 403);
      await ask(proxy.url + CHAT, asking('new'));
      expect((await ask(proxy.url + CHAT, asking('kept'))).status, name).toBe(403);
    }
  });
});

story('an age may be written in quotes', async ({ open }) => {
  const clock = createTestClock();
  const proxy = await open({}, clock);
  await ask(proxy.url + CHAT, { body: chatRequest() });
  clock.advance(10_000);
  const aged = (value: string) => ask(proxy.url + CHAT, { body: chatRequest(), headers: { 'cache-control': value } });
  expect((await aged('max-age="10"')).headers['x-cache']).toBe('HIT');
  expect((await aged('max-age="10')).status).toBe(400);
  expect((await aged('max-age="9"')).headers['x-cache']).toBe('MISS');
});

story('stream options that nobody understands are not those that they resemble', async ({ upstream, open }) => {
  const proxy = await open();
  const all = [
    {},
    { include_usage: true },
    { include_usage: 1 },
    { include_usage: 'true' },
    { include_obfuscation: false },
    { include_obfuscation: 0 },
    { include_obfuscation: 'true' },
    { include_obfuscation: null },
    { other: true },
    [],
  ];
  const wordOf = async (options: object) =>
    (await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true, stream_options: options }) })).headers[
      'x-cache'
    ];
  for (const options of all) expect(await wordOf(options), JSON.stringify(options)).toBe('MISS');
  for (const options of all) expect(await wordOf(options), JSON.stringify(options)).toBe('HIT');
  // The default that the API assumes.
  for (const options of [
    { include_usage: false },
    { include_obfuscation: true },
    { include_usage: false, include_obfuscation: true },
  ])
    expect(await wordOf(options), JSON.stringify(options)).toBe('HIT');
  expect(upstream.calls).toHaveLength(all.length);
});
