/**
 * The price of a fleet: hits from Redis beside those from SQLite and from memory, misses beside those of memory alone
 * (the lease's share: `test/bench/lease.ts`), and how long a streamed chunk takes from the node that leads to a client
 * of another. Redis runs on the load's core.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, startRedisServer } from '../../harness/redis-server.ts';
import { comparePairs, type Measured } from '../pairs.ts';
import { answerOf, promptOf } from '../requests.ts';
import { LOAD_CORE, ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';
import { followedChunksLine } from './followed-chunks.ts';

const CONNECTIONS = 16;
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

function delayLine(what: string, redis: RedisServer): Promise<Line> {
  return followedChunksLine(what, 'node', async (upstream, folder) => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, SECRET, { mode: 0o600 });
    const start = (name: string) =>
      ServerProcess.refrain(upstream, [...NO_FILE, '--redis', redis.url, '--secret-file', secret], join(folder, name));
    const [one, other] = [await start('a'), await start('b')];
    const stop = async () => {
      for (const node of [one, other]) await node.stop();
    };
    return { urls: [one.url, other.url], stop };
  });
}

function textOf({ cpu, perSecond }: Measured): string {
  return `${cpu.toFixed(0)} µs, ${Math.round(perSecond).toLocaleString('en')}/s`;
}
