/**
 * A proxy in this process, on free ports, over a scripted upstream.
 */
import { type App, createApp } from '../../src/app.ts';
import type { Clock } from '../../src/clock.ts';
import { createConfig, type Overrides } from '../../src/config/config.ts';
import { start, stop } from '../../src/lifecycle.ts';
import type { PricedUsageRecord } from '../../src/ledger/usage-record.ts';
import { createLog } from '../../src/log.ts';
import { until } from './until.ts';

export interface Proxy {
  readonly url: string;
  readonly adminUrl: string;
  readonly app: App;
  /** The log, one parsed line each. */
  readonly lines: Record<string, unknown>[];
  stop(): Promise<void>;
}

export async function startProxy(upstreamUrl: string, overrides: Overrides = {}, clock?: Clock): Promise<Proxy> {
  const config = createConfig({
    upstream: `${upstreamUrl}/v1`,
    port: 0,
    ...overrides,
    admin: { port: 0, ...overrides.admin },
    store: { path: null, ...overrides.store },
    logLevel: 'trace',
  });
  const lines: Record<string, unknown>[] = [];
  const log = createLog(config.logLevel, { write: (line) => void lines.push(JSON.parse(line)) });
  const app = createApp(config, log, clock);
  const { api, admin } = await start(app, config);
  return { url: api, adminUrl: admin, app, lines, stop: () => stop(app, 0) };
}

/** Resolves once no upstream call is on its way. */
export const landed = (proxy: Proxy): Promise<void> => until(() => proxy.app.admission.flights === 0);

/** The usage records from here on, as they come. */
export function recordsOf(proxy: Proxy): readonly PricedUsageRecord[] {
  const records: PricedUsageRecord[] = [];
  proxy.app.ledger.subscribe((record) => void records.push(record));
  return records;
}

/** Resolves once there are so many. */
export const recorded = (records: readonly PricedUsageRecord[], count: number): Promise<void> =>
  until(() => records.length === count);
