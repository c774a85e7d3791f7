/**
 * The CPU that a miss pays for its lease: a lookup in Redis that finds nothing and
 * a write, beside the same with a claim in the turn of the lookup, and the write
 * under its fence, against a server that it starts.
 *
 *   node test/bench/lease.ts [pairs]
 */
import { systemClock } from '../../src/clock.ts';
import { RedisHub } from '../../src/fleet/redis-hub.ts';
import { createLog } from '../../src/log.ts';
import { connectRedis } from '../../src/redis/connection.ts';
import type { Entry } from '../../src/response/entry.ts';
import { createRedisStore } from '../../src/store/redis.ts';
import { startRedisServer } from '../harness/redis-server.ts';
import { quantile } from './pairs.ts';
import { headersOf } from './requests.ts';

const PAIRS = Number(process.argv[2] ?? 7);
const MISSES = 5_000;
/** So many are under way at a time, as behind so many connections. */
const AT_ONCE = 16;

const server = await startRedisServer();
const connection = connectRedis({ urls: [server.url], log: createLog('warn') });
await connection.ready;
const store = createRedisStore({ connection, clock: systemClock });
const hub = new RedisHub({ connection });
let last = 0;

function entry(): Entry {
  const head = { status: 200, statusText: 'OK', headers: headersOf(last) };
  const now = Date.now();
  return { head, body: Buffer.alloc(1_024), storedAt: now, expiresAt: now + 60_000, answerId: null };
}

async function miss(isLeased: boolean): Promise<void> {
  const key = `${(last += 1).toString(16).padStart(64, '0')}.json`;
  const lease = { key, token: `token-${last}` };
  const looking = store.get(key);
  const claimed = isLeased ? await hub.claim({ ...lease, ms: 5_000, seen: null, takesOver: false }) : null;
  await looking;
  if (isLeased && claimed?.kind !== 'granted') throw new Error(`the lease was not granted: ${claimed?.kind}`);
  store.set(key, entry(), isLeased ? lease : undefined);
}

/** @returns the CPU of one miss, in µs */
async function costOf(isLeased: boolean): Promise<number> {
  const before = process.cpuUsage();
  for (let at = 0; at < MISSES; at += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => miss(isLeased)));
  }
  await store.written?.();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MISSES;
}

for (const isLeased of [false, true]) await costOf(isLeased);
const added: number[] = [];
for (let pair = 0; pair < PAIRS; pair += 1) {
  const [alone, leased] = [await costOf(false), await costOf(true)];
  added.push(leased - alone);
  console.log(`without a lease ${alone.toFixed(1)} µs, with one ${leased.toFixed(1)} µs`);
}
console.log(`a lease adds ${quantile(added, 0.5).toFixed(1)} µs of CPU to a miss, by the median of ${PAIRS} pairs`);
await store.close();
await hub.close();
await server.stop();
