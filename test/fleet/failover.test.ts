import { describe, expect, onTestFinished } from 'vitest';
import { ask } from '../harness/client.ts';
import { asks, fleetTest, isUp, type Node, numberIn } from '../harness/fleet.ts';
import { startCluster } from '../harness/redis-cluster.ts';
import { startSentinels } from '../harness/redis-sentinels.ts';
import type { ScriptedUpstream } from '../harness/upstream.ts';
import { Rounds } from './rounds.ts';

const SEA = 'What is the sea?';
const numberAt = async (node: Node) => numberIn(await asks(node, SEA), SEA);

async function purgeUntilKept({ adminUrl }: Node): Promise<void> {
  const purge = () => ask(`${adminUrl}/purge`, { method: 'POST', body: { all: true } });
  while ((await purge()).status !== 200);
}

/** A fleet that shared an answer and purged it; later ones have higher numbers than `old`. */
async function purgedFleet(nodes: readonly Node[], upstream: ScriptedUpstream) {
  const rounds = new Rounds(nodes, upstream);
  await rounds.untilShared();
  const old = Math.max(...(await Promise.all(nodes.map(numberAt))));
  await purgeUntilKept(nodes[0] as Node);
  return { nodes, rounds, old };
}

describe('a failover', () => {
  fleetTest(
    'by sentinels fails no request, and what was purged before it stays purged',
    async ({ fleet, upstream }) => {
      const sentinels = await startSentinels();
      onTestFinished(() => sentinels.stop());
      const { nodes, rounds, old } = await purgedFleet(await fleet({ redis: sentinels.url.split(',') }), upstream);

      await sentinels.master.kill('SIGKILL');
      await rounds.until(() => !nodes.some(isUp));
      await rounds.until(() => nodes.every(isUp));
      await rounds.untilShared();
      for (const number of await Promise.all(nodes.map(numberAt))) expect(number).toBeGreaterThan(old);
      await purgeUntilKept(nodes[1] as Node);
    },
  );
});

describe('a cluster of three masters', () => {
  fleetTest(
    'of which one is lost shares again once its replica leads, and fails no request',
    async ({ fleet, upstream }) => {
      const cluster = await startCluster({ hasReplicas: true });
      onTestFinished(() => cluster.stop());
      const { nodes, rounds, old } = await purgedFleet(await fleet({ redis: cluster.url.split(',') }), upstream);

      await cluster.masters[0]?.kill('SIGKILL');
      await rounds.times(10);
      while ((await rounds.times(10)) > 20);
      for (const number of await Promise.all(nodes.map(numberAt))) expect(number).toBeGreaterThan(old);
      await purgeUntilKept(nodes[1] as Node);
    },
  );
});
