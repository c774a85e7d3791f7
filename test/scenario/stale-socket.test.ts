import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished } from 'vitest';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

const ANSWER =
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${chatAnswer().length}\r\n\r\n` +
  `${chatAnswer()}`;

/** How a connection answers its requests, in turn. */
type Turn = (socket: Socket) => void;
const answer: Turn = (socket) => void socket.write(ANSWER);
const reset: Turn = (socket) => void socket.resetAndDestroy();
const hangUp: Turn = (socket) => void socket.end();
const resetInside: Turn = (socket) => void socket.write(ANSWER.slice(0, 40), () => socket.resetAndDestroy());

/** A server whose every connection goes through the turns of its own; counts requests. */
async function serve(connections: readonly (readonly Turn[])[]): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  let opened = 0;
  const server = createServer((socket) => {
    const turns = connections[opened++] ?? [answer];
    let turn = 0;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      if (!bytes.toString('latin1').includes('HTTP/1.1\r\n')) return;
      requests++;
      turns[turn++]?.(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

const askTwice = async (url: string, path: string) => {
  const answers = [];
  for (const content of ['a', 'b']) answers.push(await ask(url + path, { body: chatRequest(content) }));
  return answers.map(({ status }) => status);
};

describe('a reused connection that is dead', () => {
  for (const [how, turn] of [
    ['reset', reset],
    ['closed', hangUp],
  ] as const) {
    story(`(${how}) costs no request: it is asked once more, on another`, async ({ open }) => {
      const { url, requests } = await serve([[answer, turn], [answer]]);
      const proxy = await open({ upstream: `${url}/v1` });
      expect(await askTwice(proxy.url, CHAT)).toEqual([200, 200]);
      expect(requests()).toBe(3);
    });
  }

  story('is tried once more, not for ever', async ({ open }) => {
    const { url, requests } = await serve([[answer, reset], [reset], [answer]]);
    const proxy = await open({ upstream: `${url}/v1` });
    expect(await askTwice(proxy.url, CHAT)).toEqual([200, 502]);
    expect(requests()).toBe(3);
  });

  story('after a byte of the answer is not asked again', async ({ open }) => {
    const { url, requests } = await serve([[answer, resetInside], [answer]]);
    const proxy = await open({ upstream: `${url}/v1` });
    expect(await askTwice(proxy.url, CHAT)).toEqual([200, 502]);
    expect(requests()).toBe(2);
  });

  story('under a request that may do something twice is not asked again', async ({ open }) => {
    const { url, requests } = await serve([[answer, reset], [answer]]);
    const proxy = await open({ upstream: `${url}/v1` });
    expect(await askTwice(proxy.url, '/v1/files')).toEqual([200, 502]);
    expect(requests()).toBe(2);
  });
});

story('a fresh connection that dies is not asked again', async ({ open }) => {
  const { url, requests } = await serve([[reset], [answer]]);
  const proxy = await open({ upstream: `${url}/v1` });
  expect((await ask(proxy.url + CHAT, { body: chatRequest() })).status).toBe(502);
  expect(requests()).toBe(1);
});
