import { execFile } from 'node:child_process';
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
