import { expect, test } from 'vitest';
import { createSteadyTime } from '../src/clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A wall clock and a stopwatch, to be turned apart. */
function clocks() {
  const at = { wall: 1_000 * DAY, elapsed: 5 };
  const now = createSteadyTime(
    () => at.wall,
    () => at.elapsed,
  );
  const start = now();
  return {
    pass: (ms: number) => {
      at.wall += ms;
      at.elapsed += ms;
    },
    set: (ms: number) => void (at.wall += ms),
    since: () => now() - start,
  };
}

test('time passes as the wall clock has it', () => {
  const { pass, since } = clocks();
  pass(1_234);
  expect(since()).toBe(1_234);
});

test.each([HOUR, DAY])(
  'a wall clock that is set back by %i ms does not stop it, nor does setting it right again',
  (jump) => {
    const { pass, set, since } = clocks();
    pass(1_000);
    expect(since()).toBe(1_000);
    set(-jump);
    pass(1_000);
    expect(since()).toBe(2_000);
    set(jump);
    expect(since()).toBe(2_000);
    pass(1_000);
    expect(since()).toBe(3_000);
  },
);

test.each([HOUR, DAY])('a wall clock that is set forward by %i ms is followed, and not back again', (jump) => {
  const { pass, set, since } = clocks();
  set(jump);
  expect(since()).toBe(jump);
  set(-jump);
  pass(1_000);
  expect(since()).toBe(jump + 1_000);
});
