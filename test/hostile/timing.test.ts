import { expect, test } from 'vitest';
import { compare, tellNothingByTime } from './timing.ts';

tellNothingByTime({ samples: 25, seed: 32 });

test('the statistic knows one distribution from two', () => {
  const spread = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
  expect(compare(spread(0, 250), spread(0.5, 250)).p).toBeGreaterThan(0.99);
  expect(compare(spread(0, 250), spread(20, 250)).p).toBeGreaterThan(0.05);
  expect(compare(spread(0, 250), spread(40, 250)).p).toBeLessThan(0.01);
  expect(compare(spread(0, 50), spread(100, 50))).toMatchObject({ distance: 1, p: expect.closeTo(0, 6) });
});
