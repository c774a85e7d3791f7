/**
 * Proxies that share a Redis, against real servers: `npm run test:fleet`. The server is `redis-server`, or what
 * `REDIS_SERVER` names (`valkey-server`); neither is a package of npm, so a run without it fails and says so.
 */
import { spawnSync } from 'node:child_process';
import { defineConfig } from 'vitest/config';

const SERVER = process.env['REDIS_SERVER'] ?? 'redis-server';
if (spawnSync(SERVER, ['--version']).error) {
  throw new Error(`${SERVER} is not installed; on Debian: apt-get install redis-server redis-sentinel`);
}

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/fleet/**/*.test.ts'],
    // Nets for what never ends, as those of `npm test`.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    env: { NODE_COMPILE_CACHE: new URL('../node_modules/.cache/refrain', import.meta.url).pathname },
    // A lookup in Redis has 50 ms: what comes later is a call more, and calls are counted.
    fileParallelism: false,
  },
});
