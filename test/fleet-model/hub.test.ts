import { createTestClock } from '../harness/clock.ts';
import { keepsTheHubContract } from '../harness/hub-contract.ts';
import { HubServer } from './simulated-hub.ts';

const HELD = 200;

keepsTheHubContract('the hub of the model', {
  held: HELD,
  async open() {
    const clock = createTestClock();
    const stored = new Map<string, number>();
    const delays = [3, 0, 7, 1];
    const network = { delay: () => delays[Math.floor(clock.now()) % delays.length] as number, isLost: () => false };
    const server = new HubServer(clock, network);
    server.storedAt = (key) => stored.get(key);
    for (const name of ['purges', 'callers'] as const) server.log(name).most = HELD;
    let nodes = 0;
    const turn = async (ms: number) => {
      for (let at = 0; at < ms; at++) {
        clock.advance(1);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return {
      join: async () => server.connect(`node-${++nodes}`),
      async put(key, storedAt) {
        if (storedAt === null) stored.delete(key);
        else stored.set(key, storedAt);
      },
      pass: turn,
      async settle(promise) {
        let isSettled = false;
        const settled = promise.finally(() => (isSettled = true));
        while (!isSettled) await turn(1);
        return settled;
      },
      close: async () => {},
    };
  },
});
