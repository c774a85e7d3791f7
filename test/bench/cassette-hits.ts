/**
 * A hit from a cassette beside one from memory: CPU time per request of two proxies under the same load, in turn.
 *
 *   node test/bench/cassette-hits.ts [PAIRS]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparePairs } from './pairs.ts';
import { answerOf, promptOf } from './requests.ts';
import { LOAD_CORE, ServerProcess } from './server-process.ts';

const PAIRS = Number(process.argv[2] ?? 5);

const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
const answer = join(folder, 'answer.json');
writeFileSync(answer, answerOf(2_000));
const upstream = await ServerProcess.script('servers/upstream.ts', [answer], LOAD_CORE);
const open = (name: string, ...flags: string[]) => ServerProcess.refrain(upstream.url, flags, join(folder, name));
const cassette = await open('cassette', '--cassette', 'x.cassette');
const memory = await open('memory', '--store-path', 'off');
const sideOf = (server: ServerProcess) => ({
  server,
  load: {
    url: `${server.url}/v1/chat/completions`,
    body: promptOf(1_000),
    distinct: null,
    seconds: 3,
    connections: 16,
    folder,
  },
});
const { ours, beside, ratio } = await comparePairs(sideOf(cassette), sideOf(memory), PAIRS);
console.log(`cassette ${ours.cpu.toFixed(1)} µs, memory ${beside.cpu.toFixed(1)} µs a hit; ratio ${ratio.toFixed(2)}`);
for (const server of [cassette, memory, upstream]) await server.stop();
rmSync(folder, { recursive: true });
