/**
 * A proxy that is stopped while answers are sent to slow readers, and while its operator throws answers away: the same
 * trials with any number. Declares tests.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { generate } from 'selfsigned';
import { Agent, request } from 'undici';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { type ProcessHarness, processTest as test } from '../harness/process-harness.ts';

export interface StopTrials {
  /** Stops of a proxy that has answers under way. */
  readonly readers: number;
  /** Stops of a proxy that is told to throw answers away. */
  readonly purges: number;
  readonly tell?: (what: string) => void;
}

const WAYS: Readonly<Record<string, readonly string[]>> = {
  'in one process': [],
  'over TLS of its own': ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'],
  'with two workers': ['--workers', '2'],
  'with two workers, over TLS of its own': ['--workers', '2', '--tls-cert', 'cert.pem', '--tls-key', 'key.pem'],
};

/** In bytes: more than the buffers of both ends of a connection take. */
const ANSWER = 5_000_000;
const READERS = 4;
const ENTRIES = 60;

const ANYBODY = { rejectUnauthorized: false };
const agent = new Agent({ connect: ANYBODY });

async function start({ folder, upstream }: ProcessHarness, flags: readonly string[]) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
  const own = ['--port', '0', '--admin-port', '0', '--max-entry-bytes', '64MB', '--upstream', `${upstream.url}/v1`];
  const child = new Child([...own, ...flags], folder, {});
  return { child, ...(await child.ready()) };
}

async function ask(url: string, method: string, body?: object, headers: Record<string, string> = {}) {
  const type = { 'content-type': 'application/json' };
  const answer = await request(url, {
    dispatcher: agent,
    method,
    headers: body ? { ...type, ...headers } : headers,
    body: body ? JSON.stringify(body) : null,
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}

async function dial(url: string): Promise<Socket> {
  const { port, protocol } = new URL(url);
  const isTls = protocol === 'https:';
  const socket = isTls ? connectTls({ port: Number(port), ...ANYBODY }) : connect(Number(port), '127.0.0.1');
  // One that was not accepted before the port is given up is reset.
  socket.on('error', () => {});
  await once(socket, isTls ? 'secureConnect' : 'connect');
  return socket;
}

/** Asks on a connection that is kept, and reads the head alone. @returns reads the rest, and counts it */
async function askSlowly(url: string): Promise<() => Promise<number>> {
  const socket = await dial(url);
  const body = JSON.stringify(chatRequest());
  const head = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
  socket.write(`${head}\r\n\r\n${body}`);
  await once(socket, 'readable');
  const first = socket.read() as Buffer;
  const begun = first.length - first.indexOf('\r\n\r\n') - 4;
  return async () => {
    let bytes = begun;
    for await (const piece of socket) bytes += (piece as Buffer).length;
    return bytes;
  };
}

async function stopBesideReaders(harness: ProcessHarness, flags: readonly string[]): Promise<void> {
  const answer = chatAnswer('x'.repeat(ANSWER));
  harness.upstream.script = (call) => sendJson(call, answer);
  const { child, api } = await start(harness, flags);
  await ask(api + CHAT, 'POST', chatRequest());
  const slow = await Promise.all(Array.from({ length: READERS }, () => askSlowly(api)));
  const idle = await Promise.all(Array.from({ length: READERS }, () => dial(api)));
  const swept = Promise.all(idle.map((socket) => new Promise((over) => socket.resume().once('close', over))));
  child.signal('SIGTERM');
  // Idle connections are closed by the sweep that could take a reader's for one.
  await swept;
  expect(await Promise.all(slow.map((read) => read()))).toEqual(slow.map(() => answer.length));
  expect(await child.exited).toEqual({ code: 0, signal: null });
}

/** Throws entries away one after the other until that is refused. @returns those that are said to be gone */
async function throwAway(admin: string, child: Child, stopAfter: number): Promise<number[]> {
  const { entries } = JSON.parse((await ask(`${admin}/entries?limit=${ENTRIES}`, 'GET')).text);
  const keys = new Map<string, string>(entries.map(({ key, tags }: { key: string; tags: [string] }) => [tags[0], key]));
  const order = (at: number) =>
    at % 2 === 0
      ? ask(`${admin}/purge`, 'POST', { tag: `t${at}` })
      : ask(`${admin}/entries/${keys.get(`t${at}`)}`, 'DELETE');
  const gone: number[] = [];
  let next = 0;
  const each = async () => {
    while (next < ENTRIES) {
      if (next === stopAfter) child.signal('SIGTERM');
      const at = next++;
      const status = await order(at).then(
        (said) => said.status,
        () => 0,
      );
      if (status !== 200) return;
      gone.push(at);
    }
  };
  await Promise.all([each(), each(), each()]);
  return gone;
}

/** @returns how many entries were said to be gone, and which of them are served after a restart */
async function stopBesidePurges(harness: ProcessHarness, flags: readonly string[], trial: number) {
  const { child, api, admin } = await start(harness, flags);
  for (let at = 0; at < ENTRIES; at++)
    await ask(api + CHAT, 'POST', chatRequest(`${trial} ${at}`), { 'x-refrain-tags': `t${at}` });
  const gone = await throwAway(admin, child, trial % 7);
  await child.exited;
  const again = await start(harness, flags);
  const served: number[] = [];
  for (const at of gone) {
    const headers = { 'cache-control': 'only-if-cached' };
    const { status } = await ask(again.api + CHAT, 'POST', chatRequest(`${trial} ${at}`), headers);
    if (status !== 504) served.push(at);
  }
  again.child.signal('SIGTERM');
  await again.child.exited;
  return { gone: gone.length, served };
}

export function stopInGoodOrder({ readers, purges, tell }: StopTrials): void {
  describe.for(Object.entries(WAYS))('a proxy that is stopped %s', ([way, flags]) => {
    test(`sends what it has begun to slow readers to the end, ${readers} times`, async ({ folder, upstream }) => {
      for (let trial = 0; trial < readers; trial++) await stopBesideReaders({ folder, upstream }, flags);
      tell?.(`${way}: ${readers * READERS} slow readers of ${ANSWER / 1e6} MB at ${readers} stops had all of it`);
    });

    test(`keeps its word on what it says is thrown away, ${purges} times`, async ({ folder, upstream }) => {
      let total = 0;
      const wrong: number[] = [];
      for (let trial = 0; trial < purges; trial++) {
        const { gone, served } = await stopBesidePurges({ folder, upstream }, flags, trial);
        total += gone;
        wrong.push(...served);
      }
      tell?.(
        `${way}: of ${total} that were said to be thrown away at ${purges} stops, ${wrong.length} were served after`,
      );
      expect(wrong).toEqual([]);
      expect(total).toBeGreaterThan(0);
    });
  });
}
