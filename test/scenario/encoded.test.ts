import { deflateSync, brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { story } from '../harness/story.ts';

const CODINGS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync } as const;
const PLAIN = Buffer.from(JSON.stringify(chatRequest()));

describe('a compressed request', () => {
  for (const [coding, compress] of Object.entries(CODINGS)) {
    story(`in ${coding} has the key of the plain one, and is forwarded as it came`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, chatAnswer());
      const packed = compress(PLAIN);
      const first = await ask(proxy.url + CHAT, {
        body: packed,
        headers: { 'content-encoding': coding.toUpperCase() },
      });
      expect(first.headers['x-cache']).toBe('MISS');
      expect(upstream.calls[0]?.headers['content-encoding']).toBe(coding.toUpperCase());
      expect(upstream.calls[0]?.body.equals(packed)).toBe(true);
      expect((await ask(proxy.url + CHAT, { body: PLAIN })).headers['x-cache']).toBe('HIT');
    });
  }

  for (const [what, coding, body] of [
    ['an unknown coding', 'snappy', Buffer.from('whatever')],
    ['two codings', 'gzip, br', gzipSync(PLAIN)],
    ['a coding that it does not have', 'gzip', PLAIN],
    ['a coding that breaks off', 'gzip', gzipSync(PLAIN).subarray(0, -4)],
  ] as const) {
    story(`in ${what} is forwarded uncached`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, chatAnswer());
      const answer = await ask(proxy.url + CHAT, { body, headers: { 'content-encoding': coding } });
      expect(answer.headers['cache-status']).toBe('refrain; fwd=bypass; detail=encoded-request');
      expect(upstream.calls[0]?.body.equals(body)).toBe(true);
    });
  }

  for (const [coding, compress] of Object.entries(CODINGS)) {
    story(`that is a ${coding} bomb is refused`, async ({ upstream, open }) => {
      const proxy = await open({ maxRequestBytes: 1_000_000 });
      const bomb = compress(Buffer.alloc(50_000_000, ' '));
      const { status, text } = await ask(proxy.url + CHAT, { body: bomb, headers: { 'content-encoding': coding } });
      expect([status, JSON.parse(text).error.code]).toEqual([413, 'body_too_large']);
      expect(upstream.calls).toHaveLength(0);
    });
  }

  story('that is large once it is plain is forwarded uncached', async ({ upstream, open }) => {
    const proxy = await open({ maxKeyedBytes: 100_000 });
    upstream.script = (call) => sendJson(call, chatAnswer());
    const body = gzipSync(JSON.stringify(chatRequest('x'.repeat(200_000))));
    const answer = await ask(proxy.url + CHAT, { body, headers: { 'content-encoding': 'gzip' } });
    expect(answer.headers['cache-status']).toBe('refrain; fwd=bypass; detail=large-request');
    expect(upstream.calls[0]?.body.equals(body)).toBe(true);
  });
});

describe('an answer that comes compressed although it was not asked to', () => {
  for (const [coding, compress] of Object.entries(CODINGS)) {
    story(`in ${coding} is decoded for everybody, and kept so`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = ({ response }) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
        response.flushHeaders();
      };
      const live = [
        await begin(proxy.url + CHAT, { body: chatRequest() }),
        await begin(proxy.url + CHAT, { body: chatRequest() }),
      ];
      upstream.calls[0]?.response.end(compress(Buffer.from(chatAnswer())));
      for (const { ended } of live) expect(await ended).toMatchObject({ text: chatAnswer(), broken: false });
      const hit = await ask(proxy.url + CHAT, { body: chatRequest() });
      expect(hit).toMatchObject({
        text: chatAnswer(),
        headers: { 'x-cache': 'HIT', 'content-length': String(chatAnswer().length) },
      });
      expect(hit.headers['content-encoding']).toBeUndefined();
      expect(upstream.calls[0]?.headers['accept-encoding']).toBe('identity');
    });
  }

  story('and breaks off, breaks off', async ({ upstream, open }) => {
    const proxy = await open();
    const packed = gzipSync(chatEvents().join(''));
    upstream.script = (call) => {
      call.response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
      call.response.end(packed.subarray(0, -10));
    };
    expect((await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) })).broken).toBe(true);
    upstream.script = (call) => {
      beginStream(call);
      call.response.end(chatEvents().join(''));
    };
    expect((await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) })).headers['x-cache']).toBe('MISS');
  });

  story('passes as it is where nothing is recorded', async ({ upstream, open }) => {
    const proxy = await open();
    const packed = gzipSync('{}');
    upstream.script = ({ response }) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
    for (const [path, headers] of [
      ['/v1/models', {}],
      [CHAT, { 'cache-control': 'no-store' }],
    ] as const) {
      const answer = await ask(proxy.url + path, {
        method: 'POST',
        body: chatRequest(),
        headers: { 'accept-encoding': 'gzip', ...headers },
      });
      expect([answer.body.equals(packed), answer.headers['content-encoding']]).toEqual([true, 'gzip']);
    }
  });
});
