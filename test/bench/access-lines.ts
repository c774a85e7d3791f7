/**
 * The cost of a hit's line of JSON on the main thread, its way to standard
 * error included: rounds with lines and rounds without, in turn.
 *
 *   node test/bench/access-lines.ts 2>/dev/null
 */
import { setImmediate } from 'node:timers/promises';
import { JsonLines } from '../../src/console/json-lines.ts';
import { LineWriter } from '../../src/console/line-writer.ts';
import { createLog } from '../../src/log.ts';
import { callOf, recordOf } from '../ledger/usage-records.ts';

const ROUNDS = 60;
const TURNS = 200;
/** Hits that one turn of the event loop answers. */
const HITS = 20;

const log = createLog('info');
const quiet = createLog('warn');
const writer = new LineWriter((lines) => {
  throw new Error(`${lines} lines were left out`);
});
const record = {
  ...recordOf({ outcome: 'hit', tier: 'memory', model: 'gpt-4o-mini', ms: 0.4173 }),
  call: callOf({ input: 2_006, cachedInput: 1_920, output: 300, reasoning: 256 }),
};

async function round(lines: JsonLines): Promise<number> {
  const begunAt = performance.now();
  for (let turn = 0; turn < TURNS; turn++) {
    for (let hit = 0; hit < HITS; hit++) {
      record.time += 1;
      lines.note({ record, method: 'POST', target: '/v1/chat/completions', question: null });
    }
    await setImmediate();
  }
  return ((performance.now() - begunAt) * 1_000) / (TURNS * HITS);
}

const on = new JsonLines(log, (line) => writer.write(line));
const off = new JsonLines(quiet, (line) => writer.write(line));
const costs: number[] = [];
const idle: number[] = [];
for (let at = 0; at < ROUNDS; at++) {
  const without = await round(off);
  costs.push((await round(on)) - without);
  idle.push(without);
}
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]?.toFixed(2);
console.log(`a line of a hit: ${median(costs.slice(ROUNDS / 3))} µs`);
console.log(`none, at logLevel warn: ${median(idle)} µs, a turn of the event loop included`);
await writer.close();
