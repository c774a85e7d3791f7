import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const DEMO = fileURLToPath(new URL('../demo/demo.ts', import.meta.url));

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
