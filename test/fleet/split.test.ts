import { describe, expect } from 'vitest';
import { asks, clockOffBy, fleetTest, isUp, numberIn } from '../harness/fleet.ts';
import { until } from '../harness/until.ts';
import { Rounds } from './rounds.ts';

const HOUR_MS = 3_600_000;

describe('a partition in which both sides go on', () => {
  fleetTest('costs at most one call per side for each question', async ({ fleet, upstream }) => {
    const [one, two, away] = await fleet();
    const lonely = new Rounds([away], upstream);
    away.link.partition();
    await lonely.until(() => !isUp(away));
    const sides = new Rounds([one, two, away], upstream);
    for (let round = 0; round < 10; round++) expect(await sides.ask()).toBeLessThanOrEqual(3 * 2);
    expect([one, two].every(isUp)).toBe(true);
    away.link.heal();
    await sides.until(() => isUp(away));
    await sides.untilShared();
  });
});

describe('a node whose clock is wrong', () => {
  for (const [what, ms] of [
    ['an hour ahead', HOUR_MS],
    ['an hour behind', -HOUR_MS],
  ] as const) {
    fleetTest(`(${what}) answers all that it is asked, and so do the others`, async ({ join, upstream }) => {
      const nodes = [await join(), await join(), await join({}, clockOffBy(ms))];
      await until(() => nodes.every(isUp));
      const rounds = new Rounds(nodes, upstream);
      // An entry of the future is a miss for those whose clocks are right; live streams are shared all the same.
      await rounds.times(20);
      const stored = await asks(nodes[0] as (typeof nodes)[0], 'Who is right?');
      expect(numberIn(stored, 'Who is right?')).toBeGreaterThan(0);
    });
  }
});

describe('two nodes with different secrets', () => {
  fleetTest('do not share: the second refuses to start, and says what to do', async ({ join }) => {
    await until(await join().then((node) => () => isUp(node)));
    await expect(join({ secret: 'd1'.repeat(32) })).rejects.toThrow(/secret/i);
  });

  fleetTest('which find out later stay apart, and both go on', async ({ join, redis, upstream }) => {
    await redis.kill('SIGKILL');
    const [one, other] = [await join(), await join({ secret: 'd1'.repeat(32) })];
    await redis.start();
    await until(() => isUp(one) || isUp(other));
    const rounds = new Rounds([one, other], upstream);
    for (let round = 0; round < 20; round++) await rounds.ask();
    await rounds.until(() => [one, other].some(({ lines }) => lines.some(({ msg }) => /secret/i.test(String(msg)))));
    expect([one, other].filter(isUp)).toHaveLength(1);
  });
});
