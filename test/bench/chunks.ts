/**
 * How long a streamed chunk takes through a proxy, from the upstream's write to
 * the client's read, each before the next is sent: `node test/bench/chunks.ts`.
 */
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../harness/child.ts';
import { chatChunk } from '../harness/answers.ts';

const CHUNKS = 5_000;

const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
const answering = Promise.withResolvers<ServerResponse>();
const upstream = createServer((incoming, response) => void incoming.resume().on('end', () => answering.resolve(response)));
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
const child = new Child(['--port', '0', '--admin-port', '0', '--upstream', `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`], folder, {});
const { api } = await child.ready();
const outgoing = request(`${api}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' } });
outgoing.end('{"model":"m","stream":true}');
const response = await answering.promise;
response.writeHead(200, { 'content-type': 'text/event-stream' });
response.flushHeaders();
const [answer] = await once(outgoing, 'response');
const delays: number[] = [];
for (let index = 0; index < CHUNKS; index++) {
  const sent = performance.now();
  response.write(chatChunk({ content: `word ${index}` }));
  await once(answer, 'data');
  delays.push(performance.now() - sent);
}
delays.sort((a, b) => a - b);
const at = (share: number) => (delays[Math.ceil(CHUNKS * share) - 1] as number).toFixed(2);
console.log(`${CHUNKS} chunks, ms: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}`);
outgoing.destroy();
await child.end();
upstream.close();
upstream.closeAllConnections();
rmSync(folder, { recursive: true, force: true });
