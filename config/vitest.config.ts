import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of resident memory, each in processes of its own: they are run after all else, two at a time. */
const ALONE = 'test/size/**';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    // Nets for what never ends: on a machine that others use too, no test may fail for its slowness.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    // Kept as the program keeps it, for the threads and processes that tests start: else each strips its types anew.
    env: { NODE_COMPILE_CACHE: new URL('../node_modules/.cache/refrain', import.meta.url).pathname },
    // One more than there are cores, for tests that wait for their child processes and timers.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: ['test/long/**', 'test/fleet/**', 'test/browser/**', 'test/tools/**', ALONE],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'size', include: [`${ALONE}/*.test.ts`], maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
