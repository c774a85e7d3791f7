import { describe, expect, test } from 'vitest';
import {
  hitRateOf,
  hitRates,
  quantileOf,
  quantiles,
  stacked,
  stepsOf,
  sumBySteps,
} from '../../src/dashboard/chart/bins.ts';

describe('steps', () => {
  const steps = stepsOf([600, 660, 780, 1_000], 600, 1_200, 120);

  test('stand where there are no rows too, and sum those that they have', () => {
    expect(steps.time).toEqual([600, 720, 840, 960, 1_080]);
    expect(sumBySteps(steps, [1, 2, 3, 4])).toEqual([3, 3, null, 4, null]);
  });

  test('leave out rows of another time', () => {
    expect(sumBySteps(stepsOf([0, 100, 999], 100, 200, 100), [5, 7, 9])).toEqual([7]);
  });

  test('keep a zero apart from a gap', () => {
    expect(sumBySteps(stepsOf([0], 0, 120, 60), [0])).toEqual([0, null]);
  });
});

test('areas stand upon those that are shown', () => {
  const columns = [
    [1, null, 2],
    [10, null, 20],
    [100, 5, 200],
  ];
  expect(stacked(columns, [true, false, true])).toEqual([
    [1, null, 2],
    [null, null, null],
    [101, 5, 202],
  ]);
});

test('no rate is said of fewer than 20 requests', () => {
  expect(hitRateOf(10, 5, 4)).toBeNull();
  expect(hitRateOf(10, 5, 5)).toBe(0.75);
  expect(hitRates([19, null, 20], [0, null, 0], [0, null, 20])).toEqual([null, null, 0.5]);
});

describe('a quantile', () => {
  const bounds = [1, 10, 100];

  test('lies within its bucket', () => {
    expect(quantileOf(bounds, [0, 10, 0, 0], 0.5)).toBeCloseTo(10 ** 0.5);
    expect(quantileOf(bounds, [5, 5, 0, 0], 0.5)).toBe(1);
    expect(quantileOf(bounds, [0, 0, 0, 4], 1)).toBe(200);
    expect(quantileOf(bounds, [0, 0, 0, 0], 0.5)).toBeNull();
  });

  test('is not said of too few', () => {
    const steps = stepsOf([0, 60], 0, 120, 60);
    const buckets = [
      [0, 0],
      [3, 30],
      [0, 0],
      [0, 0],
    ];
    const [few, enough] = quantiles(steps, bounds, buckets, 0.95, 20);
    expect(few).toBeNull();
    expect(enough).toBeGreaterThan(5);
  });
});
