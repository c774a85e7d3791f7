/**
 * Encryption in a fleet: what others see who read the same Redis, while it is
 * used and of what lies there, and what they can make of it who write there.
 */
import { setImmediate } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { type RedisServer, startRedisServer } from '../harness/redis-server.ts';
import { story as storyAlone } from '../harness/story.ts';

const QUESTION = 'lighthouse';
const ANSWER = 'cartographer';
const ENCRYPTED: Overrides = { store: { encrypt: 'secret' } };

interface Fleet {
  readonly redis: RedisServer;
  /** Starts a node. */
  readonly join: (overrides?: Overrides) => Promise<Proxy>;
  /** All that is sent to Redis from here on, as others with access to it can see. */
  readonly overhear: () => Promise<() => string>;
}

const story = storyAlone.extend<Fleet>({
  redis: async ({}, use) => {
    const redis = await startRedisServer();
    await use(redis);
    await redis.stop();
  },
  join: async ({ redis, open, upstream }, use) => {
    upstream.script = (call) => sendJson(call, chatAnswer(ANSWER));
    await use((overrides = {}) => open({ redis: [redis.url], secret: 'ab'.repeat(32), ...overrides }));
  },
  overhear: async ({ redis }, use) => {
    const client = redis.connect();
    const monitor = await client.monitor();
    await use(async () => {
      const seen: string[] = [];
      monitor.on('monitor', (_time: string, args: readonly string[]) => seen.push(args.join(' ')));
      return () => seen.join('\n');
    });
    monitor.disconnect();
  },
});

const askAt = (node: Proxy) => ask(node.url + CHAT, { body: chatRequest(QUESTION) });
const storedBy = (node: Proxy) => node.app.store.written();

/** The keys of all answers that lie in Redis. */
const entriesIn = async (redis: RedisServer) => redis.connect().keys('*:entry:*');

describe('of an encrypted fleet', () => {
  story('answers are shared, and none of them can be read in Redis', async ({ redis, join, upstream }) => {
    const [a, b] = [await join(ENCRYPTED), await join(ENCRYPTED)];
    expect((await askAt(a)).text).toContain(ANSWER);
    await storedBy(a);
    const found = await askAt(b);
    expect(found.headers['x-cache']).toBe('HIT');
    expect(found.text).toContain(ANSWER);
    expect(upstream.calls).toHaveLength(1);
    const [key = ''] = await entriesIn(redis);
    const value = (await redis.connect().getBuffer(key)) as Buffer;
    for (const word of [QUESTION, ANSWER, 'chatcmpl-1', 'content-type']) expect(value.includes(word), word).toBe(false);
    expect(value.includes('gpt-test')).toBe(true);
  });

  for (const [what, overrides, isSeen] of [
    ['cannot be overheard', ENCRYPTED, false],
    ['could be overheard without encryption', {}, true],
  ] as const) {
    story(`a stream that is followed on another node ${what}`, async ({ join, upstream, overhear }) => {
      const events = chatEvents(['The ', ANSWER, ' keeps it.']);
      upstream.script = beginStream;
      const [a, b] = [await join(overrides), await join(overrides)];
      const seen = await overhear();
      const asking = { body: chatRequest(QUESTION, { stream: true }) };
      const led = begin(a.url + CHAT, asking);
      const { response } = await upstream.called(1);
      const followed = begin(b.url + CHAT, asking);
      const half = events.slice(0, 3).join('');
      response.write(half);
      // Both are on it by then.
      for (const live of [await led, await followed]) await live.receives(half.length);
      response.end(events.slice(3).join(''));
      const texts = [(await (await led).ended).text, (await (await followed).ended).text];
      expect(texts).toEqual([events.join(''), events.join('')]);
      expect(upstream.calls).toHaveLength(1);
      await Promise.all([storedBy(a), storedBy(b)]);
      await expect.poll(seen).toMatch(/entry/);
      for (const word of [QUESTION, ANSWER]) expect(seen().includes(word), word).toBe(isSeen);
    });
  }

  story('an answer that was changed in Redis is a miss, and one line', async ({ redis, join, upstream }) => {
    const [a, b] = [await join(ENCRYPTED), await join(ENCRYPTED)];
    await askAt(a);
    await storedBy(a);
    const client = redis.connect();
    const [key = ''] = await entriesIn(redis);
    const value = (await client.getBuffer(key)) as Buffer;
    const at = value.length - 20;
    value[at] = (value[at] as number) ^ 1;
    await client.set(key, value, 'KEEPTTL');
    const again = await askAt(b);
    expect(again.text).toContain(ANSWER);
    expect(upstream.calls).toHaveLength(2);
    await setImmediate();
    expect(b.lines.filter(({ msg }) => String(msg).includes('not as they were written'))).toHaveLength(1);
  });

  story(
    'nodes that encrypt and nodes that do not read each other, as in a rolling upgrade',
    async ({ join, upstream }) => {
      const [encrypting, plain] = [await join(ENCRYPTED), await join()];
      await askAt(encrypting);
      await storedBy(encrypting);
      expect((await askAt(plain)).headers['x-cache']).toBe('HIT');
      await ask(plain.url + CHAT, { body: chatRequest('another') });
      await storedBy(plain);
      const found = await ask(encrypting.url + CHAT, { body: chatRequest('another') });
      expect(found.headers['x-cache']).toBe('HIT');
      expect(upstream.calls).toHaveLength(2);
    },
  );
});
