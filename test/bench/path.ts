/**
 * The way of one request through `src/`, by outcome: how many files, functions
 * and calls it runs, as V8 counts them (precise coverage, nothing inlined away).
 *
 *   node test/bench/path.ts [--files]
 *
 * Each outcome is measured on its tenth request, after all that is done once.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { Session } from 'node:inspector/promises';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { startProxy } from '../harness/proxy.ts';

const SOURCE = new URL('../../src/', import.meta.url).href;
const { values: flags } = parseArgs({ options: { files: { type: 'boolean', default: false } } });

const upstream = createServer((incoming, response) => {
  incoming.resume();
  incoming.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer()));
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
const proxy = await startProxy(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, { logLevel: 'info' });

let count = 0;
const OUTCOMES: Readonly<Record<string, () => { body: object; headers?: Record<string, string> }>> = {
  HIT: () => ({ body: chatRequest('kept') }),
  MISS: () => ({ body: chatRequest(`new ${count++}`) }),
  BYPASS: () => ({ body: chatRequest('kept'), headers: { 'cache-control': 'no-store' } }),
};

async function ask({ body, headers = {} }: { body: object; headers?: Record<string, string> }): Promise<unknown> {
  const outgoing = request(proxy.url + CHAT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-path', ...headers },
  });
  outgoing.end(JSON.stringify(body));
  const [incoming] = await once(outgoing, 'response');
  incoming.resume();
  await once(incoming, 'end');
  return incoming.headers['x-cache'];
}

/** Resolves when what a request does after its last byte is done: its record, the commit of its answer. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

for (const [word, next] of Object.entries(OUTCOMES)) {
  for (let round = 0; round < 9; round++) await ask(next());
  await settle();
  await session.post('Profiler.takePreciseCoverage');
  const told = await ask(next());
  if (told !== word) throw new Error(`${word} was ${told}`);
  await settle();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const files = result
    .filter(({ url }) => url.startsWith(SOURCE))
    .map(({ url, functions }) => ({
      file: url.slice(SOURCE.length),
      calls: functions.map(({ ranges }) => ranges[0]?.count ?? 0).filter((calls) => calls > 0),
    }))
    .filter(({ calls }) => calls.length > 0);
  const functions = files.reduce((sum, { calls }) => sum + calls.length, 0);
  const calls = files.flatMap(({ calls }) => calls).reduce((sum, one) => sum + one, 0);
  console.log(`${word.padEnd(8)} ${files.length} files, ${functions} functions, ${calls} calls`);
  if (flags.files) for (const { file, calls } of files) console.log(`  ${file}: ${calls.length}`);
}
await proxy.stop();
upstream.close();
upstream.closeAllConnections();
session.disconnect();
