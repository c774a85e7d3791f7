import { describe, expect } from 'vitest';
import { fleetTest, isUp } from '../harness/fleet.ts';
import { FAULTS } from './faults.ts';
import { Rounds } from './rounds.ts';

describe('while their Redis is', () => {
  for (const [what, { isOutage, begin }] of Object.entries(FAULTS)) {
    fleetTest(
      `${what}, no request fails, and answers are shared again after it`,
      async ({ fleet, redis, upstream }) => {
        const nodes = await fleet();
        const rounds = new Rounds(nodes, upstream);
        await rounds.untilShared();

        const end = await begin(redis, nodes);
        if (isOutage) await rounds.until(() => !nodes.some(isUp));
        await rounds.times(10);
        await end();
        await rounds.until(() => nodes.every(isUp));
        await rounds.untilShared();
      },
    );
  }
});

describe('a Redis that is taken for gone', () => {
  fleetTest('is asked nothing by requests, and what is in memory is a hit', async ({ fleet, redis, upstream }) => {
    const nodes = await fleet();
    const rounds = new Rounds(nodes, upstream);
    // An answer that a node followed is in its own memory once it was asked again.
    await rounds.untilShared();
    await rounds.untilShared();
    await redis.kill('SIGSTOP');
    await rounds.until(() => !nodes.some(isUp));
    const before = nodes.map(({ link }) => link.sent);
    const calls = await rounds.times(20);
    // Two new questions a round at each node, and none of the old ones.
    expect(calls).toBe(20 * nodes.length * 2);
    // A probe a second, of a few hundred bytes, however long that took; 40 misses would be 12,000 and more.
    for (const [at, { link }] of nodes.entries()) expect(link.sent - (before[at] as number)).toBeLessThan(6_000);
    await redis.kill('SIGCONT');
    await rounds.until(() => nodes.every(isUp));
  });

  fleetTest('is no reason to be not ready, and is named in the log once', async ({ fleet, redis, upstream }) => {
    const nodes = await fleet();
    const rounds = new Rounds(nodes, upstream);
    await redis.kill('SIGKILL');
    await rounds.until(() => !nodes.some(isUp));
    await rounds.times(10);
    for (const { adminUrl, lines } of nodes) {
      const ready = await fetch(`${adminUrl}/readyz`);
      expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ready', redis: 'down' }]);
      expect(await (await fetch(`${adminUrl}/metrics`)).text()).toContain('refrain_file_up{file="redis"} 0');
      const told = lines.filter(({ level, msg }) => level === 'warn' && /out of reach/.test(String(msg)));
      expect(told.length, JSON.stringify(told)).toBe(1);
    }
    await redis.start();
    await rounds.until(() => nodes.every(isUp));
    for (const { adminUrl } of nodes)
      expect(await (await fetch(`${adminUrl}/readyz`)).json()).not.toHaveProperty('redis', 'down');
  });

  fleetTest(
    'at the start of a node is no reason not to start, and is found later',
    async ({ join, redis, upstream }) => {
      await redis.kill('SIGKILL');
      const nodes = [await join(), await join()];
      const rounds = new Rounds(nodes, upstream);
      await rounds.times(3);
      await redis.start();
      await rounds.until(() => nodes.every(isUp));
      await rounds.untilShared();
    },
  );
});
