import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ProxyStats } from '../../src/cli/proxy-data.ts';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask } from '../harness/client.ts';
import { processTest } from '../harness/process-harness.ts';
import { type RedisServer, startRedisServer } from '../harness/redis-server.ts';
import { until } from '../harness/until.ts';

interface Fleet {
  readonly redis: RedisServer;
  /** Starts a proxy of two workers. */
  readonly join: (name: string) => Promise<{ api: string; admin: string; child: Child }>;
}

const test = processTest.extend<Fleet>({
  redis: async ({}, use) => {
    const redis = await startRedisServer();
    await use(redis);
    await redis.stop();
  },
  join: async ({ redis, upstream, folder }, use) => {
    upstream.script = (call) => sendJson(call, chatAnswer(`${upstream.calls.length}`));
    const children: Child[] = [];
    await use(async (name) => {
      const own = join(folder, name);
      mkdirSync(own);
      const flags = ['--port', '0', '--admin-port', '0', '--workers', '2', '--upstream', `${upstream.url}/v1`];
      const child = new Child(flags, own, { REFRAIN_REDIS: redis.url, REFRAIN_SECRET: 'ab'.repeat(32) });
      children.push(child);
      return { ...(await child.ready()), child };
    });
    for (const child of children) await child.end();
  },
});

const statsOf = async ({ admin }: { admin: string }): Promise<ProxyStats> =>
  JSON.parse((await ask(`${admin}/stats`)).text);

test('workers of several machines are one fleet, whose books count each request once', async ({ join, upstream }) => {
  const [a, b] = [await join('a'), await join('b')];
  const contents = Array.from({ length: 40 }, (_, at) => `question ${at % 10}`);
  for (const [at, content] of contents.entries()) {
    const { status } = await ask((at % 2 === 0 ? a : b).api + CHAT, { body: chatRequest(content) });
    expect(status).toBe(200);
  }
  expect(upstream.calls.length).toBe(10);
  const [own, others] = [await statsOf(a), await statsOf(b)];
  expect(own.periods.all.requests + others.periods.all.requests).toBe(40);
  b.child.signal('SIGTERM');
  await b.child.exited;
  expect((await statsOf(a)).fleet).toMatchObject({ nodes: 2, periods: { all: { requests: 40, misses: 10 } } });
  const { text } = await ask(`${a.admin}/metrics`);
  const claims = [...text.matchAll(/^refrain_claims_total\{result="(\w+)"\} (\d+)$/gm)].map(([, result, count]) => [
    result,
    Number(count),
  ]);
  expect(Object.fromEntries(claims)).toMatchObject({ alone: 0 });
  expect(Object.fromEntries(claims).granted).toBeGreaterThan(0);
  expect(JSON.parse((await ask(`${a.admin}/readyz`)).text)).toEqual({ status: 'ready' });
});

const CHANGES: Record<string, readonly [string, ...string[]]> = {
  'that may evict anything': ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'],
  'of another secret': ['HSET', 'refrain:1:{fleet}:board:facts', 'secret', 'ef'.repeat(32)],
};

test.for(Object.entries(CHANGES))(
  'a worker is replaced over a Redis %s by now',
  async ([, change], { join, redis }) => {
    const { api, admin, child } = await join('a');
    const workers = () =>
      readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    const before = workers();
    await redis.ask(...change);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    for (const number of [1, 2]) await child.says(`"worker":${number}`);
    expect((await ask(api + CHAT, { body: chatRequest('x') })).status).toBe(200);
    await until(() => workers().length === 2 && !workers().some((pid) => before.includes(pid)));
    expect((await ask(`${admin}/readyz`)).status).toBe(200);
  },
);

test('a purge holds in the workers of its proxy while Redis is out of reach', async ({ join, redis }) => {
  const { api, admin, child } = await join('a');
  const askOnce = async () => (await ask(api + CHAT, { body: chatRequest('x') })).text;
  // Connections take turns, so that both workers have it in memory.
  for (let at = 0; at < 8; at++) expect(await askOnce()).toBe(chatAnswer('1'));
  await redis.kill('SIGKILL');
  await until(() => child.stderr.split('Redis is out of reach').length > 3);
  const { status, text } = await ask(`${admin}/purge`, { method: 'POST', body: { all: true } });
  expect([status, JSON.parse(text).error.code]).toEqual([503, 'not_shared']);
  for (let at = 0; at < 4; at++) expect(await askOnce()).not.toBe(chatAnswer('1'));
});
