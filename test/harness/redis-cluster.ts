/**
 * A cluster of Redis servers on loopback, of which each master has an equal share of the slots.
 */
import { freePort } from './port.ts';
import { eventually, type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.ts';

export interface RedisCluster {
  readonly masters: readonly RedisServer[];
  /** The replica of each master, in their order; empty where there are to be none. */
  readonly replicas: readonly RedisServer[];
  /** For the setting `redis`. */
  readonly url: string;
  stop(): Promise<void>;
}

const SLOTS = 16_384;

export async function startCluster(
  options: RedisServerOptions & { hasReplicas?: boolean } = {},
): Promise<RedisCluster> {
  const { hasReplicas = false, ...each } = options;
  const masters = await Promise.all([startNode(each), startNode(each), startNode(each)]);
  const replicas = hasReplicas ? await Promise.all(masters.map(() => startNode(each))) : [];
  const all = [...masters, ...replicas];
  // Each is told of each: by hearsay alone it takes seconds.
  for (const one of all)
    for (const other of all)
      if (one !== other) await one.server.ask('CLUSTER', 'MEET', '127.0.0.1', other.server.port, other.bus);
  const share = Math.ceil(SLOTS / masters.length);
  for (const [index, { server }] of masters.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await server.ask('CLUSTER', 'ADDSLOTSRANGE', index * share, last);
  }
  const says = async (text: string) => {
    const replies = await Promise.all(all.map(async ({ server }) => String(await server.ask('CLUSTER', 'INFO'))));
    return replies.every((reply) => reply.includes(text));
  };
  await eventually(() => says(`cluster_known_nodes:${all.length}\r`));
  for (const [index, { server }] of replicas.entries()) {
    const id = await masters[index]?.server.ask('CLUSTER', 'MYID');
    // A node is not known by its name before it has shaken hands.
    const replicates = () => server.ask('CLUSTER', 'REPLICATE', String(id)).then(Boolean, () => false);
    await eventually(replicates);
    await eventually(async () => String(await server.ask('INFO', 'replication')).includes('master_link_status:up'));
  }
  await eventually(() => says('cluster_state:ok'));
  return {
    masters: masters.map(({ server }) => server),
    replicas: replicas.map(({ server }) => server),
    url: masters.map(({ server }) => server.url).join(','),
    async stop() {
      await Promise.all(all.map(({ server }) => server.stop()));
    },
  };
}

async function startNode({ config = {}, ...options }: RedisServerOptions) {
  const bus = await freePort();
  const own = { 'cluster-enabled': 'yes', 'cluster-port': `${bus}`, 'cluster-node-timeout': '2000' };
  return { bus, server: await startRedisServer({ ...options, config: { ...own, ...config } }) };
}
