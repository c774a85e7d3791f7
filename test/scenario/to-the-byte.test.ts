/**
 * The bounds of request bodies, to the byte: declared beforehand and not.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const KEYED = 1_000;
const ACCEPTED = 3_000;
const LIMITS = { maxKeyedBytes: KEYED, maxRequestBytes: ACCEPTED };

/** A request of exactly so many bytes. */
function bodyOf(length: number): string {
  const empty = JSON.stringify(chatRequest(''));
  const text = JSON.stringify(chatRequest('x'.repeat(length - empty.length)));
  expect(Buffer.byteLength(text)).toBe(length);
  return text;
}

for (const [how, headers] of [
  ['of declared length', {}],
  ['in chunks', { 'transfer-encoding': 'chunked' }],
] as const) {
  describe(`a body ${how}`, () => {
    for (const [length, word, status] of [
      [KEYED - 1, 'MISS', 200],
      [KEYED, 'MISS', 200],
      [KEYED + 1, 'BYPASS', 200],
      [ACCEPTED, 'BYPASS', 200],
      [ACCEPTED + 1, 'BYPASS', 413],
    ] as const) {
      story(
        `of ${length} bytes, where ${KEYED} have a key and ${ACCEPTED} are accepted: ${status} ${word}`,
        async ({ upstream, open }) => {
          const proxy = await open(LIMITS);
          const body = bodyOf(length);
          const answer = await ask(proxy.url + CHAT, { body, headers });
          expect([answer.status, answer.headers['x-cache']]).toEqual([status, word]);
          if (status === 200) expect(upstream.calls.map((call) => call.body.toString())).toEqual([body]);
          else expect(upstream.calls).toEqual([]);
        },
      );
    }
  });
}

describe('a body in chunks that is on its way up already', () => {
  for (const [more, status] of [
    [ACCEPTED - KEYED - 1, 200],
    [ACCEPTED - KEYED, 413],
  ] as const) {
    story(`of which ${KEYED + 1} bytes are followed by ${more}: ${status}`, async ({ upstream, open }) => {
      const proxy = await open(LIMITS);
      const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
      const body = bodyOf(KEYED + 1 + more);
      const text = await talk(proxy.url, async (socket) => {
        socket.write(
          `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n` +
            `transfer-encoding: chunked\r\n\r\n${chunk(body.slice(0, KEYED + 1))}`,
        );
        await until(() => proxy.app.admission.flights === 1);
        socket.write(`${chunk(body.slice(KEYED + 1))}0\r\n\r\n`);
      });
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(upstream.calls.map((call) => call.body.toString())).toEqual(status === 200 ? [body] : []);
    });
  }
});
