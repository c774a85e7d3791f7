/**
 * A process that goes on writing from operation number FROM until it is killed:
 * `node writer.ts PATH FROM`. Says `opening`, then of each batch `begun` and,
 * once that is so, `committed`, with the number of operations done so far.
 *
 * A line has left this process before anything else is done: one that waited here while nobody
 * read would be lost with it, and more than one batch be committed and not told.
 */
import type { Log } from '../../src/log.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { createTestClock } from '../harness/clock.ts';
import { BATCH, perform } from './operations.ts';

const [path = '', from = ''] = process.argv.slice(2);
const complain = (...words: unknown[]) => {
  console.error(...words);
  process.exit(1);
};
const say = (line: string) => new Promise((resolve) => process.stdout.write(`${line}\n`, resolve));

await say('opening');
// Under a clock that stands still a commit is awaited however long it takes.
const store = createSqliteStore({
  path,
  maxBytes: 1e9,
  clock: createTestClock(),
  log: { info: complain, warn: complain } as unknown as Log,
});
await store.ready;
for (let done = Number(from); ; done += BATCH) {
  for (let operation = done; operation < done + BATCH; operation += 1) perform(store, operation);
  await say(`begun ${done + BATCH}`);
  await store.size();
  await say(`committed ${done + BATCH}`);
}
