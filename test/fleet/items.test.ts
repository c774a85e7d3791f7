import { describe, expect } from 'vitest';
import { type Answer, ask } from '../harness/client.ts';
import { EMBEDDINGS, embeds, inputsOf } from '../harness/embeddings.ts';
import { fleetTest } from '../harness/fleet.ts';

const said = ({ headers }: Answer) => `${headers['x-cache']} ${headers['x-refrain-items'] ?? '-'}`;
const ONLY_IF_CACHED = { 'cache-control': 'only-if-cached' };

describe('batches over three nodes', () => {
  fleetTest('pay for each input once, wherever it was asked for', async ({ fleet, upstream }) => {
    const nodes = await fleet();
    upstream.script = embeds();
    const batch = (node: number, input: readonly string[], headers = {}) =>
      ask((nodes[node] as (typeof nodes)[0]).url + EMBEDDINGS, { body: { model: 'm', input }, headers });
    /** Items are on their way to Redis for a moment after their batch was answered. */
    const shared = async (node: number, input: readonly string[]) => {
      while ((await batch(node, input, ONLY_IF_CACHED)).status !== 200);
    };
    expect(said(await batch(0, ['a', 'b']))).toBe('MISS hit=0, fetched=2');
    await shared(1, ['a', 'b']);
    expect(said(await batch(1, ['b', 'c']))).toBe('MISS hit=1, fetched=1');
    await shared(2, ['b', 'c']);
    expect(said(await batch(2, ['c', 'a', 'b']))).toBe('HIT hit=3, fetched=0');
    expect(upstream.calls.map(({ body }) => inputsOf(body.toString()))).toEqual([['a', 'b'], ['c']]);
    // All that one throws away is gone for all.
    await ask(`${(nodes[0] as (typeof nodes)[0]).adminUrl}/purge`, { body: { endpoint: 'embeddings' } });
    expect(said(await batch(2, ['a', 'c']))).toBe('MISS hit=0, fetched=2');
  });

  fleetTest(
    'at one time, of which one input is new are all answered, by a call or two',
    async ({ fleet, upstream }) => {
      const nodes = await fleet();
      upstream.script = embeds();
      for (let round = 0; round < 20; round++) {
        const input = ['a', 'b', `r${round}`];
        const all = await Promise.all(
          nodes.flatMap(({ url }) =>
            Array.from({ length: 5 }, () => ask(url + EMBEDDINGS, { body: { model: 'm', input } })),
          ),
        );
        expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
        expect(new Set(all.map(({ text }) => JSON.stringify(JSON.parse(text).data))).size).toBe(1);
      }
      // An equal batch may come as the first ends, before its items are shared: one more call.
      expect(upstream.calls.length).toBeGreaterThanOrEqual(20);
      expect(upstream.calls.length).toBeLessThanOrEqual(40);
    },
  );
});
