/**
 * A clock that stands still until it is turned by hand.
 */
import type { Clock } from '../../src/clock.ts';

export interface TestClock extends Clock {
  /** Turns time forward, calling what falls due on the way, each at its own time and in order. */
  advance(ms: number): void;
  /** How many calls are still to come. */
  readonly waiting: number;
}

export function createTestClock(start = Date.UTC(2026, 0, 1)): TestClock {
  const alarms = new Set<{ at: number; act: () => void }>();
  let now = start;

  const next = (until: number) =>
    [...alarms].filter(({ at }) => at <= until).reduce((first, alarm) => (first === undefined || alarm.at < first.at ? alarm : first), undefined as { at: number; act: () => void } | undefined);

  return {
    now: () => now,
    after(ms, act) {
      const alarm = { at: now + ms, act };
      alarms.add(alarm);
      return () => void alarms.delete(alarm);
    },
    advance(ms) {
      const until = now + ms;
      for (let alarm = next(until); alarm !== undefined; alarm = next(until)) {
        alarms.delete(alarm);
        now = Math.max(now, alarm.at);
        alarm.act();
      }
      now = until;
    },
    get waiting() {
      return alarms.size;
    },
  };
}
