/**
 * The operator's page in a real browser: `npm run test:browser`. The browser is Debian's Chromium, or what `CHROMIUM`
 * names; it is no package of npm, so a run without it says so, and with `CI` set fails.
 */
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { CHROMIUM } from '../test/browser/chromium.ts';

const isThere = existsSync(CHROMIUM);
const words = `${CHROMIUM} is not installed; on Debian: apt-get install chromium`;
if (!isThere && process.env['CI']) throw new Error(words);
if (!isThere) console.log(`nothing is tested: ${words}`);

const ALL = isThere ? ['test/browser/**/*.test.ts'] : [];
const MEASURED = isThere ? ['test/browser/full.test.ts'] : [];

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    passWithNoTests: !isThere,
    globalSetup: ['test/browser/built-page.ts'],
    // Nets for what never ends, as those of `npm test`.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 20 } },
    env: { NODE_COMPILE_CACHE: new URL('../node_modules/.cache/refrain', import.meta.url).pathname },
    maxWorkers: 2,
    // Measurements come after all else, with nothing beside them.
    projects: [
      { extends: true, test: { name: 'page', include: ALL, exclude: MEASURED, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'measured', include: MEASURED, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
