/**
 * How long a streamed chunk takes through the proxy, from the upstream's write
 * to the client's read, each before the next is sent.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatChunk } from '../../harness/answers.ts';
import { quantile, spreadOf } from '../pairs.ts';
import { ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';

const CHUNKS = 5_000;
const PROMPT = '{"model":"m","stream":true}';

export async function* measureChunks(): AsyncIterable<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  const waiting: ((response: ServerResponse) => void)[] = [];
  const upstream = createServer(
    (incoming, response) => void incoming.resume().on('end', () => waiting.shift()?.(response)),
  );
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const ours = await ServerProcess.refrain(url, [], folder);
  try {
    const answering = () => new Promise<ServerResponse>((resolve) => waiting.push(resolve));
    const through = await delays(ours.url, answering());
    const straight = await delays(url, answering());
    yield {
      what: 'delay of a streamed chunk, p99',
      measured: spreadOf(through),
      beside: `straight from the upstream: ${spreadOf(straight)}`,
      figure: quantile(through, 0.99),
      budget: 5,
      unit: 'ms',
    };
  } finally {
    await ours.stop();
    upstream.close();
    upstream.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In ms. */
async function delays(url: string, answering: Promise<ServerResponse>): Promise<readonly number[]> {
  const outgoing = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  outgoing.end(PROMPT);
  const response = await answering;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  const [answer] = await once(outgoing, 'response');
  const times: number[] = [];
  for (let index = 0; index < CHUNKS; index++) {
    const sent = performance.now();
    response.write(chatChunk({ content: `word ${index}` }));
    await once(answer, 'data');
    times.push(performance.now() - sent);
  }
  outgoing.on('error', () => {}).destroy();
  return times;
}
