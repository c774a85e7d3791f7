import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const DEMO = fileURLToPath(new URL('demo.ts', import.meta.url));

test('the demo ends by itself and shows one upstream call for each new question', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [DEMO]);
  const rows = stdout
    .split('\n')
    .filter((line) => /^(JSON|stream), /.test(line))
    .map((line) => line.trim().split(/ {2,}/));
  expect(rows.map(([, word]) => word)).toEqual([
    'MISS',
    'HIT',
    '1 MISS, 19 FOLLOW',
    'HIT',
    'MISS',
    'HIT',
    '1 MISS, 19 FOLLOW',
  ]);
  expect(rows.map((cells) => Number(cells.at(-1)))).toEqual([1, 0, 1, 0, 1, 0, 1]);
  expect(stderr).toBe('');
});

test('the demo of the page has traffic to show, and ends when it is told to', async () => {
  const child = spawn(process.execPath, [DEMO, '--dashboard'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    const said: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      said.push(line);
      if (line.startsWith('The page: ')) break;
    }
    const [, page] = /^The page: (\S+)/.exec(said.at(-1) ?? '') ?? [];
    const series = await fetch(`${page}stats?series=hour`);
    const { time, outcomes } = (await series.json()) as { time: number[]; outcomes: Record<string, number[]> };
    expect(time.length).toBeGreaterThan(40);
    for (const outcome of ['hit', 'follow', 'miss', 'bypass']) {
      expect(
        outcomes[outcome]?.reduce((sum, count) => sum + count),
        outcome,
      ).toBeGreaterThan(0);
    }
  } finally {
    child.kill('SIGTERM');
  }
  expect(await exited).toEqual([0, null]);
});
