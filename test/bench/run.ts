/**
 * The start of a command by `refrain run` against the ready line of `refrain start`: `node test/bench/run.ts`. In turn,
 * so that what the machine does besides weighs on both; the least of each is what it takes with nothing beside it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { START_FLAGS } from '../harness/start.ts';
import { median } from './pairs.ts';

const PAIRS = Number(process.argv[2] ?? 30);
const BUDGET_MS = 30;
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));

const STORE = ['--store-path', join(folder, 'cache.sqlite')];
const CASSETTE = ['--cassette', join(folder, 'x.cassette')];
const COMMAND = ['--', 'echo', 'ready'];

const STARTED = {
  start: ['start', '--port', '0', '--admin-port', '0', '--log-level', 'warn', ...STORE],
  run: ['run', ...STORE, ...COMMAND],
  cassette: ['run', ...CASSETTE, ...COMMAND],
} as const;

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

const times: Record<keyof typeof STARTED, number[]> = { start: [], run: [], cassette: [] };
const names = ['start', 'run', 'cassette'] as const;
for (let pair = -3; pair < PAIRS; pair++) {
  for (const name of names) {
    const ms = await firstLine(STARTED[name]);
    // The first ones compile.
    if (pair >= 0) times[name].push(ms);
  }
}
rmSync(folder, { recursive: true, force: true });

const least = (name: keyof typeof STARTED) => Math.min(...times[name]);
for (const name of names)
  console.log(`${name.padEnd(8)} median ${median(times[name]).toFixed(1)} ms, least ${least(name).toFixed(1)} ms`);
for (const name of ['run', 'cassette'] as const) {
  const more = median(times[name].map((ms, at) => ms - (times.start[at] as number)));
  console.log(
    `${name} comes ${more.toFixed(1)} ms after start (the median of ${PAIRS} pairs), ` +
      `${(least(name) - least('start')).toFixed(1)} ms by the least of each; at most ${BUDGET_MS}`,
  );
}
