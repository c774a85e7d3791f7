/**
 * More connections than a process likes: the same tests with any number.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { open } from './proxy-process.ts';

const BODY = { body: chatRequest() };

async function connectTo(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

export function surviveTheCrowd({
  idle,
  tell,
}: {
  readonly idle: number;
  readonly tell?: (what: string) => void;
}): void {
  test(`${idle} idle connections do not keep anybody from being served`, async () => {
    const proxy = await open((response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer()),
    );
    const sockets: Socket[] = [];
    const growth = await proxy.growth(async () => {
      for (let index = 0; index < idle; index++) sockets.push(await connectTo(proxy.url));
      expect((await ask(proxy.url + CHAT, BODY)).headers['x-cache']).toBe('MISS');
      expect((await ask(proxy.url + CHAT, BODY)).headers['x-cache']).toBe('HIT');
    });
    tell?.(`${idle} idle connections: grew by ${(growth / idle / 1000).toFixed(1)} KB each`);
    for (const socket of sockets) socket.destroy();
  });

  test('more connections than there are file descriptors do not end the process, and all is well after', async () => {
    const proxy = await open(
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer()),
      [],
      100,
    );
    await ask(proxy.url + CHAT, BODY);
    const sockets = await Promise.all(Array.from({ length: 200 }, () => connectTo(proxy.url)));
    for (const socket of sockets) socket.destroy();
    const again = async (): Promise<unknown> => (await ask(proxy.url + CHAT, BODY).catch(again)) as unknown;
    expect(await again()).toMatchObject({ status: 200, headers: { 'x-cache': 'HIT' } });
    expect((await ask(proxy.url + CHAT, { body: chatRequest('new') })).status).toBe(200);
  });
}
