/**
 * How much memory the process takes after 1,000,000 distinct answers of 2 KB
 * under the bound of 256 MiB.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '../load.ts';
import { answerOf, promptOf } from '../requests.ts';
import { LOAD_CORE, ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';

const ANSWERS = 1_000_000;
const MIB = 1024 * 1024;
const BOUND = 256 * MIB;

export async function* measureResident(): AsyncIterable<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  const file = join(folder, 'answer');
  writeFileSync(file, answerOf(2_000));
  const upstream = await ServerProcess.script('servers/upstream.ts', [file, 'application/json'], LOAD_CORE);
  const ours = await ServerProcess.refrain(upstream.url, ['--memory-bytes', String(BOUND)], folder);
  try {
    let answers = 0;
    while (answers < ANSWERS) {
      const { requests } = await load({
        url: `${ours.url}/v1/chat/completions`,
        body: promptOf(300, { seed: '%N%' }),
        distinct: null,
        seconds: 10,
        connections: 16,
        folder,
      });
      answers += requests;
    }
    const mib = ours.memory('VmRSS') / MIB;
    const peak = ours.memory('VmHWM') / MIB;
    yield {
      what: `resident after ${ANSWERS.toLocaleString('en')} answers of 2 KB, bound 256 MiB`,
      measured: `${Math.round(mib)} MiB, at most ${Math.round(peak)}`,
      beside: '',
      figure: mib,
      budget: (2 * BOUND) / MIB + 150,
      unit: 'MiB',
    };
  } finally {
    for (const server of [ours, upstream]) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
