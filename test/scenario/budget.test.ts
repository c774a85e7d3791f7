import { describe, expect } from 'vitest';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const MIB = 1024 * 1024;
const long = (bytes: number) => chatRequest('x'.repeat(bytes));
const statusOf = async (answer: Promise<{ headers: Record<string, unknown> }>) =>
  (await answer).headers['cache-status'];

describe('bodies of requests that find no room', () => {
  story('pass uncached, byte for byte, while short ones have their hits', async ({ upstream, open }) => {
    // Room for 384 KiB of long bodies.
    const proxy = await open({ limits: { requestBytes: MIB } });
    upstream.script = (call) => sendJson(call, chatAnswer());
    await ask(proxy.url + CHAT, { body: chatRequest('kept') });
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      expect(await statusOf(ask(proxy.url + CHAT, { body: long(400_000), headers }))).toBe(
        'refrain; fwd=bypass; detail=request-budget',
      );
      expect(upstream.calls.at(-1)?.body.toString()).toBe(JSON.stringify(long(400_000)));
    }
    expect((await ask(proxy.url + CHAT, { body: chatRequest('kept') })).headers['x-cache']).toBe('HIT');
    // A body that fits is cached.
    expect(await statusOf(ask(proxy.url + CHAT, { body: long(300_000) }))).toContain('fwd=miss');
    expect((await ask(proxy.url + CHAT, { body: long(300_000) })).headers['x-cache']).toBe('HIT');
  });

  story('are counted together, and until they are over', async ({ upstream, open }) => {
    const proxy = await open({ limits: { requestBytes: MIB } });
    upstream.script = () => {};
    const first = ask(proxy.url + CHAT, { body: long(250_000) });
    const call = await upstream.called(1);
    upstream.script = (later) => sendJson(later, chatAnswer());
    expect(await statusOf(ask(proxy.url + CHAT, { body: long(250_001) }))).toBe(
      'refrain; fwd=bypass; detail=request-budget',
    );
    sendJson(call, chatAnswer());
    await first;
    expect(await statusOf(ask(proxy.url + CHAT, { body: long(250_002) }))).toContain('fwd=miss');
  });

  story('are told 503 where not even a stream has room, and pass as soon as it has', async ({ upstream, open }) => {
    // Room for one stream.
    const proxy = await open({ limits: { requestBytes: MIB } });
    const HEAD = `POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\nconnection: close\r\n\r\n`;
    upstream.script = (call) => sendJson(call, '{}');
    const passing = talk(proxy.url, async (socket) => {
      socket.write(HEAD);
      await until(() => proxy.app.budget.passing.held > 0);
      const turned = await ask(`${proxy.url}/v1/files`, { method: 'POST', body: Buffer.alloc(100_000) });
      expect([turned.status, JSON.parse(turned.text).error.code, turned.headers['retry-after']]).toEqual([
        503,
        'overloaded',
        '1',
      ]);
      // A short body is no stream.
      expect((await ask(`${proxy.url}/v1/files`, { method: 'POST', body: Buffer.alloc(1_000) })).status).toBe(200);
      socket.write(Buffer.alloc(300_000));
    });
    expect(await passing).toMatch(/^HTTP\/1\.1 200 /);
    expect((await ask(`${proxy.url}/v1/files`, { method: 'POST', body: Buffer.alloc(100_000) })).status).toBe(200);
  });

  story('take no room any more where a client leaves half-way', async ({ open }) => {
    const proxy = await open();
    for (const path of [CHAT, '/v1/files']) {
      const gone = talk(proxy.url, async (socket) => {
        socket.on('error', () => {});
        socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n${'a'.repeat(200_000)}`);
        await until(() => proxy.app.budget.held > 0);
        socket.destroy();
      });
      await gone;
      await until(() => proxy.app.budget.held === 0);
    }
  });
});

const CODINGS = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync } as const;

describe('a compressed body', () => {
  for (const [coding, compress] of Object.entries(CODINGS)) {
    const askIn = (url: string, body: Buffer) => ask(url + CHAT, { body, headers: { 'content-encoding': coding } });

    story(`in ${coding} that decodes to far more than it is passes uncached`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, chatAnswer());
      const body = compress(JSON.stringify(long(5 * MIB)));
      expect(await statusOf(askIn(proxy.url, body))).toBe('refrain; fwd=bypass; detail=decoded-ratio');
      expect(upstream.calls[0]?.body.equals(body)).toBe(true);
    });

    story(`in ${coding} of up to 1 MiB is cached, however well it is compressed`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, chatAnswer());
      const body = compress(JSON.stringify(long(MIB - 1_000)));
      expect(await statusOf(askIn(proxy.url, body))).toContain('fwd=miss');
      expect((await askIn(proxy.url, body)).headers['x-cache']).toBe('HIT');
      expect((await ask(proxy.url + CHAT, { body: long(MIB - 1_000) })).headers['x-cache']).toBe('HIT');
    });

    story(`in ${coding} that finds no room once it is decoded passes uncached`, async ({ upstream, open }) => {
      const proxy = await open({ limits: { requestBytes: MIB } });
      upstream.script = (call) => sendJson(call, chatAnswer());
      const body = compress(JSON.stringify(long(500_000)));
      expect(await statusOf(askIn(proxy.url, body))).toBe('refrain; fwd=bypass; detail=request-budget');
      expect(upstream.calls[0]?.body.equals(body)).toBe(true);
    });
  }

  story('is not kept waiting for others for longer than a second', async ({ open, upstream }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    upstream.script = (call) => sendJson(call, chatAnswer());
    const body = (index: number) => gzipSync(JSON.stringify(chatRequest(`${index} ${'x'.repeat(500_000)}`)));
    const bodies = Array.from({ length: 40 }, (_, index) => body(index));
    const clients = bodies.map((each) =>
      statusOf(ask(proxy.url + CHAT, { body: each, headers: { 'content-encoding': 'gzip' } })),
    );
    await until(() => proxy.app.budget.whole.held > 500_000);
    clock.advance(1_001);
    const statuses = await Promise.all(clients);
    expect(new Set(statuses.map((status) => String(status).replace(/; stored$/, '')))).toEqual(
      new Set(['refrain; fwd=miss', 'refrain; fwd=bypass; detail=request-budget']),
    );
  });
});
