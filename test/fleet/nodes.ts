/**
 * Nodes of one fleet, over a Redis of their own.
 */
import type { Overrides } from '../../src/config/config.ts';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { type Asking, ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { type RedisServer, startRedisServer } from '../harness/redis-server.ts';
import { story as storyAlone } from '../harness/story.ts';

export interface Fleet {
  readonly redis: RedisServer;
  /** Starts a node. */
  readonly join: (overrides?: Overrides) => Promise<Proxy>;
}

/** A story of a fleet; its upstream's answers say which call they are of. */
export const story = storyAlone.extend<Fleet>({
  redis: async ({}, use) => {
    const redis = await startRedisServer();
    await use(redis);
    await redis.stop();
  },
  join: async ({ redis, open, upstream }, use) => {
    upstream.script = (call) => sendJson(call, chatAnswer(`${upstream.calls.length}`));
    await use((overrides = {}) => open({ redis: [redis.url], secret: 'ab'.repeat(32), ...overrides }));
  },
});

export const about = (content: string, headers: Asking['headers'] = {}): Asking => ({
  body: chatRequest(content),
  headers,
});

/** How a question was answered: the word, and the store that had it. */
export async function wordOf({ url }: Proxy, asking: Asking, path = CHAT): Promise<string> {
  const { headers } = await ask(url + path, asking);
  const tier = /detail=(\w+)/.exec(String(headers['cache-status']))?.[1];
  return headers['x-cache'] === 'HIT' ? `HIT ${tier}` : String(headers['x-cache']);
}
