/**
 * A proxy in a process of its own over an upstream that takes and gives large
 * things without holding them, and how much memory the process takes.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Child } from '../harness/child.ts';
import { START_FLAGS } from '../harness/start.ts';

export const MB = 1_000_000;

export interface Digest {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads a message to its end, keeping nothing of it. */
export async function digestOf(message: IncomingMessage): Promise<Digest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    hash.update(chunk as Buffer);
  }
  return { status: message.statusCode ?? 0, headers: message.headers, bytes, sha256: hash.digest('hex') };
}

/** Writes chunks at the pace of whoever reads them. @returns what was written */
export async function pour(
  target: ServerResponse | ReturnType<typeof request>,
  chunks: Iterable<Buffer>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    if (!target.write(chunk)) await once(target, 'drain');
  }
  target.end();
  return { bytes, sha256: hash.digest('hex') };
}

/** The same chunk so often that it makes `bytes`, between a beginning and an end. */
export function* repeated(bytes: number, chunk: Buffer, begin = '', end = ''): Iterable<Buffer> {
  if (begin !== '') yield Buffer.from(begin);
  for (let written = 0; written < bytes; written += chunk.length) yield chunk;
  if (end !== '') yield Buffer.from(end);
}

/** As `npm start` starts it. */
const NODE = { NODE_OPTIONS: START_FLAGS.join(' ') };

/** Passed through first: what a process takes once for any traffic is not what a body costs. */
const WARM_UP = 100 * MB;

export interface ProxyProcess {
  readonly url: string;
  readonly child: Child;
  /** The bodies that the upstream was sent, request by request. */
  readonly received: Digest[];
  /** Takes what it took at most until now for what is usual. */
  settle(): void;
  /** How much more memory the process takes at most for `act` than passing the warm-up took at most, in bytes. */
  growth(act: () => Promise<unknown>): Promise<number>;
}

/** @param answer answers a request whose body has been read */
export async function open(
  answer: (response: ServerResponse) => unknown,
  flags: readonly string[] = [],
  files?: number,
): Promise<ProxyProcess> {
  const received: Digest[] = [];
  const upstream = createServer(async (incoming, response) => {
    const digest = await digestOf(incoming).catch(() => null);
    // Given up by the proxy, as it may where its client is.
    if (digest === null) return;
    received.push(digest);
    if (incoming.url === '/v1/warm-up') response.end();
    else await answer(response);
  });
  // A body that is streamed cannot be sent again where an idle connection turns out to be dead.
  upstream.keepAliveTimeout = 0;
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
  const { port } = upstream.address() as AddressInfo;
  const child = new Child(
    ['--port', '0', '--admin-port', '0', '--upstream', `http://127.0.0.1:${port}/v1`, '--store-path', 'off', ...flags],
    folder,
    NODE,
    files,
  );
  onTestFinished(async () => {
    await child.end();
    upstream.close();
    upstream.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  const { api } = await child.ready();
  await send(`${api}/v1/warm-up`, repeated(WARM_UP, Buffer.alloc(65_536)));
  received.length = 0;
  // Not what it takes at this moment: that depends on when garbage was last collected.
  let usual = peakOf(child.pid);
  const settle = () => void (usual = peakOf(child.pid));
  const growth = async (act: () => Promise<unknown>) => {
    writeFileSync(`/proc/${child.pid}/clear_refs`, '5');
    await act();
    return peakOf(child.pid) - usual;
  };
  return { url: api, child, received, settle, growth };
}

/** Resident bytes of a process, at most since it began or the peak was last cleared. */
export const peakOf = (pid: number): number => memoryOf(pid, 'VmHWM');

/** Resident bytes of a process now. */
export const residentOf = (pid: number): number => memoryOf(pid, 'VmRSS');

function memoryOf(pid: number, what: 'VmHWM' | 'VmRSS'): number {
  const [, kilobytes = ''] =
    new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** Sends a body of unknown or known length, and reads the answer to its end. */
export async function send(
  url: string,
  chunks: Iterable<Buffer>,
  headers: Record<string, string> = {},
): Promise<{ sent: { bytes: number; sha256: string }; answer: Digest }> {
  const outgoing = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
  const answered = once(outgoing, 'response').then(([message]) => digestOf(message as IncomingMessage));
  if (headers.expect) await once(outgoing, 'continue');
  const sent = await pour(outgoing, chunks);
  return { sent, answer: await answered };
}
