import { RedisHub } from '../../src/fleet/redis-hub.ts';
import { openTestConnection } from '../../src/redis/connection.ts';
import { entryKey } from '../../src/redis/keys.ts';
import { keepsTheHubContract } from '../harness/hub-contract.ts';
import { startRedisServer } from '../harness/redis-server.ts';

const HELD = 100;

keepsTheHubContract('the hub over Redis', {
  held: HELD,
  async open() {
    const server = await startRedisServer();
    return {
      join: async () =>
        new RedisHub({ connection: openTestConnection(server.url), lengths: { purges: HELD, callers: HELD } }),
      async put(key, storedAt) {
        if (storedAt === null) return server.ask('DEL', entryKey(key));
        const bytes = Buffer.alloc(20, 'x');
        bytes.writeDoubleBE(storedAt);
        return server.ask('SET', entryKey(key), bytes);
      },
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      settle: (promise) => promise,
      close: () => server.stop(),
    };
  },
});
