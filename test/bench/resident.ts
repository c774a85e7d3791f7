/**
 * The resident memory of Refrain as `npx refrain` starts it, with the space of young objects as it is by itself, as
 * main.js has it, and by the flag of Node: `node test/bench/resident.ts`. Each start answers the same misses and hits.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { answerAll } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { startUpstream } from '../harness/upstream.ts';
import { peakOf, residentOf } from '../size/proxy-process.ts';

const STARTS = {
  'as V8 has it': '--import data:text/javascript,//semi-space',
  'as main.js has it': '',
  'by --max-semi-space-size=2': '--max-semi-space-size=2',
};
const MIB = 1024 * 1024;

const upstream = await startUpstream(answerAll);
for (const [name, flags] of Object.entries(STARTS)) {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
  const args = ['--port', '0', '--admin-port', '0', '--log-level', 'warn', '--upstream', upstream.url];
  const child = new Child(args, folder, { NODE_OPTIONS: flags });
  const { api } = await child.ready();
  const idle = residentOf(child.pid);
  const hits = await load(api, 20_000, (index) => index % 100);
  const misses = await load(api, 3_000, (index) => index + 1_000);
  const figures = [idle, residentOf(child.pid), peakOf(child.pid)].map((bytes) => (bytes / MIB).toFixed(0));
  console.log(
    `${name}: idle ${figures[0]}, after ${figures[1]}, at most ${figures[2]} MiB; hits/s ${hits}, misses/s ${misses}`,
  );
  await child.end();
  rmSync(folder, { recursive: true, force: true });
}
await upstream.stop();

async function load(api: string, amount: number, question: (index: number) => number): Promise<number> {
  let index = 0;
  const result = await autocannon({
    url: `${api}/v1/chat/completions`,
    method: 'POST',
    connections: 32,
    amount,
    headers: { 'content-type': 'application/json', 'authorization': 'Bearer k' },
    requests: [
      {
        setupRequest: (request) => {
          index += 1;
          const content = `question ${question(index)} ${'words '.repeat(200)}`;
          return { ...request, body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }) };
        },
      },
    ],
  });
  return Math.round(result.requests.average);
}
