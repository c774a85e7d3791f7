import { describe, expect } from 'vitest';
import { CHAT, chatEvents, chatRequest, errorAnswer, sendJson, sendPaced } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { eventually } from '../harness/redis-server.ts';
import { about, story, wordOf } from './nodes.ts';

const BEARER = { authorization: 'Bearer sk-1' };

describe('a credential', () => {
  story('that one node saw refused gets nothing from another', async ({ join, upstream }) => {
    const [a, b] = [await join(), await join()];
    const mine = about('x', BEARER);
    await wordOf(a, mine);
    await a.app.store.written();
    await eventually(async () => (await wordOf(b, mine)) === 'HIT memory');
    const { script } = upstream;
    upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
    await wordOf(a, about('y', BEARER));
    await eventually(async () => (await ask(b.url + CHAT, mine)).status === 401);
    upstream.script = script;
    expect(await wordOf(a, mine)).toBe('MISS');
    await eventually(async () => (await wordOf(b, mine)).startsWith('HIT'));
  });

  story('that is new is asked about at one node, and has its hits at all', async ({ join, upstream }) => {
    const [a, b] = [await join(), await join()];
    const mine = about('x', BEARER);
    expect(await wordOf(a, mine)).toBe('MISS');
    await eventually(async () => b.app.callers.known().size === 1);
    expect(await wordOf(b, mine)).toBe('HIT redis');
    expect(upstream.calls).toHaveLength(1);
  });

  story(
    'of a gateway is shared by users whom each node knows, and none is in Redis as he is named',
    async ({ join, redis }) => {
      const nodes = [await join(), await join()] as const;
      const by = (user: string) => about('x', { ...BEARER, 'x-forwarded-user': user, 'x-portkey-metadata': user });
      for (const [node, user] of [
        [nodes[0], 'canary-alice'],
        [nodes[1], 'canary-bob'],
      ] as const) {
        expect(await wordOf(node, by(user))).toBe('MISS');
        await node.app.store.written();
      }
      await eventually(async () => nodes.every(({ app }) => app.callers.known().size === 1));
      expect([await wordOf(nodes[1], by('canary-alice')), await wordOf(nodes[0], by('canary-bob'))]).toEqual([
        'HIT redis',
        'HIT redis',
      ]);
      await redis.ask('CONFIG', 'SET', 'rdbcompression', 'no');
      const keys = (await redis.ask('KEYS', '*')) as string[];
      const dumps = await Promise.all(keys.map((key) => redis.ask('DUMP', key)));
      expect(dumps.join()).toContain('gpt-test');
      expect(dumps.join()).not.toContain('canary');
    },
  );

  story('that is new with a crowd at all nodes at once costs one call', async ({ join, upstream }) => {
    const nodes = [await join(), await join(), await join()];
    upstream.script = (call) => sendPaced(call.response, chatEvents(), 50);
    const asking = { body: { ...chatRequest('x'), stream: true }, headers: BEARER };
    const all = await Promise.all(Array.from({ length: 60 }, (_, at) => ask(nodes[at % 3]!.url + CHAT, asking)));
    expect(new Set(all.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(upstream.calls).toHaveLength(1);
  });
});
