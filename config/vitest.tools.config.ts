/**
 * Refrain among the tools of others (pytest, nginx, Prometheus, further versions of Node …): `npm run test:tools`. Each
 * test installs packages that it needs from their registry, into a folder of its own; a tool of the system that is not
 * installed fails its test, which says so.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/tools/**/*.test.ts'],
    // Nets for what never ends: packages are fetched.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    env: { NODE_COMPILE_CACHE: new URL('../node_modules/.cache/refrain', import.meta.url).pathname },
    maxWorkers: 2,
  },
});
