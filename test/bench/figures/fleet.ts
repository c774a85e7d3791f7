/**
 * The price of a fleet: hits from Redis beside those from SQLite and from memory, misses beside those of memory alone
 * (the lease's share: `test/bench/lease.ts`), and how long a streamed chunk takes from the node that leads to a client
 * of another. Redis runs on the load's core.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatChunk } from '../../harness/answers.ts';
import { type RedisServer, startRedisServer } from '../../harness/redis-server.ts';
import { comparePairs, type Measured, quantile, spreadOf } from '../pairs.ts';
import { answerOf, promptOf } from '../requests.ts';
import { LOAD_CORE, ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';

const CONNECTIONS = 16;
const CHUNKS = 2_000;
const PROMPT = promptOf(1_000, { user: '%N%', seed: '%N%' });
const NO_MEMORY = ['--memory-bytes', '0'];
const NO_FILE = ['--store-path', 'off'];
/** Of all that share the one Redis. */
const SECRET = '5e'.repeat(32);

interface Case {
  readonly what: string;
  /** Beside `--redis`. */
  readonly flags: readonly string[];
  readonly beside: string;
  readonly besideFlags: readonly string[];
  /** How many questions there are; without an end if null. */
  readonly distinct: number | null;
}

const CASES: readonly Case[] = [
  {
    what: 'hit from Redis',
    flags: [...NO_MEMORY, ...NO_FILE],
    beside: 'hit from SQLite',
    besideFlags: NO_MEMORY,
    distinct: 1_000,
  },
  {
    what: 'hit from Redis',
    flags: [...NO_MEMORY, ...NO_FILE],
    beside: 'hit from memory',
    besideFlags: NO_FILE,
    distinct: 1_000,
  },
  {
    what: 'miss over Redis',
    flags: NO_FILE,
    beside: 'miss over memory alone',
    besideFlags: NO_FILE,
    distinct: null,
  },
];

/** @param only text that a line's name must hold; nothing is measured without `redis-server` */
export async function* measureFleet(full: boolean, only = ''): AsyncIterable<Line> {
  if (spawnSync('redis-server', ['--version']).error) return;
  const redis = await startRedisServer({ config: { maxmemory: '2gb', 'maxmemory-policy': 'volatile-lru' } });
  try {
    for (const each of CASES) if (each.what.includes(only)) yield await lineOf(each, redis, full);
    const what = 'delay of a streamed chunk to another node over Redis, p99';
    if (what.includes(only)) yield await delayLine(what, redis);
  } finally {
    await redis.stop();
  }
}

async function lineOf(each: Case, redis: RedisServer, full: boolean): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  const servers: ServerProcess[] = [];
  try {
    const file = join(folder, 'answer');
    writeFileSync(file, answerOf(1_000));
    const upstream = await ServerProcess.script('servers/upstream.ts', [file, 'application/json'], LOAD_CORE);
    servers.push(upstream);
    const start = async (name: string, flags: readonly string[]) => {
      const server = await ServerProcess.refrain(upstream.url, flags, join(folder, name));
      servers.push(server);
      const url = `${server.url}/v1/chat/completions`;
      const load = { url, body: PROMPT, distinct: each.distinct, connections: CONNECTIONS, folder };
      return { server, load: { ...load, seconds: full ? 2 : 1 } };
    };
    const beside = await start('beside', each.besideFlags);
    const ours = await start('ours', [...each.flags, '--redis', redis.url, '--secret', SECRET]);
    const pair = await comparePairs(ours, beside, full ? 7 : 5);
    return {
      what: each.what,
      measured: textOf(pair.ours),
      beside: `${each.beside}: ${textOf(pair.beside)}`,
      figure: pair.ratio,
      budget: null,
      unit: '',
    };
  } finally {
    for (const server of servers.reverse()) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function delayLine(what: string, redis: RedisServer): Promise<Line> {
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
  const start = (name: string) =>
    ServerProcess.refrain(url, [...NO_FILE, '--redis', redis.url, '--secret-file', secret], join(folder, name));
  const secret = join(folder, 'secret');
  writeFileSync(secret, SECRET, { mode: 0o600 });
  const nodes = [await start('a'), await start('b')] as const;
  try {
    const asked = nodes.map((node) => asking(node.url));
    const [leading, following] = await Promise.all(asked);
    const [call] = calls;
    if (!call || !leading || !following) throw new Error('there is no call');
    if (calls.length > 1) throw new Error(`${calls.length} calls were made for one question`);
    // Of the two, the one that follows is the later; which it is, the lease decides.
    const follower = following.headers['x-cache'] === 'FOLLOW' ? following : leading;
    const leader = follower === following ? leading : following;
    const there = await delays(call, leader);
    const across = await delays(call, follower);
    return {
      what,
      measured: spreadOf(across),
      beside: `at the node that leads: ${spreadOf(there)}`,
      figure: quantile(across, 0.99),
      budget: 10,
      unit: 'ms',
    };
  } finally {
    for (const node of nodes) await node.stop();
    upstream.close();
    upstream.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The head of an answer to the one question. */
export async function asking(url: string) {
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
export async function delays(call: ServerResponse, answer: IncomingMessage): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < CHUNKS; index++) {
    const sent = performance.now();
    call.write(chatChunk({ content: `word ${index}` }));
    await once(answer, 'data');
    times.push(performance.now() - sent);
  }
  return times;
}

function textOf({ cpu, perSecond }: Measured): string {
  return `${cpu.toFixed(0)} µs, ${Math.round(perSecond).toLocaleString('en')}/s`;
}
