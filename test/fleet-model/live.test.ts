/**
 * Answers on their way between two nodes, step by step.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from '../../src/fleet/messages.ts';
import type { Turn } from '../flight/answers.ts';
import { PLAIN } from '../flight/events.ts';
import type { Pace } from '../flight/asker.ts';
import { Random } from '../request/random.ts';
import type { CallPlan } from './call.ts';
import { Fleet, type FleetAsker } from './fleet.ts';
import type { FleetNode } from './node.ts';
import { CALM } from './profile.ts';

const TOPIC = { key: 'k', kind: 'chat', shared: false, other: null } as const;

let fleet: Fleet;
let a: FleetNode;
let b: FleetNode;

beforeEach(async () => {
  // By this seed an answer comes in several chunks.
  fleet = new Fleet(CALM, new Random(1), { isPlain: true });
  [a, b] = fleet.nodes as [FleetNode, FleetNode];
  await fleet.start();
});

/** Asks, and waits until the hub has been asked as well. */
async function ask(node: FleetNode, plan: Partial<CallPlan> = {}, pace: Pace = 'eager'): Promise<FleetAsker['asker']> {
  const turn: Turn = 'right';
  fleet.ask(node, TOPIC, PLAIN, pace, () => ({ turn, paces: [100], breaksAfter: null, ...plan }));
  await fleet.clock.settle();
  await fleet.pass(30);
  return (fleet.askers.at(-1) as FleetAsker).asker;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await fleet.pass(1);
}

const played = ({ played: chunks }: FleetAsker['asker']) => Buffer.concat(chunks);

/** Everything that was asked holds, nothing is left, and one call was made. */
async function hold(): Promise<void> {
  await fleet.pass(30_000);
  await fleet.end([], PLAIN, () => ({ turn: 'right', paces: [1], breaksAfter: null }));
  expect(fleet.invariants.findings.first).toBeNull();
}

describe('an answer that another node leads', () => {
  test('is played as it comes, and is a follow', async () => {
    const first = await ask(a);
    const second = await ask(b);
    await fleet.pass(5_000);
    expect([first.state, second.state]).toEqual(['complete', 'complete']);
    expect(played(second)).toEqual(played(first));
    expect([first, second].map(({ result }) => result?.outcome.word)).toEqual(['miss', 'follow']);
    await hold();
  });

  test('has no head before its first byte', async () => {
    await ask(a, { paces: [10, 1_000] });
    const second = await ask(b);
    await fleet.pass(500);
    expect(second.state).toBe('asking');
    await fleet.pass(1_000);
    expect(second.state).not.toBe('asking');
    await hold();
  });

  test('has the cost of its call, which is charged once', async () => {
    const first = await ask(a);
    const second = await ask(b);
    await fleet.pass(5_000);
    expect(await second.result?.call).toEqual(await first.result?.call);
    await hold();
  });

  test('goes on where the client of its leader leaves, and is stored', async () => {
    const first = await ask(a);
    const second = await ask(b);
    first.leave();
    await fleet.pass(5_000);
    expect([second.state, fleet.calls[0]?.state]).toEqual(['complete', 'finished']);
    await hold();
  });

  test.each(['before', 'after'])('is given up where everybody has left, %s its first byte', async (when) => {
    const [first, second] = [await ask(a, { paces: [1_000] }), await ask(b)];
    if (when === 'after') await fleet.pass(2_500);
    first.leave();
    await fleet.pass(20);
    expect(fleet.calls[0]?.state).toBe('flying');
    second.leave();
    await fleet.pass(20);
    expect(fleet.calls[0]?.state).toBe('aborted');
    expect([a, b].flatMap((node) => node.remains())).toEqual([]);
  });

  test('may be longer than what is kept, as long as it is read', async () => {
    const first = await ask(a, { turn: 'huge', paces: [50] });
    const second = await ask(b);
    await fleet.pass(10_000);
    expect([first.state, second.state]).toEqual(['complete', 'complete']);
    expect(played(second).equals(played(first))).toBe(true);
    expect(played(second).length).toBeGreaterThan(1e6);
  });

  test('is one following for all requests of a node', async () => {
    await ask(a, { paces: [1_000] });
    const others: FleetAsker['asker'][] = [];
    while (others.length < 20) others.push(await ask(b));
    expect([b.leases.live.following, a.leases.live.followed]).toEqual([1, 1]);
    await fleet.pass(20_000);
    expect(new Set(others.map(({ state }) => state))).toEqual(new Set(['complete']));
    await hold();
  });
});

describe('a leader that dies', () => {
  test('is replaced where nothing had come', async () => {
    await ask(a, { paces: [3_000] });
    const second = await ask(b);
    fleet.kill(a);
    await fleet.pass(20_000);
    expect([second.state, second.result?.outcome.word, fleet.calls.length]).toEqual(['complete', 'miss', 2]);
  });

  test('leaves a visible cut where something had', async () => {
    await ask(a, { paces: [10, 1_500, 9_000] });
    const second = await ask(b);
    await fleet.pass(2_000);
    expect(second.played.length).toBeGreaterThan(0);
    fleet.kill(a);
    await fleet.pass(5_000);
    expect([second.state, String(second.error)]).toEqual(['cut', expect.stringContaining('gone or out of reach')]);
  });

  test('leaves an answer whole that was', async () => {
    await ask(a, { paces: [10, 10, 10, 10, 900] });
    const second = await ask(b);
    await until(() => fleet.calls[0]?.isWhole === true);
    await fleet.pass(20);
    fleet.kill(a);
    await fleet.pass(5_000);
    expect(second.state).toBe('complete');
  });
});

describe('a message', () => {
  const HEAD = { status: 200, statusText: 'OK', headers: ['Content-Type', 'application/json'] };
  const TERMS = { variant: null, whyForOneAlone: null, age: 0, unstorable: null };
  const begin = (odd: object) =>
    encodeMessage({ kind: 'begin', session: 1, attempt: 1, length: null, head: HEAD, terms: TERMS, ...odd } as never);

  test('that is none of ours is dropped', async () => {
    const first = await ask(a);
    const second = await ask(b);
    const odd = [
      Buffer.alloc(0),
      Buffer.from('garbage'),
      Buffer.from([255, 255, 255, 255, 1]),
      encodeMessage({ kind: 'piece', session: 1, attempt: -1, offset: 0, isCommitted: false }),
      encodeMessage({ kind: 'constructor', session: 1, attempt: 1 } as never),
      encodeMessage({ kind: 'begin', session: 1, attempt: 1, head: null } as never),
      begin({ head: {} }),
      begin({ head: { ...HEAD, headers: ['Content-Type'] } }),
      begin({ head: { ...HEAD, status: 99 } }),
      begin({ terms: {} }),
      begin({ terms: { ...TERMS, variant: {} } }),
      begin({ terms: { ...TERMS, age: null } }),
      encodeMessage({ kind: 'end', session: 1, attempt: 1, offset: 0, unkept: null, call: {} } as never),
    ];
    for (const message of odd) {
      expect(decodeMessage(message)).toBeNull();
      for (const node of fleet.nodes) node.hub.deliver(message);
    }
    await fleet.pass(5_000);
    expect([first.state, second.state]).toEqual(['complete', 'complete']);
    await hold();
  });

  test('is read as it was written', () => {
    expect(decodeMessage(begin({}))?.message).toMatchObject({ head: HEAD, terms: TERMS });
    const message = { kind: 'piece', session: 3, attempt: 2, offset: 7, isCommitted: true } as const;
    expect(decodeMessage(encodeMessage(message, [Buffer.from('ab'), Buffer.from('c')]))).toEqual({
      message,
      bytes: Buffer.from('abc'),
    });
  });
});
