/**
 * How long a streamed chunk takes to a client whose process follows the one that leads: two clients ask the one
 * question, and of each chunk the time is taken at both.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatChunk } from '../../harness/answers.ts';
import { quantile, spreadOf } from '../pairs.ts';
import type { Line } from '../table.ts';

const CHUNKS = 2_000;

/** The processes that are asked, one URL for each of the two clients. */
export interface Asked {
  readonly urls: readonly [string, string];
  readonly stop: () => Promise<void>;
}

/**
 * @param what names the line
 * @param place where one leads, for people
 * @param start starts the processes, whose upstream has this URL, over an empty folder
 */
export async function followedChunksLine(
  what: string,
  place: string,
  start: (upstream: string, folder: string) => Promise<Asked>,
): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  const calls: ServerResponse[] = [];
  const upstream = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      // A follower elsewhere has the head with the first byte.
      response.write(chatChunk({ role: 'assistant' }));
      calls.push(response);
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { urls, stop } = await start(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, folder);
  try {
    const answers = await Promise.all(urls.map(asking));
    // The lease decides which of the two follows.
    const follower = answers.find((answer) => answer.headers['x-cache'] === 'FOLLOW');
    const leader = answers.find((answer) => answer !== follower);
    const [call] = calls;
    if (!call || !leader || !follower || calls.length > 1) throw new Error(`${calls.length} calls for one question`);
    const there = await delays(call, leader);
    const across = await delays(call, follower);
    return {
      what,
      measured: spreadOf(across),
      beside: `at the ${place} that leads: ${spreadOf(there)}`,
      figure: quantile(across, 0.99),
      budget: 10,
      unit: 'ms',
    };
  } finally {
    await stop();
    upstream.close();
    upstream.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The head of an answer to the one question. */
async function asking(url: string): Promise<IncomingMessage> {
  const outgoing = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  outgoing.on('error', () => {});
  outgoing.end('{"model":"m","stream":true}');
  const [answer] = await once(outgoing, 'response');
  return answer.resume() as IncomingMessage;
}

/** From the upstream's write to the client's read, each before the next is sent; in ms. */
async function delays(call: ServerResponse, answer: IncomingMessage): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < CHUNKS; index++) {
    const sent = performance.now();
    call.write(chatChunk({ content: `word ${index}` }));
    await once(answer, 'data');
    times.push(performance.now() - sent);
  }
  return times;
}
