/**
 * What a hit and a miss cost beside what the platform costs: `npm run bench`.
 *
 * Each line is a pair of servers under the same load, in turn: ours, and a bare
 * server that does the least that anybody could. The first figure is CPU time
 * of the server's process per request, by the operating system's account; the
 * ratio is the median over the pairs. `--full` takes more and longer runs.
 * Needs Linux, two cores and `wrk`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparePairs } from './pairs.ts';
import { answerOf, promptOf, streamOf } from './requests.ts';
import { LOAD_CORE, SERVER_CORE, ServerProcess } from './server-process.ts';

const FULL = process.argv.includes('--full');
const PAIRS = FULL ? 7 : 3;
const SECONDS = FULL ? 4 : 1;
const CONNECTIONS = 16;

interface Case {
  readonly what: string;
  readonly prompt: string;
  readonly answer: string;
  readonly type: 'application/json' | 'text/event-stream';
  /** `hit` against a bare server with a Map, the others against a bare relay. */
  readonly kind: 'hit' | 'miss' | 'bypass';
  readonly flags?: readonly string[];
}

const JSON_TYPE = 'application/json';
const numbered = promptOf(1_000, { user: '%N%', seed: '%N%' });

const CASES: readonly Case[] = [
  { what: 'hit, 1 KB prompt', prompt: promptOf(1_000), answer: answerOf(1_000), type: JSON_TYPE, kind: 'hit' },
  { what: 'hit, 20 KB prompt', prompt: promptOf(20_000), answer: answerOf(1_000), type: JSON_TYPE, kind: 'hit' },
  { what: 'hit, 100 KB prompt', prompt: promptOf(100_000), answer: answerOf(1_000), type: JSON_TYPE, kind: 'hit' },
  { what: 'hit, 1 MB prompt', prompt: promptOf(1_000_000), answer: answerOf(1_000), type: JSON_TYPE, kind: 'hit' },
  { what: 'hit, 1 KB prompt, 100 KB answer', prompt: promptOf(1_000), answer: answerOf(100_000), type: JSON_TYPE, kind: 'hit' },
  { what: 'hit, stream of 200 events', prompt: promptOf(1_000, { stream: true }), answer: streamOf(200), type: 'text/event-stream', kind: 'hit' },
  { what: 'hit from SQLite, 1 KB prompt', prompt: promptOf(1_000), answer: answerOf(1_000), type: JSON_TYPE, kind: 'hit', flags: ['--memory-bytes', '0'] },
  { what: 'miss, 1 KB prompt', prompt: numbered, answer: answerOf(1_000), type: JSON_TYPE, kind: 'miss' },
  { what: 'bypass, 1 KB prompt', prompt: promptOf(1_000), answer: answerOf(1_000), type: JSON_TYPE, kind: 'bypass', flags: ['--cache', 'off'] },
];

async function run({ prompt, answer, type, kind, flags = [] }: Case) {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  const file = join(folder, 'answer');
  writeFileSync(file, answer);
  const upstream = await ServerProcess.start('servers/upstream.ts', [file, type], LOAD_CORE);
  const floor = await (kind === 'hit' ? ServerProcess.start('servers/floor.ts', [file, type], SERVER_CORE) : ServerProcess.start('servers/relay.ts', [upstream.url], SERVER_CORE));
  const start = ['--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`, '--log-level', 'error', ...flags];
  const ours = await ServerProcess.start('../../src/main.ts', start, SERVER_CORE, folder);
  const sideOf = (server: ServerProcess) => ({ server, load: { url: `${server.url}/v1/chat/completions`, body: prompt, seconds: SECONDS, connections: CONNECTIONS, folder } });
  try {
    return await comparePairs(sideOf(ours), sideOf(floor), PAIRS);
  } finally {
    for (const server of [upstream, floor, ours]) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log(`${cpus()[0]?.model}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}: ${PAIRS} pairs of ${SECONDS} s, ${CONNECTIONS} connections\n`);
console.log('| what | CPU, µs | of the bare server | ratio | requests/s | of the bare server |\n|---|---|---|---|---|---|');
for (const each of CASES) {
  const { ours, floor, ratio } = await run(each);
  console.log(`| ${each.what} | ${ours.cpu.toFixed(0)} | ${floor.cpu.toFixed(0)} | ${ratio.toFixed(2)} | ${ours.perSecond.toFixed(0)} | ${floor.perSecond.toFixed(0)} |`);
}
