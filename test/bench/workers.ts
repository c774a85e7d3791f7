/**
 * Throughput of hits and misses with one process and with two workers, on the
 * same two cores as the load and the upstream: `node test/bench/workers.ts
 * [PAIRS]`. What the load takes of them is said; where it takes half, two
 * workers can at best be as fast as the rest allows.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from './load.ts';
import { median } from './pairs.ts';
import { answerOf, promptOf } from './requests.ts';
import { ServerProcess } from './server-process.ts';

const CORES = `0-${availableParallelism() - 1}`;
const CONNECTIONS = 32;
const SECONDS = 5;
const pairs = Number(process.argv[2] ?? 3);

interface Run {
  readonly perSecond: number;
  /** CPU time for each request, in microseconds: of the parent, of all workers, and of the load. */
  readonly parent: number;
  readonly workers: number;
  readonly load: number;
}

const numbered = promptOf(1_000, { user: '%N%', seed: '%N%' });
const CASES = [
  { what: 'hit from memory', prompt: promptOf(1_000) },
  { what: 'miss', prompt: numbered },
];

const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
const answer = join(folder, 'answer.json');
writeFileSync(answer, answerOf(1_000));
const upstream = await ServerProcess.script('./servers/upstream.ts', [answer], CORES);
const servers = [
  await ServerProcess.refrain(upstream.url, [], join(folder, 'one'), CORES),
  await ServerProcess.refrain(upstream.url, ['--workers', '2'], join(folder, 'two'), CORES),
];

async function run(server: ServerProcess, body: string, seconds = SECONDS): Promise<Run> {
  const [parent, workers] = [server.cpu(), sum(server.workersCpu())];
  const url = `${server.url}/v1/chat/completions`;
  const asked = { url, body, distinct: null, seconds, connections: CONNECTIONS, folder, cores: CORES };
  const { requests, perSecond, loadCpu } = await load(asked);
  return {
    perSecond,
    parent: (server.cpu() - parent) / requests,
    workers: (sum(server.workersCpu()) - workers) / requests,
    load: loadCpu / requests,
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

console.log('| | requests a second | CPU: parent, or the one process | CPU: workers | CPU: load |');
console.log('|---|---|---|---|---|');
for (const { what, prompt } of CASES) {
  const runs: Run[][] = servers.map(() => []);
  for (const server of [...servers, ...servers]) await run(server, prompt, 2);
  for (let pair = 0; pair < pairs; pair++)
    for (const [at, server] of servers.entries()) runs[at]?.push(await run(server, prompt));
  for (const [at, name] of ['one process', 'two workers'].entries()) {
    const of = (figure: keyof Run) => median((runs[at] as Run[]).map((one) => one[figure])).toFixed(0);
    console.log(
      `| ${what}, ${name} | ${of('perSecond')} | ${of('parent')} µs | ${of('workers')} µs | ${of('load')} µs |`,
    );
  }
}
for (const server of [upstream, ...servers]) await server.stop('SIGTERM');
rmSync(folder, { recursive: true, force: true });
