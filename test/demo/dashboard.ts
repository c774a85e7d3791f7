/**
 * A proxy with two days of traffic behind it, to look around in its page: `npm run demo -- --dashboard`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { systemClock } from '../../src/clock.ts';
import { createConfig } from '../../src/config/config.ts';
import { start, stop } from '../../src/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import { type Hands, SampleTraffic } from './sample-traffic.ts';
import { startSampleUpstream } from './sample-upstream.ts';

export interface SeededProxy {
  /** The page's address. */
  readonly page: string;
  readonly traffic: SampleTraffic;
  stop(): Promise<void>;
}

/** Starts a proxy and fills it. @param port of its page; 0 for any */
export async function startSeededProxy(port = 0): Promise<SeededProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-demo-'));
  const upstream = await startSampleUpstream({ hurry: 20 });
  const config = createConfig({
    upstream: `${upstream.url}/v1`,
    port: 0,
    admin: { port },
    store: { path: join(folder, 'cache.sqlite') },
    ttl: 6 * 3_600,
    logLevel: 'warn',
  });
  const hands: Hands = { offset: 0 };
  const clock = { now: () => systemClock.now() + hands.offset, after: systemClock.after };
  const app = createApp(config, createLog(config.logLevel), clock);
  const { api, admin } = await start(app, config);
  const traffic = new SampleTraffic(`${api}/v1`);
  await traffic.fill(hands);
  return {
    page: `${admin}/`,
    traffic,
    async stop() {
      await stop(app, 1);
      await upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Keeps a filled proxy running, with a request now and then, until a signal. */
export async function showDashboard(): Promise<void> {
  console.log('Two days of traffic go through a proxy, in some seconds.');
  const proxy = await startSeededProxy();
  console.log(`The page: ${proxy.page}  (Ctrl+C ends it)`);
  const asking = setInterval(() => void proxy.traffic.ask(), 700);
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  clearInterval(asking);
  await proxy.stop();
}
