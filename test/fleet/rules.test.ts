/**
 * The rules by which one request may be played another's answer hold across nodes.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import { answersBy, asks, clockOffBy, fleetTest, isUp, type Node, numberIn } from '../harness/fleet.ts';
import { until } from '../harness/until.ts';
import type { Call } from '../harness/upstream.ts';

const askAs = (node: Node, agent: string): Promise<Answer> =>
  ask(node.url + CHAT, { body: chatRequest(), headers: { 'user-agent': agent } });

const say = (call: Call, headers: Record<string, string>) =>
  sendJson(call, chatAnswer(`for ${call.headers['user-agent']}`), 200, headers);

const follow = (leader: Node, count: number) => until(() => leader.app.fleet()?.reading().followed === count);

describe('an answer on its way at another node', () => {
  fleetTest('is played to those alone who sent what it varies by', async ({ fleet, upstream }) => {
    const [one, two, three] = await fleet({ dialect: 'openai' });
    const vary = { vary: 'User-Agent' };
    upstream.script = () => {};
    const asked = [askAs(one, 'a')];
    const call = await upstream.called(1);
    upstream.script = (later) => say(later, vary);
    asked.push(askAs(two, 'b'), askAs(three, 'a'));
    await follow(one, 2);
    say(call, vary);
    const answers = await Promise.all(asked);
    expect(answers.map(({ text }) => text)).toEqual(['a', 'b', 'a'].map((agent) => chatAnswer(`for ${agent}`)));
    expect(answers.map(({ headers }) => headers['x-cache'])).toEqual(['MISS', 'MISS', 'FOLLOW']);
    await Promise.all([one, two].map(({ app }) => app.store.written()));
    for (const node of [one, two, three]) {
      for (const agent of ['a', 'b']) {
        const { text, headers } = await askAs(node, agent);
        expect([headers['x-cache'], text]).toEqual(['HIT', chatAnswer(`for ${agent}`)]);
      }
    }
    expect(upstream.calls).toHaveLength(2);
  });

  fleetTest('is played to nobody else where its upstream says no-store', async ({ fleet, upstream }) => {
    const [one, two, three] = await fleet();
    const noStore = { 'cache-control': 'no-store' };
    upstream.script = () => {};
    const asked = [askAs(one, 'a')];
    const call = await upstream.called(1);
    upstream.script = (later) => say(later, noStore);
    asked.push(askAs(two, 'b'), askAs(three, 'c'));
    await follow(one, 2);
    say(call, noStore);
    expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(
      ['a', 'b', 'c'].map((agent) => chatAnswer(`for ${agent}`)),
    );
    expect(upstream.calls).toHaveLength(3);
  });
});

describe('a stale answer', () => {
  fleetTest('is refreshed by one node for all, and each has the new one then', async ({ join, upstream }) => {
    const words = 'Is it old?';
    const settings = { ttl: 60, stale: { revalidate: 3_600, error: 0, keep: 7_200 } };
    const first = await join(settings);
    await until(() => isUp(first));
    expect(numberIn(await asks(first, words), words)).toBe(1);
    await first.app.store.written();
    const late = clockOffBy(100_000);
    const later = [await join(settings, late), await join(settings, late), await join(settings, late)];
    await until(() => later.every(isUp));
    upstream.script = () => {};
    const stale = await Promise.all(later.map((node) => asks(node, words)));
    expect(stale.map((answer) => [numberIn(answer, words), answer.headers['x-cache']])).toEqual(
      later.map(() => [1, 'HIT']),
    );
    const call = await upstream.called(2);
    // Those that come meanwhile refresh nothing.
    await Promise.all(later.map((node) => asks(node, words)));
    answersBy(upstream)(call);
    await until(() => later.every(({ app }) => app.cache.flights === 0));
    await Promise.all(later.map(({ app }) => app.store.written()));
    // The entry in a node's memory may be the older one until it would refresh that.
    await Promise.all(later.map((node) => asks(node, words)));
    const fresh = await Promise.all(later.map((node) => asks(node, words)));
    expect(fresh.map((answer) => numberIn(answer, words))).toEqual([2, 2, 2]);
    expect(upstream.calls).toHaveLength(2);
  });
});
