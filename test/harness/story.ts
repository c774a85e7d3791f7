/**
 * A story: an upstream and as many proxies as it needs. After each the ledger
 * must balance and nothing may be left in the air.
 */
import { expect } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import type { Overrides } from '../../src/config/config.ts';
import { type ProcessHarness, processTest } from './process-harness.ts';
import { type Proxy, startProxy } from './proxy.ts';

export interface Cast extends ProcessHarness {
  /** Starts a proxy over the upstream. The folder outlives it. */
  readonly open: (overrides?: Overrides, clock?: Clock) => Promise<Proxy>;
}

/** Stops a proxy that has nothing left in the air, and whose ledger balances. */
export async function stopBalanced(proxy: Proxy): Promise<void> {
  await proxy.stop();
  expect(proxy.app.cache.flights).toBe(0);
  expect(proxy.app.budget.held).toBe(0);
  const { requests, ...words } = proxy.app.ledger.counts();
  expect(Object.values(words).reduce((sum, count) => sum + count, 0)).toBe(requests);
  expect(proxy.lines.filter(({ level }) => level === 'error')).toEqual([]);
}

export const story = processTest.extend<Pick<Cast, 'open'>>({
  // Needs the folder, so that it is torn down first: a proxy that runs writes files into what would be removed.
  open: async ({ upstream, folder: _ }, use) => {
    const proxies: Proxy[] = [];
    await use(async (overrides, clock) => {
      const proxy = await startProxy(upstream.url, overrides, clock);
      proxies.push(proxy);
      return proxy;
    });
    for (const proxy of proxies) await stopBalanced(proxy);
  },
});
