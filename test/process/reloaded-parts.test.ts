import { expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { createConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/errors.ts';
import { start, stop } from '../../src/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import type { PriceTable } from '../../src/ledger/prices.ts';

test('limits and prices change while the proxy runs, and neither where one of them cannot be used', async () => {
  const own = { port: 0, admin: { port: 0 }, store: { path: null } };
  let limits = { flights: 10, requestBytes: 8_000 };
  let prices: () => PriceTable = () => ({ own: { input: 1, output: 2, since: '2026-01-01', source: 'x' } });
  const settings = () => ({ config: createConfig({ ...own, limits }), origins: [] });
  const { config } = settings();
  const reread = { settings, prices: () => prices() };
  const app = createApp(config, createLog('silent'), undefined, [], null, null, reread);
  await start(app, config);
  try {
    const usage = { input: 1_000_000, cachedInput: 0, output: 0, reasoning: 0 };
    expect(app.ledger.priceOf('own', usage)).toBe(null);
    expect(await app.reload()).toEqual({ applied: ['prices'], restart: [] });
    expect(app.ledger.priceOf('own', usage)).toBe(1);

    limits = { flights: 1, requestBytes: 80 };
    const [first, second] = await Promise.all([app.reload(), app.reload()]);
    expect(first).toEqual({ applied: ['limits.flights', 'limits.requestBytes'], restart: [] });
    expect(second).toEqual({ applied: [], restart: [] });
    app.admission.countFlight(1);
    expect(() => app.admission.admitCall()).toThrow('as its limits allow');
    app.admission.countFlight(-1);
    expect(app.budget.whole.take(50, 50)).toBe(false);
    expect(app.budget.whole.take(40, 40)).toBe(true);
    app.budget.whole.give(40);

    limits = { flights: 5, requestBytes: 8_000 };
    prices = () => {
      throw new ConfigError('no table of prices');
    };
    await expect(app.reload()).rejects.toThrow('no table of prices');
    expect(app.admission.limits.flights).toBe(1);
    expect(app.ledger.priceOf('own', usage)).toBe(1);
  } finally {
    await stop(app, 0);
  }
});

test('a token that is dropped while the admin API is open to others leaves all as it was', async () => {
  let admin: object = { port: 0, host: '0.0.0.0', token: 'correct-horse' };
  const settings = () => ({ config: createConfig({ port: 0, admin, store: { path: null } }), origins: [] });
  const { config } = settings();
  const app = createApp(config, createLog('silent'), undefined, [], null, null, { settings });
  await start(app, config);
  try {
    admin = { port: 0, host: '127.0.0.1' };
    await expect(app.reload()).rejects.toThrow('is open to other machines until a restart');
    admin = { port: 0, host: '127.0.0.1', token: 'another' };
    expect(await app.reload()).toEqual({ applied: ['admin.token'], restart: ['admin.host'] });
  } finally {
    await stop(app, 0);
  }
});
