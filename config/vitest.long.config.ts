/**
 * The same properties as `npm test` has, at full counts: minutes, not seconds.
 * One file at a time, since each takes all the cores there are.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/long/**/*.test.ts'],
    fileParallelism: false,
    env: { NODE_COMPILE_CACHE: new URL('../node_modules/.cache/refrain', import.meta.url).pathname },
    testTimeout: 30 * 60_000,
    hookTimeout: 60_000,
  },
});
