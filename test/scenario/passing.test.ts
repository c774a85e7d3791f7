import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect } from 'vitest';
import { CHAT, chatRequest, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { Call } from '../harness/upstream.ts';

const OURS = new Set(['cache-status', 'x-cache', 'x-refrain-request-id', 'via']);
const OF_ONE_HOP = new Set(['host', 'connection', 'keep-alive', 'date', 'transfer-encoding']);

/** Headers as `name: value`, as spelled but for framing, which each hop spells; without ours and those of one hop. */
function endToEnd(raw: readonly string[] = []): string[] {
  const pairs: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    if (!OURS.has(name) && !OF_ONE_HOP.has(name))
      pairs.push(`${name === 'content-length' ? name : raw[at]}: ${raw[at + 1]}`);
  }
  return pairs.sort();
}

const BINARY = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
const MULTIPART = Buffer.concat([
  Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'),
  BINARY,
  Buffer.from('\r\n--b--\r\n'),
]);

const PASSED: readonly (readonly [string, string, string, Buffer | undefined, Record<string, string>])[] = [
  ['GET', 'GET', '/v1/models?limit=2&after=a%2Fb', undefined, {}],
  ['HEAD', 'HEAD', '/v1/models', undefined, {}],
  ['DELETE', 'DELETE', '/v1/files/file-1', undefined, {}],
  ['an unknown route', 'POST', '/v1/tomorrow', Buffer.from('{"x":1}'), { 'content-type': 'application/json' }],
  ['an unknown method', 'PROPFIND', '/v1/tomorrow', undefined, {}],
  ['multipart', 'POST', '/v1/audio/transcriptions', MULTIPART, { 'content-type': 'multipart/form-data; boundary=b' }],
  ['binary', 'PUT', '/v1/blob', BINARY, { 'content-type': 'application/octet-stream', 'content-encoding': 'x-odd' }],
  ['an empty POST', 'POST', '/v1/batches/b/cancel', Buffer.alloc(0), {}],
];

describe('passes through, bytes and headers equal to a direct call:', () => {
  for (const [what, method, path, body, headers] of PASSED) {
    story(what, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = ({ response, body: received }) => {
        response.writeHead(207, 'Fine By Me', [
          'Content-Type',
          'audio/mpeg',
          'X-Twice',
          'a',
          'X-Twice',
          'b',
          'Cache-Control',
          'public, max-age=9',
          'Content-Encoding',
          'x-odd',
          'ETag',
          '"1"',
          'Set-Cookie',
          'a=b',
          'Connection',
          'x-hop',
          'X-Hop',
          '1',
          'Content-Length',
          String(received.length + 4),
        ]);
        response.end(Buffer.concat([Buffer.from([0, 255, 13, 10]), received]));
      };
      const asking = {
        method,
        ...(body === undefined ? {} : { body }),
        headers: { ...headers, 'x-custom': 'é', 'accept-encoding': 'gzip, br' },
      };
      const direct = await ask(upstream.url + path, asking);
      const passed = await ask(proxy.url + path, asking);
      expect(passed.status).toBe(207);
      expect(passed.body).toEqual(direct.body);
      expect(endToEnd(passed.rawHeaders)).toEqual(
        endToEnd(direct.rawHeaders).filter((header) => !header.startsWith('X-Hop')),
      );
      expect(passed.headers).toMatchObject({
        'x-cache': 'BYPASS',
        'cache-status': 'refrain; fwd=bypass; detail=route',
      });
      const [one, other] = upstream.calls;
      expect(other?.body).toEqual(one?.body);
      expect(other?.method).toBe(method);
      expect(other?.url).toBe(one?.url);
      expect(endToEnd(other?.rawHeaders)).toEqual(endToEnd(one?.rawHeaders));
    });
  }

  story('redirects, which are not followed', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = ({ response }) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    expect(await ask(`${proxy.url}/v1/models`)).toMatchObject({
      status: 302,
      headers: { location: 'http://169.254.169.254/' },
    });
    expect(await ask(proxy.url + CHAT, { body: chatRequest() })).toMatchObject({ status: 302 });
    expect(upstream.calls).toHaveLength(2);
  });

  story('a body that is sent in chunks, while it is sent', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, String(call.body.length));
    const answer = await talk(proxy.url, (socket) => {
      socket.write(
        'POST /v1/files HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n',
      );
      socket.write('6\r\n world\r\n0\r\n\r\n');
    });
    expect(answer).toMatch(/\r\n\r\n11$/);
  });

  story('a large answer, with the reader setting the pace', async ({ upstream, open }) => {
    const proxy = await open();
    const chunk = Buffer.alloc(1_000_000, 7);
    let sent = 0;
    upstream.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const pour = () => {
        while (sent < 100_000_000) {
          sent += chunk.length;
          if (!response.write(chunk)) return response.once('drain', pour);
        }
        return response.end();
      };
      pour();
    };
    const live = await begin(`${proxy.url}/v1/blob`);
    live.message.pause();
    const { response } = await upstream.called(1);
    await quiet(() => sent);
    expect(sent).toBeLessThan(60_000_000);
    live.message.removeAllListeners('data');
    let received = live.received.length;
    live.message.on('data', (piece: Buffer) => (received += piece.length)).resume();
    await live.ended;
    expect(received).toBe(sent);
    expect(response.writableFinished).toBe(true);
  });
});

describe('bytes that are not text arrive as they are:', () => {
  const rawUpstream =
    (head: string, body = 'ok') =>
    ({ response }: Call) =>
      response.socket?.end(
        Buffer.from(`${head}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`, 'latin1'),
      );

  for (const path of [CHAT, '/v1/files']) {
    story(`in headers and in the reason phrase (${path})`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = rawUpstream('HTTP/1.1 200 caf\xe9\r\ncontent-type: text/plain\r\nx-name: \xe9\xff\r\n');
      const { headers, status, text } = await ask(proxy.url + path, { body: chatRequest() });
      expect({ status, text, name: headers['x-name'] }).toEqual({ status: 200, text: 'ok', name: '\xe9\xff' });
    });
  }

  story('a reason phrase that may not be written is left out', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = rawUpstream('HTTP/1.1 200 \u00e5\u00a5\u00bd\r\ncontent-type: text/plain\r\n');
    expect(await ask(`${proxy.url}/v1/files`)).toMatchObject({ status: 200, text: 'ok' });
  });
});

story('an upload that is answered early leaves its connection in order', async ({ upstream, open }) => {
  const proxy = await open();
  const early = createServer((_request, response) => response.writeHead(401, { 'content-length': 2 }).end('no'));
  early.listen(0, '127.0.0.1');
  await once(early, 'listening');
  const away = await open({ upstream: `http://127.0.0.1:${(early.address() as AddressInfo).port}/v1` });
  const size = 20_000_000;
  const answers = await talk(away.url, async (socket) => {
    socket.write(`POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n`);
    await new Promise((resolve) => socket.write(Buffer.alloc(size), resolve));
    socket.write('GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  });
  expect(answers.match(/HTTP\/1\.1 401/g)).toHaveLength(2);
  early.close();
  early.closeAllConnections();
  expect(upstream.calls).toHaveLength(0);
  expect(proxy.app.cache.flights).toBe(0);
});

story('a pipelined answer that breaks off breaks its connection', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = ({ url, response }) => {
    if (url === '/v1/models') return;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
    response.write('{', () => response.socket?.destroySoon());
  };
  const body = JSON.stringify(chatRequest());
  const answers = talk(proxy.url, (socket) =>
    socket.write(
      `GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\nPOST ${CHAT} HTTP/1.1\r\nhost: x\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    ),
  );
  const second = await upstream.called(2);
  await second.closed;
  await until(() => proxy.app.cache.flights === 0);
  upstream.calls.find(({ url }) => url === '/v1/models')?.response.end('first');
  expect(await answers).toMatch(/first.*HTTP\/1\.1 200 OK.*\{$/s);
});

/** Waits until a figure has stopped growing over many turns of the event loop. */
async function quiet(figure: () => number): Promise<void> {
  let same = 0;
  let before = -1;
  await until(() => {
    same = figure() === before ? same + 1 : 0;
    before = figure();
    return same === 2_000;
  });
}
