/**
 * The cost of entries in Redis, against a server that it starts: of a lookup,
 * CPU of this process and time; of a look through many entries, how long it
 * takes, how long Redis makes others wait meanwhile, and what a row is counted.
 *
 *   node test/bench/redis.ts [entries]
 */
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { connectRedis } from '../../src/redis/connection.ts';
import { entryKey } from '../../src/redis/keys.ts';
import type { Entry } from '../../src/response/entry.ts';
import { createRedisStore } from '../../src/store/redis.ts';
import { Sealing } from '../../src/store/sealing.ts';
import { startRedisServer } from '../harness/redis-server.ts';
import { headersOf } from './requests.ts';

const ENTRIES = Number(process.argv[2] ?? 100_000);
const LOOKUPS = 20_000;

const server = await startRedisServer();
const log = createLog('warn');
const connection = connectRedis({ urls: [server.url], log });
const store = createRedisStore({ connection, clock: systemClock });
const sealed = createRedisStore({
  connection,
  clock: systemClock,
  sealing: new Sealing({ secret: Buffer.alloc(32, 7), isOn: true }),
});
await connection.ready;

const key = (index: number) => `${index.toString(16).padStart(64, '0')}.sse+usage`;

function entry(index: number, bodyBytes: number): Entry {
  const scope = `private:${String(index % 100).padStart(64, '0')}`;
  const parts = { path: '/v1/chat/completions', scope, body: `json:${'x'.repeat(200)}` };
  return {
    head: { status: 200, statusText: 'OK', headers: headersOf(index) },
    body: Buffer.alloc(bodyBytes, index),
    storedAt: Date.now(),
    expiresAt: Date.now() + 3_600_000,
    answerId: `chatcmpl-${index}`,
    request: { endpoint: 'chat', model: 'gpt-4o-mini', scope, tags: ['nightly', `run:${index % 50}`], parts },
  };
}

/** Asks one after the other, or so many at a time. */
async function lookUp(label: string, act: (index: number) => Promise<unknown>, atOnce: number): Promise<void> {
  const times: number[] = [];
  const before = process.cpuUsage();
  const start = performance.now();
  for (let index = 0; index < LOOKUPS; index += atOnce) {
    await Promise.all(
      Array.from({ length: atOnce }, async (_, at) => {
        const asked = performance.now();
        await act(index + at);
        times.push(performance.now() - asked);
      }),
    );
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] as number).toFixed(3);
  const cpu = ((user + system) / LOOKUPS).toFixed(1);
  const wall = (((performance.now() - start) * 1_000) / LOOKUPS).toFixed(1);
  console.log(
    `${label.padEnd(34)} ${atOnce} at once: CPU ${cpu} µs, each ${wall} µs, p50 ${at(0.5)} p99 ${at(0.99)} ms`,
  );
}

/** @returns how long it took, and the longest that a lookup waited beside it */
async function beside(label: string, act: () => Promise<unknown>): Promise<void> {
  let isOver = false;
  let longest = 0;
  let late = 0;
  let lookups = 0;
  const asking = (async () => {
    while (!isOver) {
      const asked = performance.now();
      if ((await connection.ask('GET', ['nothing'])) === undefined) late += 1;
      longest = Math.max(longest, performance.now() - asked);
      lookups += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  const before = process.cpuUsage();
  const start = performance.now();
  const result = await act();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  isOver = true;
  await asking;
  const cost = `${ms.toFixed(0)} ms, CPU ${((user + system) / 1_000).toFixed(0)} ms`;
  console.log(
    `${label.padEnd(34)} ${cost}; of ${lookups} lookups beside it ${late} were late, longest ${longest.toFixed(1)} ms`,
  );
  console.log(`  ${JSON.stringify(result)?.slice(0, 120)}`);
}

for (const bytes of [2_000, 100_000]) {
  const kept = entry(bytes, bytes);
  store.set(key(bytes), kept);
  sealed.set(key(bytes + 1), kept);
  await store.written();
  await sealed.written();
  for (const atOnce of [1, bytes > 10_000 ? 5 : 50]) {
    await lookUp(`hit of ${bytes} bytes`, () => store.get(key(bytes)), atOnce);
    await lookUp(`hit of ${bytes} bytes, encrypted`, () => sealed.get(key(bytes + 1)), atOnce);
  }
}
for (const atOnce of [1, 50]) await lookUp('miss', (index) => store.get(`none ${index}`), atOnce);
for (const atOnce of [1, 50]) {
  await lookUp(
    'set of 2,000 bytes',
    async (index) => {
      store.set(key(index), entry(index, 2_000));
      if (index % 200 === 0) await store.written();
    },
    atOnce,
  );
}
await store.written();

for (let index = 0; index < ENTRIES; index += 1) {
  store.set(key(index), entry(index, 1_000));
  if (index % 1_000 === 0) await store.written();
}
await store.written();
const used = Number(await server.ask('MEMORY', 'USAGE', entryKey(key(7))));
const [row] = (await store.listByPrefix(key(7), 1)) ?? [];
console.log(`a row of ${row?.bytes} bytes as counted is ${used} as Redis has it`);
await beside('size', () => store.size());
await beside('newest 50', () =>
  store.list({ filter: {}, sort: 'newest', limit: 50, after: null }).then((page) => page?.next),
);
await beside('largest 50 with a text', () =>
  store.list({ filter: { text: 'none' }, sort: 'largest', limit: 50, after: null }).then((page) => page?.next),
);
await beside('count of a tag', () => store.count({ tag: 'run:7' }));
await beside('by prefix', () => store.listByPrefix(key(77).slice(0, 64), 5).then((rows) => rows?.length));
await beside('newest like one', () =>
  store
    .newest({ endpoint: 'chat', model: 'gpt-4o-mini', scope: entry(7, 0).request?.scope ?? '' }, 5)
    .then((some) => some?.length),
);
await beside('purge of a tag', () => store.purge({ tag: 'run:7' }));
await beside('purge of all', () => store.purge({}));
await store.close();
await sealed.close();
await connection.close();
await server.stop();
