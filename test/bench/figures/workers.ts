/**
 * Throughput with two workers beside that with one process, where server, load
 * and upstream share two cores: what the load takes of them is said, since no
 * server can have it. And how long a streamed chunk takes from the worker that
 * leads to a client of the other.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatChunk } from '../../harness/answers.ts';
import { load } from '../load.ts';
import { median, quantile, spreadOf } from '../pairs.ts';
import { answerOf, promptOf } from '../requests.ts';
import { LOAD_CORE, SERVER_CORE, ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';
import { asking, delays } from './fleet.ts';

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

async function delayLine(what: string): Promise<Line> {
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
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const server = await ServerProcess.refrain(url, WORKERS, folder, CORES);
  try {
    // Each connection is for the worker with the fewest.
    const asked = await Promise.all([asking(server.url), asking(server.url)]);
    const follower = asked.find((answer) => answer.headers['x-cache'] === 'FOLLOW');
    const leader = asked.find((answer) => answer !== follower);
    const [call] = calls;
    if (!call || !leader || !follower || calls.length > 1) throw new Error(`${calls.length} calls for one question`);
    const there = await delays(call, leader);
    const across = await delays(call, follower);
    return {
      what,
      measured: spreadOf(across),
      beside: `at the worker that leads: ${spreadOf(there)}`,
      figure: quantile(across, 0.99),
      budget: 10,
      unit: 'ms',
    };
  } finally {
    await server.stop();
    upstream.close();
    upstream.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
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
