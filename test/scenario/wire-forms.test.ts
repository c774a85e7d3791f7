/**
 * Answers as servers in use spell them: each is relayed as it was sent and ends
 * as it ended, and is kept or not.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import { answerAll, CHAT, chatAnswer, chatChunk, chatEvents, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { type Proxy, startProxy } from '../harness/proxy.ts';
import { stopBalanced, story } from '../harness/story.ts';
import { type Script, type ScriptedUpstream, startUpstream } from '../harness/upstream.ts';
import { WIRE_FORMS } from '../harness/wire-forms.ts';

const EVENTS = chatEvents();
const WHOLE = EVENTS.join('');
const [ROLE = '', SALT = ''] = EVENTS;
const STREAM = chatRequest('x', { stream: true });
const JSON_ASKED = chatRequest('x');

const encoded =
  (coding: string, body: Buffer): Script =>
  ({ response }) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding }).end(body);

describe('an answer with', () => {
  let upstream: ScriptedUpstream;
  /** One for all rows of the table with the same settings. */
  const proxies = new Map<string, Promise<Proxy>>();
  const proxyWith = (overrides: Overrides = {}) => {
    const settings = JSON.stringify(overrides);
    const proxy = proxies.get(settings) ?? startProxy(upstream.url, overrides);
    proxies.set(settings, proxy);
    return proxy;
  };
  beforeAll(async () => void (upstream = await startUpstream(answerAll)));
  afterAll(async () => {
    for (const proxy of await Promise.all(proxies.values())) await stopBalanced(proxy);
    await upstream.stop();
  });

  for (const [row, { what, path, asked, script, text, kept, overrides }] of WIRE_FORMS.entries()) {
    test(`${what} is relayed as it was sent, and is ${kept ? '' : 'not '}kept`, async () => {
      const { url } = await proxyWith(overrides);
      upstream.script = script;
      const before = upstream.calls.length;
      for (const word of ['MISS', kept ? 'HIT' : 'MISS']) {
        expect(await ask(url + path, { body: { ...asked, model: `m${row}` } })).toMatchObject({
          status: 200,
          text,
          broken: false,
          headers: { 'x-cache': word },
        });
      }
      expect(upstream.calls.length - before).toBe(kept ? 1 : 2);
    });
  }

  story('100 Continue in pieces, on a connection that is used again', async ({ open }) => {
    const bytes =
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/json\r\n` +
      `content-length: ${chatAnswer().length}\r\n\r\n${chatAnswer()}`;
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.setNoDelay(true).on('error', () => {}));
      socket.on('data', async (chunk: Buffer) => {
        if (!chunk.toString().endsWith('}')) return;
        for (const byte of bytes) await new Promise((written) => socket.write(byte, written));
      });
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const proxy = await open({ upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
    for (const question of ['a', 'b', 'c'])
      expect((await ask(proxy.url + CHAT, { body: chatRequest(question) })).text).toBe(chatAnswer());
    expect(sockets).toHaveLength(1);
  });

  story('its connection closed after it, unannounced, harms none that follows', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = ({ response }) => {
      const { socket } = response;
      response.on('finish', () => socket?.destroySoon());
      response.writeHead(200, { 'content-type': 'text/event-stream', connection: 'keep-alive' }).end(WHOLE);
    };
    for (let at = 0; at < 20; at++)
      expect(await ask(proxy.url + CHAT, { body: chatRequest(String(at), { stream: true }) })).toMatchObject({
        status: 200,
        text: WHOLE,
        broken: false,
      });
    expect((await ask(proxy.url + CHAT, { body: chatRequest('0', { stream: true }) })).headers['x-cache']).toBe('HIT');
  });
});

describe('an error that is said to be encoded', () => {
  const RETRY = {
    'retry-after': '7',
    'retry-after-ms': '7000',
    'x-should-retry': 'true',
    'x-ratelimit-reset-requests': '1s',
  };
  for (const [what, body, text] of [
    ['and is empty', Buffer.alloc(0), ''],
    ['and is', gzipSync('{"error":{}}'), '{"error":{}}'],
    ['and is not', Buffer.from('{"error":{}}'), '{"error":{}}'],
    ['and breaks off', gzipSync('{"error":{}}').subarray(0, -4), '{"error":{}}'],
  ] as const) {
    story(`${what}, passes with its headers`, async ({ upstream, open }) => {
      const proxy = await open();
      for (const length of [true, false]) {
        upstream.script = ({ response }) =>
          response
            .writeHead(429, {
              'content-type': 'application/json',
              'content-encoding': 'gzip',
              ...RETRY,
              ...(length && { 'content-length': body.length }),
            })
            .end(body);
        expect(await ask(proxy.url + CHAT, { body: JSON_ASKED })).toMatchObject({
          status: 429,
          text,
          broken: false,
          headers: RETRY,
        });
      }
    });
  }
});

story(
  'an empty error that is said to be encoded keeps its head as it came, also where that came first',
  async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = async ({ response }) => {
      response.writeHead(429, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).flushHeaders();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      response.end();
    };
    const { status, text, headers } = await ask(proxy.url + CHAT, { body: JSON_ASKED });
    expect([status, text, headers['content-encoding']]).toEqual([429, '', 'gzip']);
  },
);

describe('an answer that is not in the coding that it is said to be in', () => {
  for (const coding of ['gzip', 'deflate', 'br', 'zstd']) {
    story(`passes as it came (${coding})`, async ({ upstream, open }) => {
      const proxy = await open();
      const body = Buffer.from('\xff\xfe<html>', 'latin1');
      upstream.script = encoded(coding, body);
      for (let time = 0; time < 2; time++) {
        const answer = await ask(proxy.url + CHAT, { body: JSON_ASKED });
        expect(answer).toMatchObject({
          status: 200,
          broken: false,
          headers: { 'content-encoding': coding, 'x-cache': 'MISS' },
        });
        expect(answer.body.equals(body)).toBe(true);
      }
    });
  }

  story('passes as it came, also where its head came first', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).flushHeaders();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      response.end(chatAnswer());
    };
    expect(await ask(proxy.url + CHAT, { body: JSON_ASKED })).toMatchObject({ text: chatAnswer(), broken: false });
  });
});

story('a stream in gzip that is reset: what had come of it is delivered first', async ({ upstream, open }) => {
  const proxy = await open();
  const packed = gzipSync(ROLE + SALT.repeat(50) + chatChunk({}, 'stop'));
  upstream.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    response.write(packed, () => response.socket?.resetAndDestroy());
  };
  const { text, broken } = await ask(proxy.url + CHAT, { body: STREAM });
  expect(broken).toBe(true);
  expect(text.startsWith(ROLE + SALT.repeat(50) + chatChunk({}, 'stop'))).toBe(true);
  expect(text.endsWith('\n\n')).toBe(true);
  expect(text).toContain('"code":"upstream_cut"');
});
