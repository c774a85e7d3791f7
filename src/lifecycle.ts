/**
 * The life of a proxy.
 *
 *   starting   parts built, nothing listens
 *   ready      both listeners accept
 *   stopping   no new connection; answers that run may end, until the drain
 *              deadline cuts them visibly; then the books and the store are flushed
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from './app.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';

/** Where the listeners are, as URLs. */
export interface Addresses {
  readonly api: string;
  readonly admin: string;
}

/** After the deadline an answer has this long to tell its client. */
const CUT_MS = 1_000;

const SWEEP_MS = 50;

/** A file that takes longer to open than this opens while requests are served; until then it is a miss. */
const OPEN_MS = 2_000;

/** @throws the listener's error, `EADDRINUSE` among others */
export async function start(app: App, { host, port, admin }: Config, clock: Clock = systemClock): Promise<Addresses> {
  await new Promise<void>((resolve) => {
    const giveUp = clock.after(OPEN_MS, resolve);
    void app.opened.then(giveUp).then(resolve);
  });
  const addresses = { api: await listen(app.api, host, port), admin: await listen(app.admin, admin.host, admin.port) };
  app.readiness = 'ready';
  return addresses;
}

/** @param drain how long running answers may take to end, in seconds */
export async function stop(app: App, drain: number, clock: Clock = systemClock): Promise<void> {
  app.readiness = 'stopping';
  const closed = once(app.api, 'close');
  app.api.close();
  // A connection turns idle only after its answer, and Node closes those that are idle at the moment of the call.
  const sweep = setInterval(() => app.api.closeIdleConnections(), SWEEP_MS);
  const cancelCut = clock.after(drain * 1000, () => void app.upstream.close());
  const cancelEnd = clock.after(drain * 1000 + CUT_MS, () => app.api.closeAllConnections());
  await closed;
  clearInterval(sweep);
  cancelCut();
  cancelEnd();
  await app.upstream.close();
  await app.ledger.close();
  await app.callers.close();
  app.metrics.close();
  await app.namer.close();
  await app.store.close();
  await closeServer(app.admin);
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen({ host, port });
  await once(server, 'listening');
  const { address, port: bound, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
