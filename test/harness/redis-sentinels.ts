/**
 * A master and its replica, watched by three sentinels, of which two are enough to have another lead.
 */
import { eventually, type RedisServer, startRedisServer } from './redis-server.ts';

export interface RedisSentinels {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  /** For the setting `redis`. */
  readonly url: string;
  stop(): Promise<void>;
}

const NAME = 'refrain';

export async function startSentinels(): Promise<RedisSentinels> {
  const master = await startRedisServer();
  const replica = await master.startReplica();
  const config = {
    'sentinel monitor': `${NAME} 127.0.0.1 ${master.port} 2`,
    'sentinel down-after-milliseconds': `${NAME} 1000`,
    'sentinel failover-timeout': `${NAME} 5000`,
  };
  const start = () => startRedisServer({ config, isSentinel: true });
  const sentinels = await Promise.all([start(), start(), start()]);
  const knowsAll = async (sentinel: RedisServer) => {
    const reply = (await sentinel.ask('SENTINEL', 'MASTER', NAME)) as string[];
    const figure = (name: string) => Number(reply[reply.indexOf(name) + 1]);
    return figure('num-other-sentinels') === 2 && figure('num-slaves') === 1;
  };
  for (const sentinel of sentinels) await eventually(() => knowsAll(sentinel));
  return {
    master,
    replica,
    sentinels,
    url: sentinels.map(({ port }) => `redis-sentinel://127.0.0.1:${port}/${NAME}`).join(','),
    async stop() {
      await Promise.all([...sentinels, replica, master].map((server) => server.stop()));
    },
  };
}
