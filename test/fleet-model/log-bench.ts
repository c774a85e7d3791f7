/**
 * A hub in virtual time for those that read its logs.
 */
import { createTestClock, type TestClock } from '../harness/clock.ts';
import { HubServer } from './simulated-hub.ts';

export interface LogBench {
  readonly clock: TestClock;
  readonly server: HubServer;
  /** The nodes that neither send nor hear. */
  readonly cutOff: Set<string>;
  /** Lets a time pass, and what is to happen in it happen. */
  pass(ms?: number): Promise<void>;
}

export function createLogBench(): LogBench {
  const clock = createTestClock();
  const cutOff = new Set<string>();
  return {
    clock,
    server: new HubServer(clock, { delay: () => 0, isLost: (node) => cutOff.has(node) }),
    cutOff,
    async pass(ms = 10) {
      for (let step = 0; step < ms; step += 10) {
        clock.advance(Math.min(10, ms - step));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}
