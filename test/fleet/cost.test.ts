import { describe, expect } from 'vitest';
import { asks, fleetTest, isUp, type Node } from '../harness/fleet.ts';
import { until } from '../harness/until.ts';
import { median } from '../bench/pairs.ts';

const TRIES = 15;

/** Round trips to Redis while something is done, of several times the median: a node polls besides. */
async function turnsOf({ link }: Node, act: (index: number) => Promise<unknown>): Promise<number> {
  const turns: number[] = [];
  for (let index = 0; index < TRIES; index++) {
    const before = link.turns;
    await act(index);
    turns.push(link.turns - before);
  }
  return median(turns);
}

describe('round trips to Redis', () => {
  fleetTest('of a miss: one before its call, and one at its end', async ({ join, upstream }) => {
    const node = await join();
    await until(() => isUp(node));
    const answer = upstream.script;
    upstream.script = () => {};
    const asked = (index: number) => asks(node, `New: ${index}`);
    const answers: Promise<unknown>[] = [];
    const before = await turnsOf(node, async (index) => {
      answers.push(asked(index));
      await upstream.called(index + 1);
    });
    expect(before).toBe(1);
    const after = await turnsOf(node, async (index) => {
      await answer(upstream.calls[index] as (typeof upstream.calls)[0]);
      await answers[index];
      await until(() => node.app.admission.flights === TRIES - index - 1);
    });
    expect(after).toBeLessThanOrEqual(1);
  });

  fleetTest('of a hit from memory: none; of one from Redis: one', async ({ join }) => {
    const nodes = [await join(), await join()] as const;
    await until(() => nodes.every(isUp));
    for (let index = 0; index < TRIES; index++) await asks(nodes[0], `Old: ${index}`);
    await until(() => nodes[0].app.admission.flights === 0);
    expect(await turnsOf(nodes[1], (index) => asks(nodes[1], `Old: ${index}`))).toBe(1);
    expect(await turnsOf(nodes[1], (index) => asks(nodes[1], `Old: ${index}`))).toBe(0);
  });
});
