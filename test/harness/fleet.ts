/**
 * A fleet: proxies in this process that share a Redis, each over a link of its own, and an upstream that answers each
 * question by its words and the number of its call. After each test the ledgers must balance, and nothing may be left
 * in the air.
 */
import { expect } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { Overrides } from '../../src/config/config.ts';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendJson, sendStream } from './answers.ts';
import { type Answer, ask } from './client.ts';
import { type Link, startLink } from './link.ts';
import { type ProcessHarness, processTest } from './process-harness.ts';
import { type Proxy, startProxy } from './proxy.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import type { Call, ScriptedUpstream } from './upstream.ts';
import { until } from './until.ts';

export const SECRET = '5e'.repeat(32);

export interface Node extends Proxy {
  readonly link: Link;
}

export interface FleetCast extends ProcessHarness {
  readonly redis: RedisServer;
  /** Starts a node. The folder, the upstream and Redis outlive it. */
  readonly join: (overrides?: Overrides, clock?: Clock) => Promise<Node>;
  /** Starts three, and waits until each has found the others' Redis. */
  readonly fleet: (overrides?: Overrides) => Promise<readonly [Node, Node, Node]>;
}

export const fleetTest = processTest.extend<Pick<FleetCast, 'redis' | 'join' | 'fleet'>>({
  redis: async ({}, use) => {
    const redis = await startRedisServer();
    await use(redis);
    await redis.stop();
  },
  // Needs the folder, so that it is torn down first.
  join: async ({ upstream, folder: _, redis }, use) => {
    const nodes: Node[] = [];
    const links: Link[] = [];
    upstream.script = answersBy(upstream);
    await use(async (overrides, clock) => {
      const link = await startLink(redis.port);
      links.push(link);
      const shared = { redis: [`redis://127.0.0.1:${link.port}`], secret: SECRET };
      const node = { link, ...(await startProxy(upstream.url, { ...shared, ...overrides }, clock)) };
      nodes.push(node);
      return node;
    });
    for (const { stop, app } of nodes) {
      await stop();
      expect(app.cache.flights).toBe(0);
      expect(app.budget.held).toBe(0);
      const { requests, ...words } = app.ledger.counts();
      expect(Object.values(words).reduce((sum, count) => sum + count, 0)).toBe(requests);
    }
    for (const link of links) await link.stop();
  },
  fleet: async ({ join }, use) => {
    await use(async (overrides) => {
      const nodes = [await join(overrides), await join(overrides), await join(overrides)] as const;
      for (const node of nodes) await until(() => isUp(node));
      return nodes;
    });
  },
});

/** Tests whether Redis answers a node, as far as the node knows. */
export const isUp = ({ app }: Pick<Node, 'app'>): boolean => app.files()['redis'] === true;

/** A clock that is wrong by so much. */
export function clockOffBy(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ms };
}

/** A question in the words that `answers` repeats. */
export const question = (words: string, others: object = {}): { readonly body: object } => ({
  body: chatRequest(words, others),
});

export const asks = (node: Pick<Node, 'url'>, words: string, others: object = {}): Promise<Answer> =>
  ask(node.url + CHAT, question(words, others));

/** Answers each question by its words and the number of the call, at once. */
export function answersBy({ calls }: ScriptedUpstream): (call: Call) => void {
  return (call) => {
    const { words, isStream } = askedIn(call);
    const said = `${words} #${calls.indexOf(call) + 1}`;
    if (!isStream) return sendJson(call, chatAnswer(said));
    sendStream(call, chatEvents([said]));
  };
}

export function askedIn(call: Call): { readonly words: string; readonly isStream: boolean } {
  const { messages, stream } = JSON.parse(call.body.toString());
  return { words: messages[0].content, isStream: stream === true };
}

/** The number of the call whose answer this is. @throws where it answers another question, or none */
export function numberIn({ status, text, broken }: Answer, words: string): number {
  const [, number] = new RegExp(`"${RegExp.escape(words)} #(\\d+)"`).exec(text) ?? [];
  if (status !== 200 || broken || !number) throw new Error(`${words}: ${status} ${broken ? 'cut' : ''} ${text}`);
  return Number(number);
}
