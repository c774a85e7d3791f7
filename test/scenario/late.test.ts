import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const HEAD = (path: string, length = 100) => `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;

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
      await until(() => proxy.app.load.flights > 0 && clock.waiting > 0);
      clock.advance(31_000);
    });
    expect(text).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"body_timeout"/);
  });
});

describe('what Node refuses to read', () => {
  for (const [what, request, status, code] of [
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
    ['headers beyond the bound', `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(70_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na', 400, 'malformed_request'],
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
