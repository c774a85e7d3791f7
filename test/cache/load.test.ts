import { expect, test } from 'vitest';
import { Load } from '../../src/cache/load.ts';
import { createTestClock } from '../harness/clock.ts';

const LIMITS = { flights: 10, listeners: 10, bytes: 1_000 };

test('a heap that is nearly full admits no further call, and does again once it is not', () => {
  const clock = createTestClock();
  let used = 0.91;
  const load = new Load(LIMITS, clock, () => used);
  load.admitFlight();
  used = 0.95;
  clock.advance(1_000);
  expect(() => load.admitFlight()).toThrow(expect.objectContaining({ code: 'overloaded', status: 503 }));
  load.admitListener();
  used = 0.5;
  clock.advance(1_000);
  load.admitFlight();
});

test('the heap is looked at once a second', () => {
  const clock = createTestClock();
  let looks = 0;
  const load = new Load(LIMITS, clock, () => ((looks += 1), 0));
  for (let index = 0; index < 100; index++) load.admitFlight();
  clock.advance(999);
  load.admitFlight();
  expect(looks).toBe(1);
});
