/**
 * One live stream to so many clients at once: the same test with any number.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { CHAT, chatEvents, chatRequest, sendPaced } from '../harness/answers.ts';
import { connected } from '../harness/port.ts';
import { loopDelayOf, type Tell } from './figures.ts';
import { type Digest, digestOf, MB, open, peakOf } from './proxy-process.ts';

const EVENTS = chatEvents(Array.from({ length: 97 }, (_, index) => ` wört ${index}`));
/** The pace of the stream: 100 events in 2 s. */
const EVENT_MS = 20;
const BODY = JSON.stringify(chatRequest('All at once.', { stream: true }));
const SHA256 = createHash('sha256').update(EVENTS.join('')).digest('hex');

/** Asks on a connection that is there already, and reads the answer to its end. */
async function played(url: string, socket: Socket): Promise<Digest> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(BODY) };
  const outgoing = request(url + CHAT, { method: 'POST', headers, createConnection: () => socket });
  outgoing.end(BODY);
  const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
  return digestOf(message);
}

export function streamToAll({ clients, tell }: { readonly clients: number; readonly tell?: Tell }): void {
  test(`${clients} clients that ask at once for one live stream get its bytes from one call, in less than 400 MB`, {
    timeout: 180_000 + clients * 20,
  }, async () => {
    const proxy = await open((response) => sendPaced(response, EVENTS, EVENT_MS));
    const port = Number(new URL(proxy.url).port);
    const sockets: Socket[] = [];
    for (let index = 0; index < clients; index += 1) sockets.push(await connected(port));
    await loopDelayOf(proxy);
    const began = performance.now();
    const answers = await Promise.all(sockets.map((socket) => played(proxy.url, socket)));
    const seconds = (performance.now() - began) / 1_000;
    const delay = await loopDelayOf(proxy);
    const resident = peakOf(proxy.child.pid);
    for (const socket of sockets) socket.destroy();

    expect(proxy.received).toHaveLength(1);
    expect(new Set(answers.map(({ sha256 }) => sha256))).toEqual(new Set([SHA256]));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const words = answers.map(({ headers }) => headers['x-cache']);
    expect(words.filter((word) => word === 'MISS')).toHaveLength(1);
    expect(new Set(words).isSubsetOf(new Set(['MISS', 'FOLLOW', 'HIT']))).toBe(true);
    expect(words.filter((word) => word === 'FOLLOW').length).toBeGreaterThan(0);
    expect(resident).toBeLessThan(400 * MB);
    const follows = words.filter((word) => word === 'FOLLOW').length;
    tell?.(
      `${clients} clients of a stream of ${(EVENTS.length * EVENT_MS) / 1_000} s: ` +
        `over after ${seconds.toFixed(1)} s; ${follows} followed; ` +
        `at most ${(resident / MB).toFixed(0)} MB resident; ` +
        `event loop late p99 ${delay.p99} ms, at most ${delay.max} ms`,
    );
  });
}
