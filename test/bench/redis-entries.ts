/**
 * The memory that an answer takes of Redis, and the CPU of Redis for a miss that stores it and a hit that reads it.
 *
 *   node test/bench/redis-entries.ts [--write]
 *
 * `--write` puts the table into docs/fleet.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { withPart } from '../documents.ts';
import { CHAT } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { startProxy } from '../harness/proxy.ts';
import { type RedisServer, startRedisServer } from '../harness/redis-server.ts';
import { startUpstream } from '../harness/upstream.ts';
import { until } from '../harness/until.ts';
import { answerOf, promptOf, streamOf } from './requests.ts';

const DOCUMENT = new URL('../../docs/fleet.md', import.meta.url);
const ENTRIES = 1_000;
const AT_ONCE = 2;
const { write } = parseArgs({ options: { write: { type: 'boolean', default: false } } }).values;

const CASES: readonly (readonly [string, string, string])[] = [
  ['an answer of 1 KB', answerOf(1_000), 'application/json'],
  ['an answer of 4 KB', answerOf(4_000), 'application/json'],
  ['an answer of 20 KB', answerOf(20_000), 'application/json'],
  ['a stream of 200 events', streamOf(200), 'text/event-stream'],
  ['an answer of 100 KB', answerOf(100_000), 'application/json'],
];

const rows: string[] = [];
for (const each of CASES) rows.push(await rowOf(each));
const table = [
  '| | memory of Redis | in 1 GB of `maxmemory` | CPU of Redis: miss, stored | CPU of Redis: hit on another node |',
  '|---|---|---|---|---|',
  ...rows,
].join('\n');
console.log(table);
if (write) writeFileSync(DOCUMENT, withPart(readFileSync(DOCUMENT, 'utf8'), 'sizing', table));
process.exit(0);

async function rowOf([what, answer, type]: readonly [string, string, string]): Promise<string> {
  const redis = await startRedisServer();
  const upstream = await startUpstream(({ response }) => {
    response.writeHead(200, { 'content-type': type }).end(answer);
  });
  const shared = { redis: [redis.url], secret: '5e'.repeat(32) };
  const nodes = [await startProxy(upstream.url, shared), await startProxy(upstream.url, shared)] as const;
  await until(() => nodes.every(({ app }) => app.files()['redis'] === true));
  const askAll = async (node: (typeof nodes)[0]) => {
    for (let first = 0; first < ENTRIES; first += AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, at) => {
          const body = promptOf(1_000, { seed: first + at, stream: type !== 'application/json' });
          return ask(node.url + CHAT, { body });
        }),
      );
    await until(() => node.app.admission.flights === 0);
    await node.app.store.written();
  };
  const [before, misses, hits] = [await readingOf(redis), await after(askAll, nodes[0]), await after(askAll, nodes[1])];
  // A lookup that takes longer than 50 ms is a miss, as on a machine that others use too.
  const late = upstream.calls.length - ENTRIES;
  if (late > 0) console.error(`${what}: ${late} of ${ENTRIES} hits were misses, at a cost that counts as theirs`);
  for (const node of nodes) await node.stop();
  await upstream.stop();
  await redis.stop();
  const bytes = (misses.bytes - before.bytes) / (misses.keys - before.keys);
  const cpu = (later: Reading, sooner: Reading) => `${(((later.cpu - sooner.cpu) / ENTRIES) * 1e6).toFixed(0)} µs`;
  const held = `${(bytes / 1_000).toFixed(1)} kB | ${Math.floor(1e9 / bytes).toLocaleString('en')}`;
  return `| ${what} | ${held} | ${cpu(misses, before)} | ${cpu(hits, misses)} |`;

  async function after(act: typeof askAll, node: (typeof nodes)[0]): Promise<Reading> {
    await act(node);
    return readingOf(redis);
  }
}

interface Reading {
  readonly keys: number;
  readonly bytes: number;
  /** In seconds. */
  readonly cpu: number;
}

async function readingOf(redis: RedisServer): Promise<Reading> {
  const info = String(await redis.ask('INFO', 'everything'));
  const field = (name: string) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]);
  const keys = Number(await redis.ask('DBSIZE'));
  return { keys, bytes: field('used_memory_dataset'), cpu: field('used_cpu_user') + field('used_cpu_sys') };
}
