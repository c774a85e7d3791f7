import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

/** The time that a head may take here, and more than that. */
const HEADERS_MS = 300;
const BUSY_MS = 2_500;
const BODY = JSON.stringify(chatRequest());
const HEAD = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n`;

/** The answer to bytes that have come while nothing was read. */
async function answersTo({ url, app }: Proxy, said: string): Promise<string> {
  const { hostname, port } = new URL(url);
  (app.api as Server).headersTimeout = HEADERS_MS;
  const accepted = once(app.api, 'connection');
  const socket: Socket = connect(Number(port), hostname);
  await Promise.all([accepted, once(socket, 'connect')]);
  socket.write(said);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
  let answer = '';
  for await (const piece of socket) answer += piece;
  return answer;
}

describe('a process that was too busy to read', () => {
  for (const word of ['MISS', 'HIT']) {
    story(`answers a request that had come in time: ${word}`, async ({ open }) => {
      const proxy = await open();
      if (word === 'HIT') await ask(proxy.url + CHAT, { body: BODY, headers: { 'content-type': 'application/json' } });
      const answer = await answersTo(proxy, `${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}`);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toContain(`x-cache: ${word}`);
      expect(answer.endsWith(chatAnswer())).toBe(true);
    });
  }

  story('still gives up a head that had not come', async ({ open }) => {
    expect(await answersTo(await open(), HEAD)).toMatch(/^HTTP\/1\.1 408 .*headers_timeout/s);
  });
});
