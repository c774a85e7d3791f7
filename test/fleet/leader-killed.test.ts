import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatEvents } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask, begin, type LiveAnswer } from '../harness/client.ts';
import { question, SECRET } from '../harness/fleet.ts';
import { processTest } from '../harness/process-harness.ts';
import { type RedisServer, startRedisServer } from '../harness/redis-server.ts';
import type { Call, ScriptedUpstream } from '../harness/upstream.ts';

const EVENTS = chatEvents(['Salt ', 'wäter 🌊', ', ', 'mostly', '.']);
const HALF = EVENTS.slice(0, 3).join('');
const WHOLE = EVENTS.join('');
const STREAM = question('Who leads?', { stream: true });
const FOLLOWERS = 30;

interface Node {
  readonly child: Child;
  readonly api: string;
  readonly admin: string;
}

/** Nodes as processes: only those can be killed. */
const killed = processTest.extend<{ redis: RedisServer; nodes: readonly [Node, Node, Node] }>({
  redis: async ({}, use) => {
    const redis = await startRedisServer();
    await use(redis);
    await redis.stop();
  },
  nodes: async ({ redis, folder, upstream }, use) => {
    const start = async (name: string): Promise<Node> => {
      const cwd = join(folder, name);
      mkdirSync(cwd);
      const flags = ['--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`, '--store-path', 'off'];
      const child = new Child(flags, cwd, { REFRAIN_REDIS: redis.url, REFRAIN_SECRET: SECRET });
      const node = { child, ...(await child.ready()) };
      while (!/refrain_file_up\{file="redis"\} 1/.test((await ask(`${node.admin}/metrics`)).text));
      return node;
    };
    const nodes = [await start('a'), await start('b'), await start('c')] as const;
    await use(nodes);
    for (const { child } of nodes) await child.end();
  },
});

/** Asks at the first node, and once its call is there, at all; waits until each node says that so many are there. */
async function gather(nodes: readonly Node[], upstream: ScriptedUpstream) {
  upstream.script = () => {};
  const [leader] = nodes as [Node];
  const led = begin(leader.api + CHAT, STREAM);
  led.catch(() => {});
  const call = await upstream.called(1);
  const followers = nodes
    .slice(1)
    .flatMap(({ api }) => Array.from({ length: FOLLOWERS }, () => begin(api + CHAT, STREAM)));
  for (const { admin } of nodes.slice(1))
    while (!new RegExp(`^refrain_listeners ${FOLLOWERS}$`, 'm').test((await ask(`${admin}/metrics`)).text));
  expect(upstream.calls).toHaveLength(1);
  return { leader, led, call, followers };
}

function send({ response }: Call, events: readonly string[]): void {
  for (const event of events) response.write(event);
}

function answerWhole(call: Call): void {
  beginStream(call);
  send(call, EVENTS);
  call.response.end();
}

describe('a leader that is killed', () => {
  killed('before it sent a byte: its followers are all answered from one new call', async ({ nodes, upstream }) => {
    const { leader, followers } = await gather(nodes, upstream);
    upstream.script = answerWhole;
    leader.child.signal('SIGKILL');
    for (const live of await Promise.all(followers)) {
      const { status, text, broken } = await live.ended;
      expect([status, broken, text === WHOLE]).toEqual([200, false, true]);
    }
    expect(upstream.calls).toHaveLength(2);
  });

  killed(
    'in the middle: who had bytes is cut visibly and counted, and nothing is stored',
    async ({ nodes, upstream }) => {
      const { leader, led, call, followers } = await gather(nodes, upstream);
      beginStream(call);
      send(call, EVENTS.slice(0, 3));
      const live: readonly LiveAnswer[] = await Promise.all([led, ...followers]);
      for (const answer of live) await answer.receives(Buffer.byteLength(HALF));
      leader.child.signal('SIGKILL');
      const [own, ...others] = await Promise.all(live.map(({ ended }) => ended));
      expect([own?.broken, own?.text]).toEqual([true, HALF]);
      for (const { text, broken } of others) {
        expect([broken, text.startsWith(HALF)]).toEqual([true, true]);
        expect(text.slice(HALF.length)).toMatch(/^event: error\ndata: \{.*"code":"leader_lost".*\}\n\n$/);
      }
      const [, ...left] = nodes;
      const cut = await Promise.all(left.map(async ({ admin }) => (await ask(`${admin}/metrics`)).text));
      for (const metrics of cut) expect(metrics).toContain(`refrain_errors_total{code="leader_lost"} ${FOLLOWERS}\n`);
      expect(upstream.calls).toHaveLength(1);

      // Once the leader is known to be gone, who comes next has a call of its own, and shares that.
      const again = left.map(({ api }) => begin(api + CHAT, STREAM));
      const second = await upstream.called(2);
      beginStream(second);
      send(second, EVENTS);
      second.response.end();
      for (const answer of await Promise.all(again)) expect((await answer.ended).text).toBe(WHOLE);
      expect(upstream.calls).toHaveLength(2);
    },
  );

  killed('after the last event: the answer is whole for all', async ({ nodes, upstream }) => {
    const { leader, led, call, followers } = await gather(nodes, upstream);
    beginStream(call);
    send(call, EVENTS);
    for (const answer of await Promise.all([led, ...followers])) await answer.receives(Buffer.byteLength(WHOLE));
    leader.child.signal('SIGKILL');
    for (const live of await Promise.all(followers)) {
      const { text, broken } = await live.ended;
      expect([text, broken]).toEqual([WHOLE, false]);
    }
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('a node that is paused for longer than silence is borne', () => {
  killed(
    'and led, without a byte: its followers have one new call, and nobody has a mixture',
    async ({ nodes, upstream }) => {
      const { leader, led, call, followers } = await gather(nodes, upstream);
      leader.child.signal('SIGSTOP');
      const second = await upstream.called(2);
      upstream.script = answerWhole;
      leader.child.signal('SIGCONT');
      const other = chatEvents(['Fresh ', 'water', '.']);
      for (const [{ response }, events] of [
        [call, EVENTS],
        [second, other],
      ] as const) {
        beginStream({ ...call, response });
        for (const event of events) response.write(event);
        response.end();
      }
      expect((await (await led).ended).text).toBe(WHOLE);
      for (const live of await Promise.all(followers)) {
        const { status, text, broken } = await live.ended;
        expect([status, broken]).toEqual([200, false]);
        expect([WHOLE, other.join('')]).toContain(text);
      }
      expect(upstream.calls).toHaveLength(2);
    },
  );

  killed('and followed: its clients have the rest, or are cut visibly', async ({ nodes, upstream }) => {
    const { led, call, followers } = await gather(nodes, upstream);
    beginStream(call);
    send(call, EVENTS.slice(0, 3));
    const live = await Promise.all([led, ...followers]);
    for (const answer of live) await answer.receives(Buffer.byteLength(HALF));
    nodes[1].child.signal('SIGSTOP');
    // The others have the rest meanwhile.
    send(call, EVENTS.slice(3));
    call.response.end();
    const [own, ...others] = live;
    expect((await own?.ended)?.text).toBe(WHOLE);
    for (const answer of others.slice(FOLLOWERS)) expect((await answer.ended).text).toBe(WHOLE);
    await setTimeout(4_000);
    nodes[1].child.signal('SIGCONT');
    for (const answer of others.slice(0, FOLLOWERS)) {
      const { text, broken } = await answer.ended;
      expect(text.startsWith(broken ? HALF : WHOLE)).toBe(true);
      if (!broken) expect(text).toBe(WHOLE);
    }
    expect(upstream.calls).toHaveLength(1);
  });
});
