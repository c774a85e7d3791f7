/**
 * The start of a command by `refrain run` against the ready line of `refrain start`: `node test/bench/run.ts`. In turn,
 * so that what the machine does besides weighs on both.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { START_FLAGS } from '../harness/start.ts';
import { median, quantile } from './pairs.ts';

const PAIRS = Number(process.argv[2] ?? 30);
const BUDGET_MS = 30;
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));

const STORE = ['--store-path', join(folder, 'cache.sqlite')];
const CASSETTE = ['--cassette', join(folder, 'x.cassette')];
const COMMAND = ['--', 'echo', 'ready'];

/** From the start of the process to its first line, in ms. */
async function firstLine(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [...START_FLAGS, MAIN, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  const ms = performance.now() - began;
  // A run ends by itself, and keeps what it has compiled.
  if (args[0] === 'start') child.kill('SIGTERM');
  await exited;
  return ms;
}

const runs = { start: [] as number[], run: [] as number[], cassette: [] as number[] };
for (let pair = -3; pair < PAIRS; pair++) {
  const start = await firstLine(['start', '--port', '0', '--admin-port', '0', '--log-level', 'warn', ...STORE]);
  const run = await firstLine(['run', ...STORE, ...COMMAND]);
  const cassette = await firstLine(['run', ...CASSETTE, ...COMMAND]);
  // The first ones compile.
  if (pair < 0) continue;
  runs.start.push(start);
  runs.run.push(run);
  runs.cassette.push(cassette);
}
rmSync(folder, { recursive: true, force: true });

for (const [name, times] of Object.entries(runs))
  console.log(`${name.padEnd(8)} median ${median(times).toFixed(1)} ms, p90 ${quantile(times, 0.9).toFixed(1)} ms`);
for (const name of ['run', 'cassette'] as const) {
  const more = median(runs[name].map((ms, at) => ms - (runs.start[at] as number)));
  console.log(`${name} is ${more.toFixed(1)} ms later than start (the median of ${PAIRS} pairs; at most ${BUDGET_MS})`);
}
