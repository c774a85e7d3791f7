/**
 * Hits, misses and bypasses beside bare servers that do the least that anybody
 * could, each a pair of processes under the same load in turn.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Load } from '../load.ts';
import { comparePairs, type Measured } from '../pairs.ts';
import { answerOf, promptOf, streamOf } from '../requests.ts';
import { LOAD_CORE, SERVER_CORE, ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';

const CONNECTIONS = 16;

interface Case {
  readonly what: string;
  readonly prompt: string;
  readonly answer: string;
  readonly streams?: boolean;
  /** The server beside ours. */
  readonly beside: 'floor' | 'relay' | 'memory' | 'nginx';
  readonly flags?: readonly string[];
  /** Where the prompt holds `%N%`: how many different ones there are; without an end if not said. */
  readonly distinct?: number;
  /** The upstream writes its answer event by event. */
  readonly live?: boolean;
  readonly budget: number | null;
}

const numbered = (others: object = {}) => promptOf(1_000, { ...others, user: '%N%', seed: '%N%' });
const json = answerOf(1_000);
const events = streamOf(200);

const CASES: readonly Case[] = [
  { what: 'hit, prompt of 1 KB', prompt: promptOf(1_000), answer: json, beside: 'floor', budget: 1.25 },
  {
    what: 'hit, prompt of 20 KB with 20 messages and 10 tools',
    prompt: promptOf(20_000),
    answer: json,
    beside: 'floor',
    budget: 1.25,
  },
  { what: 'hit, prompt of 100 KB', prompt: promptOf(100_000), answer: json, beside: 'floor', budget: 1.15 },
  { what: 'hit, prompt of 1 MB', prompt: promptOf(1_000_000), answer: json, beside: 'floor', budget: 1.15 },
  { what: 'hit, answer of 100 KB', prompt: promptOf(1_000), answer: answerOf(100_000), beside: 'floor', budget: 1.25 },
  {
    what: 'hit, stream of 200 events',
    prompt: promptOf(1_000, { stream: true }),
    answer: events,
    streams: true,
    beside: 'floor',
    budget: 1.25,
  },
  {
    what: 'hit from SQLite',
    prompt: numbered(),
    answer: json,
    beside: 'memory',
    flags: ['--memory-bytes', '0'],
    distinct: 1_000,
    budget: 3,
  },
  { what: 'miss', prompt: numbered(), answer: json, beside: 'relay', budget: 1.6 },
  { what: 'bypass', prompt: promptOf(1_000), answer: json, beside: 'relay', flags: ['--cache', 'off'], budget: 1.6 },
  {
    what: 'miss, live stream of 200 events',
    prompt: numbered({ stream: true }),
    answer: events,
    streams: true,
    live: true,
    beside: 'relay',
    budget: 1.3,
  },
  { what: 'hit, beside nginx (`proxy_cache`)', prompt: promptOf(1_000), answer: json, beside: 'nginx', budget: null },
];

const NAMES = { floor: 'bare server with a Map', relay: 'bare relay', memory: 'hit from memory', nginx: 'nginx' };

/** @param only what a case's name must hold */
export async function* measureRatios(full: boolean, only = ''): AsyncIterable<Line> {
  for (const each of CASES)
    if (each.what.includes(only) && (each.beside !== 'nginx' || hasNginx())) yield await lineOf(each, full);
}

async function lineOf(each: Case, full: boolean): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  const servers: ServerProcess[] = [];
  const start = async (server: Promise<ServerProcess>) => {
    servers.push(await server);
    return servers.at(-1) as ServerProcess;
  };
  try {
    const file = join(folder, 'answer');
    writeFileSync(file, each.answer);
    const answer = [file, each.streams ? 'text/event-stream' : 'application/json'];
    const upstream = await start(
      ServerProcess.script('servers/upstream.ts', [...answer, ...(each.live ? ['events'] : [])], LOAD_CORE),
    );
    const refrain = (name: string, flags: readonly string[]) =>
      ServerProcess.refrain(upstream.url, flags, join(folder, name));
    const beside = await start(
      {
        floor: () => ServerProcess.script('servers/floor.ts', answer, SERVER_CORE),
        relay: () => ServerProcess.script('servers/relay.ts', [upstream.url], SERVER_CORE),
        memory: () => refrain('beside', []),
        nginx: () => ServerProcess.nginx(upstream.url, folder),
      }[each.beside](),
    );
    const ours = await start(refrain('ours', each.flags ?? []));
    const load: Omit<Load, 'url'> = {
      body: each.prompt,
      distinct: each.distinct ?? null,
      seconds: full ? 2 : 1,
      connections: CONNECTIONS,
      folder,
    };
    const sideOf = (server: ServerProcess) => ({ server, load: { ...load, url: `${server.url}/v1/chat/completions` } });
    const pair = await comparePairs(sideOf(ours), sideOf(beside), full ? 7 : 5);
    return {
      what: each.what,
      measured: textOf(pair.ours),
      beside: `${NAMES[each.beside]}: ${textOf(pair.beside)}`,
      figure: pair.ratio,
      budget: each.budget,
      unit: '',
    };
  } finally {
    for (const server of servers.reverse()) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function textOf({ cpu, perSecond }: Measured): string {
  return `${cpu.toFixed(0)} µs, ${Math.round(perSecond).toLocaleString('en')}/s`;
}

function hasNginx(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
