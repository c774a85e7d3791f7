/**
 * The life of a proxy.
 *
 *   starting   both listeners accept, and requests wait for the files, which are
 *              made or opened once both ports are had
 *   ready      requests are answered
 *   stopping   no new connection; answers that run may end, until the drain
 *              deadline cuts them visibly; then the admin API closes, so that what it
 *              reported as done is in the usage ledger and the store, which are
 *              written last
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { App } from './app.ts';
import { type Clock, systemClock, within } from './clock.ts';
import type { Config } from './config/config.ts';
import { listenerUrl } from './config/listener-url.ts';
import { reasonOf } from './errors.ts';
import type { Listener } from './http/listeners.ts';

/** The URLs of the listeners. */
export interface Addresses {
  readonly api: string;
  readonly admin: string;
}

/** How long an answer that the deadline cuts has to say so to its client. */
const CUT_MS = 1_000;

const SWEEP_MS = 50;

/** How long a request to the admin API has to end. */
const ADMIN_MS = 1_000;

/** A listener that could not be had. */
export class ListenError extends Error {
  readonly listener: keyof Addresses;

  /** @param cause of the system's, such as `EADDRINUSE` */
  constructor(listener: keyof Addresses, cause: unknown) {
    super(`cannot listen (${reasonOf(cause)})`, { cause });
    this.listener = listener;
  }
}

/** @throws ListenError before any file is made; ConfigError where a file is not to be used */
export async function start(app: App, config: Config, clock: Clock = systemClock): Promise<Addresses> {
  const { host, port, admin } = config;
  try {
    const addresses = {
      api: await listen(app, 'api', config, { host, port }),
      admin: await listen(app, 'admin', config, admin),
    };
    await app.open();
    app.readiness = 'ready';
    return addresses;
  } catch (error) {
    await stop(app, 0, clock);
    throw error;
  }
}

/**
 * @param drain how long running answers may take to end, in seconds
 * @throws Error, once all has ended, where not all could be written that a cassette recorded
 */
export async function stop(app: App, drain: number, clock: Clock = systemClock): Promise<void> {
  app.readiness = 'stopping';
  const end = clock.now() + drain * 1000 + CUT_MS;
  const cancelCut = clock.after(drain * 1000, () => void app.abort());
  await close(app.api, drain * 1000 + CUT_MS, clock);
  // Other nodes may play an answer of this one to their clients.
  const fleet = app.fleet();
  if (fleet) await within(clock, Math.max(0, end - clock.now()), fleet.unfollowed());
  cancelCut();
  await app.abort();
  // Requests of the operator are answered first; readers of events are not waited for any longer than those may take.
  await close(app.admin, ADMIN_MS, clock);
  await app.close();
  if (app.stores.cassette?.hasLost) throw new Error('what was recorded last could not be written');
}

async function listen(
  app: App,
  listener: keyof Addresses,
  config: Config,
  { host, port }: Pick<Config, 'host' | 'port'>,
): Promise<string> {
  const server = app[listener];
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(listener, error);
  }
  const { address, port: bound } = server.address() as AddressInfo;
  return listenerUrl(config, address, bound);
}

/** Takes no new connection, and lets answers end. @param ms after which connections are cut */
async function close(server: Listener, ms: number, clock: Clock): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  // A connection turns idle only after its answer, and Node closes those that are idle at the moment of the call.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cancelEnd = clock.after(ms, () => server.closeAllConnections());
  await closed;
  clearInterval(sweep);
  cancelEnd();
}
