/**
 * A whole proxy in a process of its own, under a clock that its parent turns:
 * `fork('clocked-proxy.ts', [UPSTREAM, PATH, START])`. `constrained.ts` is the
 * other end.
 */
import { createApp } from '../../src/app.ts';
import { createConfig } from '../../src/config/config.ts';
import { start } from '../../src/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import { createTestClock } from '../harness/clock.ts';
import { until } from '../harness/until.ts';
import type { Line } from './temp-dir.ts';

export type Word =
  | { readonly url: string }
  | { readonly line: Line }
  /** The clock was turned by so many milliseconds, as asked, and all is written that can be. */
  | { readonly turned: number };

const tell = (word: Word) => process.send?.(word);

const [upstream = '', path = '', startsAt = ''] = process.argv.slice(2);
const config = createConfig({ upstream: `${upstream}/v1`, port: 0, admin: { port: 0 }, store: { path } });
const clock = createTestClock(Number(startsAt));
const app = createApp(config, createLog('info', { write: (line) => void tell({ line: JSON.parse(line) }) }), clock);
process.on('message', async (ms: number) => {
  // An answer that has a length may be over for its client before it is kept.
  await until(() => app.cache.flights === 0);
  clock.advance(ms);
  await app.store.size();
  await app.ledger.stats();
  tell({ turned: ms });
});
process.on('disconnect', () => process.exit());
const { api } = await start(app, config, clock);
tell({ url: api });
