import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished } from 'vitest';
import { ask } from '../harness/client.ts';
import { fleetTest, isUp } from '../harness/fleet.ts';
import { startRedisServer } from '../harness/redis-server.ts';
import { until } from '../harness/until.ts';
import { Rounds } from './rounds.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('a Redis as the documents have it', () => {
  fleetTest('lets the user of docs/fleet.md do all that a node needs', async ({ join, upstream }) => {
    const [, rule = ''] = /^user (refrain .*)$/m.exec(read('docs/fleet.md')) ?? [];
    const redis = await startRedisServer({ config: { user: rule.replace('PASSWORD', 'hidden') } });
    onTestFinished(() => redis.stop());
    const own = { redis: [`redis://refrain:hidden@127.0.0.1:${redis.port}`] };
    const nodes = [await join(own), await join(own)] as const;
    await until(() => nodes.every(isUp));
    const rounds = new Rounds(nodes, upstream);
    await rounds.untilShared();
    const { adminUrl, lines } = nodes[0];
    expect((await ask(`${adminUrl}/entries`)).status).toBe(200);
    expect((await ask(`${adminUrl}/stats`)).status).toBe(200);
    expect((await ask(`${adminUrl}/purge`, { method: 'POST', body: { all: true } })).status).toBe(200);
    expect(lines.filter(({ code, level }) => code === 'NOPERM' || level === 'error')).toEqual([]);
  });

  fleetTest('runs as compose.fleet.yaml starts it', async ({ join, upstream }) => {
    const [, command = ''] = /command:\n((?: {6}- .*\n)+)/.exec(read('config/deploy/compose.fleet.yaml')) ?? [];
    const [, ...args] = [...command.matchAll(/- "?([^"\n]+)"?/g)].map(([, arg]) => arg as string);
    const pairs = args.flatMap((arg, at) => (at % 2 === 0 ? [[arg.replace('--', ''), args[at + 1] as string]] : []));
    expect(pairs.map(([name]) => name)).toContain('maxmemory-policy');
    const redis = await startRedisServer({ config: Object.fromEntries(pairs) });
    onTestFinished(() => redis.stop());
    const node = await join({ redis: [redis.url] });
    await until(() => isUp(node));
    await new Rounds([node], upstream).times(3);
    expect(node.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
  fleetTest('is refused where it may evict the purge log', async ({ join, redis }) => {
    await redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(join()).rejects.toThrow(/maxmemory-policy/);
  });
});
