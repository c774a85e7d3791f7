/**
 * Clients that pause while they send their body: each has its own time, and
 * whoever goes on sending has more.
 */
import { connect, type Socket } from 'node:net';
import { describe, expect } from 'vitest';
import { CHAT, sendJson } from '../harness/answers.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const headOf = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n` +
  `content-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

/** A client that sends its head and one byte, and what it was told. */
function pausing(proxy: Proxy): { readonly socket: Socket; readonly told: () => string } {
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  let text = '';
  socket.on('error', () => {}).on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(`${headOf(CHAT, 100)}{`);
  return { socket, told: () => text.slice(0, 12) };
}

describe('a body that pauses', () => {
  story('is given up 30 s after its own last byte, whatever others do', async ({ open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    let begun = 0;
    proxy.app.api.on('request', () => (begun += 1));
    const clients: ReturnType<typeof pausing>[] = [];
    for (const count of [1, 2, 3]) {
      clients.push(pausing(proxy));
      await until(() => begun === count && clock.waiting > 0);
      clock.advance(10_000);
    }
    // The first began 30 s ago, the second 20, the third 10.
    for (const count of [1, 2, 3]) {
      await until(() => clients[count - 1]?.told() !== '');
      expect(clients.map(({ told }) => told())).toEqual(clients.map((_, at) => (at < count ? 'HTTP/1.1 408' : '')));
      clock.advance(10_000);
    }
  });

  for (const [what, path, length] of [
    ['read as a whole', CHAT, 60_000],
    ['streamed through', '/v1/files', 200_000],
  ] as const) {
    story(`and goes on each time has all the time it takes: ${what}`, async ({ upstream, open }) => {
      const clock = createTestClock();
      const proxy = await open({}, clock);
      upstream.script = (call) => sendJson(call, String(call.body.length));
      const text = await talk(proxy.url, async (socket) => {
        const piece = Buffer.alloc(length / 4, ' ');
        let heard = 0;
        proxy.app.api.once('request', (request) => request.on('data', (chunk: Buffer) => (heard += chunk.length)));
        socket.write(headOf(path, length));
        for (const count of [1, 2, 3, 4]) {
          socket.write(piece);
          await until(() => heard === count * piece.length);
          if (count < 4) clock.advance(20_000);
        }
      });
      expect(text).toMatch(new RegExp(`^HTTP/1\\.1 200 [\\s\\S]*\r\n\r\n(\\w+\r\n)?${length}`));
    });
  }
});
