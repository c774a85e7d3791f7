import { describe, expect, onTestFinished } from 'vitest';
import { ask } from '../harness/client.ts';
import { asks, fleetTest, isUp, type Node, numberIn } from '../harness/fleet.ts';
import { startCluster } from '../harness/redis-cluster.ts';
import { startSentinels } from '../harness/redis-sentinels.ts';
import { until } from '../harness/until.ts';
import { Rounds } from './rounds.ts';

const SEA = 'What is the sea?';
const numberAt = async (node: Node) => numberIn(await asks(node, SEA), SEA);

async function purgeUntilKept({ adminUrl }: Node): Promise<void> {
  const purge = () => ask(`${adminUrl}/purge`, { method: 'POST', body: { all: true } });
  while ((await purge()).status !== 200);
}

describe('a failover', () => {
  fleetTest('by sentinels fails no request, and what was purged before it stays purged', async ({ join, upstream }) => {
    const sentinels = await startSentinels();
    onTestFinished(() => sentinels.stop());
    const redis = sentinels.url.split(',');
    const nodes = [await join({ redis }), await join({ redis }), await join({ redis })];
    await until(() => nodes.every(isUp));
    const rounds = new Rounds(nodes, upstream);
    await rounds.untilShared();
    const old = Math.max(...(await Promise.all(nodes.map(numberAt))));
    await purgeUntilKept(nodes[0] as Node);

    await sentinels.master.kill('SIGKILL');
    await rounds.until(() => !nodes.some(isUp));
    await rounds.until(() => nodes.every(isUp));
    await rounds.untilShared();
    for (const number of await Promise.all(nodes.map(numberAt))) expect(number).toBeGreaterThan(old);
    await purgeUntilKept(nodes[1] as Node);
  });
});

describe('a cluster of three masters', () => {
  fleetTest(
    'of which one is lost shares again once its replica leads, and fails no request',
    async ({ join, upstream }) => {
      const cluster = await startCluster({ hasReplicas: true });
      onTestFinished(() => cluster.stop());
      const redis = cluster.url.split(',');
      const nodes = [await join({ redis }), await join({ redis }), await join({ redis })];
      await until(() => nodes.every(isUp));
      const rounds = new Rounds(nodes, upstream);
      await rounds.untilShared();
      const old = Math.max(...(await Promise.all(nodes.map(numberAt))));
      await purgeUntilKept(nodes[0] as Node);

      await cluster.masters[0]?.kill('SIGKILL');
      await rounds.times(10);
      while ((await rounds.times(10)) > 20);
      for (const number of await Promise.all(nodes.map(numberAt))) expect(number).toBeGreaterThan(old);
      await purgeUntilKept(nodes[1] as Node);
    },
  );
});
