import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock, type TestClock } from '../harness/clock.ts';
import { type Proxy, startProxy } from '../harness/proxy.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const HEAD = (path: string, length = 100) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n` +
  `connection: close\r\n\r\n`;

describe('a body that stops arriving', () => {
  story('gets 408 after 30 s without a byte', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    const text = await talk(proxy.url, async (socket) => {
      socket.write(HEAD(CHAT));
      await until(() => clock.waiting > 0);
      clock.advance(29_000);
      socket.write('{"model":');
      await until(() => socket.bytesWritten > 0);
      clock.advance(31_000);
    });
    expect(text).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"body_timeout"/);
    expect(upstream.calls).toHaveLength(0);
  });

  story('ends a call that it is streamed to', async ({ open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    const text = await talk(proxy.url, async (socket) => {
      socket.write(HEAD('/v1/files', 100_000));
      await until(() => proxy.app.admission.flights > 0 && clock.waiting > 0);
      clock.advance(31_000);
    });
    expect(text).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"body_timeout"/);
  });
});

describe('a body that only drips', () => {
  const DRIP_MS = 5_000;

  /** Sends a piece, then turns the clock, until the other end hangs up. @returns for how long it sent */
  const drip = async (
    proxy: Proxy,
    clock: TestClock,
    socket: Socket,
    piece: string,
    ms: number,
    most: number,
  ): Promise<number> => {
    let over = false;
    socket.once('close', () => (over = true)).on('error', () => {});
    // A round trip, after which what was sent before it has been read, and a refusal has arrived.
    const settled = () => ask(`${proxy.url}/v1/models`, { headers: { 'cache-control': 'only-if-cached' } });
    await until(() => clock.waiting > 0);
    for (let sent = 1; sent <= most; sent++) {
      socket.write(piece);
      await settled();
      clock.advance(ms);
      await settled();
      if (over) return sent * ms;
    }
    return Infinity;
  };

  for (const [what, path] of [
    ['that is read as a whole', CHAT],
    ['that is streamed', '/v1/files'],
  ] as const) {
    story(`is cut after 30 s: ${what}`, async ({ open }) => {
      const clock = createTestClock();
      const proxy = await open({}, clock);
      let ms = 0;
      const text = await talk(proxy.url, async (socket) => {
        socket.write(HEAD(path, 100_000));
        ms = await drip(proxy, clock, socket, 'a', DRIP_MS, 20);
      });
      expect(ms).toBe(35_000);
      expect(text).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"body_timeout"/);
      expect(text).toContain('at less than 500 bytes a second');
    });

    story(`passes at the pace of a telephone: ${what}`, async ({ open, upstream }) => {
      const clock = createTestClock();
      const proxy = await open({}, clock);
      const piece = 'a'.repeat(16_000 * 5);
      upstream.script = (call) => sendJson(call, '{}');
      const text = await talk(proxy.url, async (socket) => {
        socket.write(HEAD(path, piece.length * 30));
        await drip(proxy, clock, socket, piece, DRIP_MS, 30);
      });
      expect(text).toMatch(/^HTTP\/1\.1 200 /);
      expect(upstream.calls.at(-1)?.body.length).toBe(piece.length * 30);
    });
  }
});

story('a body that waits for whoever reads it is not late', async ({}) => {
  const clock = createTestClock();
  const LENGTH = 40_000_000;
  // Takes the head and reads no further until it is told to.
  const sockets: Socket[] = [];
  const slow = createServer((socket) => void sockets.push(socket.on('error', () => {}).pause())).listen(0, '127.0.0.1');
  await once(slow, 'listening');
  const { port } = slow.address() as AddressInfo;
  const proxy = await startProxy(`http://127.0.0.1:${port}`, {}, clock);
  const answer = talk(proxy.url, async (socket) => {
    socket.write(HEAD('/v1/files', LENGTH));
    socket.write(Buffer.alloc(LENGTH, 'a'));
    await until(() => sockets.length > 0);
    // Until nothing moves any more: all buffers on the way are full.
    let moved = -1;
    while (moved !== socket.bytesWritten - socket.writableLength) {
      moved = socket.bytesWritten - socket.writableLength;
      for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    for (let turn = 0; turn < 20; turn++) clock.advance(31_000);
    let taken = 0;
    const [reader] = sockets as [Socket];
    reader.on('data', (bytes: Buffer) => {
      taken += bytes.length;
      if (taken > LENGTH) reader.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    reader.resume();
  });
  expect(await answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/);
  await proxy.stop();
  slow.close();
  expect([proxy.app.admission.flights, proxy.app.budget.held]).toEqual([0, 0]);
});

describe('what Node refuses to read', () => {
  for (const [what, request, status, code] of [
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
    [
      'headers beyond the bound',
      `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(70_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na',
      400,
      'malformed_request',
    ],
  ] as const) {
    story(`is told in the envelope: ${what}`, async ({ open }) => {
      const proxy = await open();
      const text = await talk(proxy.url, (socket) => socket.write(request));
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).error).toMatchObject({ type: 'refrain_error', code });
    });
  }
});

story('an expectation that is not known passes', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = (call) => sendJson(call, chatAnswer());
  expect((await ask(proxy.url + CHAT, { body: chatRequest(), headers: { expect: '200-ok' } })).status).toBe(200);
});
