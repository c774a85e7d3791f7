/**
 * Throughput with two workers beside that with one process, where server, load
 * and upstream share two cores: what the load takes of them is said, since no
 * server can have it. And how long a streamed chunk takes from the worker that
 * leads to a client of the other.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '../load.ts';
import { median } from '../pairs.ts';
import { answerOf, promptOf } from '../requests.ts';
import { LOAD_CORE, SERVER_CORE, ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';
import { followedChunksLine } from './followed-chunks.ts';

const CORES = `${SERVER_CORE},${LOAD_CORE}`;
const CONNECTIONS = 32;
const WORKERS = ['--workers', '2'];

const CASES = [
  { what: 'hits with two workers: throughput', prompt: promptOf(1_000) },
  { what: 'misses with two workers: throughput', prompt: promptOf(1_000, { user: '%N%', seed: '%N%' }) },
];

/** One run under load. */
interface WorkerRun {
  readonly perSecond: number;
  /** CPU time for each request, in microseconds. */
  readonly parent: number;
  readonly workers: number;
  readonly load: number;
}

/** @param only text that a line's name must hold */
export async function* measureWorkers(full: boolean, only = ''): AsyncIterable<Line> {
  for (const each of CASES) if (each.what.includes(only)) yield await throughputLine(each.what, each.prompt, full);
  const what = 'delay of a streamed chunk to another worker, p99';
  if (what.includes(only)) yield await delayLine(what);
}

async function throughputLine(what: string, body: string, full: boolean): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  const servers: ServerProcess[] = [];
  try {
    const file = join(folder, 'answer');
    writeFileSync(file, answerOf(1_000));
    const upstream = await ServerProcess.script('servers/upstream.ts', [file, 'application/json'], CORES);
    servers.push(upstream);
    const start = async (name: string, flags: readonly string[]) => {
      const server = await ServerProcess.refrain(upstream.url, flags, join(folder, name), CORES);
      servers.push(server);
      return (seconds: number) => run(server, body, seconds, folder);
    };
    const [one, two] = [await start('one', []), await start('two', WORKERS)];
    for (const warmUp of [one, two, one, two]) await warmUp(2);
    const runs: { one: WorkerRun; two: WorkerRun }[] = [];
    for (let pair = 0; pair < (full ? 5 : 3); pair++) runs.push({ one: await one(3), two: await two(3) });
    return {
      what,
      measured: textOf(runs.map((pair) => pair.two)),
      beside: `one process: ${textOf(runs.map((pair) => pair.one))}`,
      figure: median(runs.map((pair) => pair.two.perSecond / pair.one.perSecond)),
      budget: null,
      unit: '',
    };
  } finally {
    for (const server of servers.reverse()) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(server: ServerProcess, body: string, seconds: number, folder: string): Promise<WorkerRun> {
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

function delayLine(what: string): Promise<Line> {
  return followedChunksLine(what, 'worker', async (upstream, folder) => {
    const server = await ServerProcess.refrain(upstream, WORKERS, folder, CORES);
    // Each connection is for the worker with the fewest.
    return { urls: [server.url, server.url], stop: () => server.stop() };
  });
}

function textOf(runs: readonly WorkerRun[]): string {
  const [perSecond, parent, workers, ofLoad] = (['perSecond', 'parent', 'workers', 'load'] as const).map((figure) =>
    Math.round(median(runs.map((one) => one[figure]))),
  );
  const server = workers === 0 ? `${parent} µs` : `${workers} µs and ${parent} µs of the parent`;
  return `${perSecond?.toLocaleString('en')}/s, each ${server}; the load ${ofLoad} µs`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
