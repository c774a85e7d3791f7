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

interface Alarm {
  readonly at: number;
  readonly act: () => void;
}

export function createTestClock(start = Date.UTC(2026, 0, 1)): TestClock {
  const alarms = new Set<Alarm>();
  let now = start;

  /** The first to fall due; of several at one time, the one that was set first. */
  const next = (until: number): Alarm | undefined =>
    [...alarms].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];

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
