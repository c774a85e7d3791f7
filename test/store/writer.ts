/**
 * A process that writes a thousand entries and tells of each ten once they are
 * committed, to be killed in the middle: `node writer.ts PATH`.
 */
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { entryOf, textOf } from './entries.ts';

const [path = ''] = process.argv.slice(2);
const store = createSqliteStore({ path, maxBytes: 1e9, clock: systemClock, log: createLog('info') });
for (let index = 0; index < 1_000; index += 1) {
  store.set(`key ${index}`, entryOf(textOf(index, (index * 131) % 9_000)));
  if (index % 10 !== 9) continue;
  await store.size();
  console.log(index + 1);
}
// Whoever reads the last line has yet to kill this process.
setInterval(() => {}, 60_000);
