import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../harness/redis-cluster.ts';
import { startSentinels } from '../harness/redis-sentinels.ts';
import { eventually, startRedisServer } from '../harness/redis-server.ts';

test('a server starts, is paused, goes on, is killed and starts again on its port', async () => {
  const server = await startRedisServer({ isPersistent: true, config: { appendfsync: 'always' } });
  onTestFinished(() => server.stop());
  await server.ask('SET', 'a', 'b');
  await server.kill('SIGSTOP');
  const late = server.ask('GET', 'a');
  await server.kill('SIGCONT');
  expect(await late).toBe('b');
  await server.restart();
  expect(await server.ask('GET', 'a')).toBe('b');
});

test('a server over TLS with a user of its ACL', async () => {
  const server = await startRedisServer({ tls: true, config: { user: 'refrain on >secret ~refrain:* +@all' } });
  onTestFinished(() => server.stop());
  expect(await server.ask('AUTH', 'refrain', 'secret')).toBe('OK');
  await expect(server.ask('SET', 'other', 'b')).rejects.toThrow('NOPERM');
});

test.for([false, true])('a cluster of three masters, with replicas: %s', async (hasReplicas) => {
  const cluster = await startCluster({ hasReplicas });
  onTestFinished(() => cluster.stop());
  expect(String(await cluster.masters[2]?.ask('CLUSTER', 'INFO'))).toContain('cluster_slots_ok:16384');
  expect(cluster.replicas).toHaveLength(hasReplicas ? 3 : 0);
});

test('sentinels that have the replica lead when the master is gone', async () => {
  const { sentinels, master, replica, stop } = await startSentinels();
  onTestFinished(stop);
  await master.kill('SIGKILL');
  const leader = async () => {
    const replies = await Promise.all(
      sentinels.map((one) => one.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'refrain')),
    );
    return replies.map((reply) => Number((reply as string[])[1]));
  };
  await eventually(async () => (await leader()).every((port) => port === replica.port));
  await eventually(async () => String(await replica.ask('INFO', 'replication')).includes('role:master'));
});
