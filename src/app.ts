/**
 * The proxy as a process: a core with two listeners before it, the API and the
 * admin API. Nothing here is shared with another proxy in the same process.
 */
import type { Server } from 'node:http';
import type { AdminOptions } from './admin/admin.ts';
import { explainDocument } from './admin/explain.ts';
import { StateReader } from './admin/state.ts';
import { LazyAdminServer } from './admin/lazy-admin-server.ts';
import { createApiHandler } from './api.ts';
import { readCertificates } from './certificates.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { AccessLog } from './console/access-log.ts';
import type { Origin } from './config/origin.ts';
import { listenerUrl } from './config/listener-url.ts';
import { isLoopback } from './config/own-listener.ts';
import { type Core, createCore, type OpenCore } from './core.ts';
import { createAdminListener, createApiListener, type Listener, renewCertificates } from './http/listeners.ts';
import { Lobby } from './http/lobby.ts';
import { createOwnPaths } from './http/own-paths.ts';
import type { Metrics } from './ledger/metrics.ts';
import type { Log } from './log.ts';
import type { HealthSources, Readiness } from './proxy/health.ts';
import { createMetrics, createReadings, createSources } from './readings.ts';
import { type Reloaded, Reloading, type ReloadSources, type Renewed, renewCore } from './reloading.ts';
import type { Rules } from './request/parsed-head.ts';
import type { WorkerGroup } from './workforce.ts';

export interface App extends Omit<Core, 'open'> {
  readonly api: Listener;
  readonly admin: Server;
  readonly metrics: Metrics;
  /** Opens the core, and has requests answered. @throws ConfigError where a file is not to be used */
  open(): Promise<void>;
  /**
   * Takes over what has changed in the sources of the settings, and can be without a restart; all of it, or nothing.
   * @throws ConfigError where a source cannot be used
   */
  reload(): Promise<Reloaded>;
  readiness: Readiness;
}

/**
 * @param origins where the settings got their values, to be named where there is trouble with them
 * @param workers answers the requests, where it is not this process
 * @param access is given each request of this process, once it is over
 * @param reread the sources of the settings; without them a reload changes nothing
 */
export function createApp(
  config: Config,
  log: Log,
  clock: Clock = systemClock,
  origins: readonly Origin[] = [],
  workers: WorkerGroup | null = null,
  access: AccessLog | null = null,
  reread: ReloadSources = { settings: () => ({ config, origins }) },
): App {
  const certificates = readCertificates(config);
  const core = createCore(workers?.config ?? config, log, clock, origins, undefined, workers?.shared, access);
  const reloading = new Reloading({ config, origins }, certificates, core.ledger.prices.table);
  const sources = createSources(config, core, workers);
  const metrics = createMetrics(core, sources);
  const state = new StateReader({
    ...sources,
    startedAt: clock.now(),
    readiness: () => app.readiness,
    api: () => ({ host: config.host, port: portOf(api) ?? config.port, tls: certificates !== null }),
  });
  const [api, admin] = [workers?.api ?? createApiListener(certificates), createAdminListener(certificates)];
  const health: HealthSources = {
    readiness: () => (app.readiness === 'ready' && workers?.isReady === false ? 'starting' : app.readiness),
    outOfReach: () => (core.files()['redis'] === false ? ['redis'] : []),
  };
  const ownPaths = createOwnPaths({
    ...health,
    version: sources.version,
    adminUrl: () => adminUrl(config, portOf(admin)),
  });
  const [apiLobby, adminLobby] = [new Lobby(api, ownPaths), new Lobby(admin)];
  let opened: OpenCore;
  const renew = async (renewed: Renewed) => {
    opened = renewCore(core, opened, renewed);
    const { certificates: shown } = renewed;
    if (shown) for (const server of workers ? [admin] : [api as Server, admin]) renewCertificates(server, shown);
    await workers?.reload(renewed);
  };
  const reload = () => reloading.reload(reread, renew);
  const adminServer = new LazyAdminServer({
    host: config.admin.host,
    hosts: config.admin.hosts,
    token: () => reloading.running.config.admin.token,
    ...health,
    ...adminPartsOf(core, workers, () => opened.rules),
    ...createReadings(core, workers, { running: () => reloading.running, metrics, state }),
    reload,
    clock,
    log,
  });
  const app: App = {
    ...core,
    api,
    admin,
    metrics,
    readiness: 'starting',
    async open() {
      opened = await core.open(() => app.readiness === 'stopping');
      if (workers) await workers.start(core, opened, { certificates, adminUrl: adminUrl(config, portOf(admin)) });
      else apiLobby.open(createApiHandler(config, core, () => opened.proxy, ownPaths));
      adminLobby.open((request, response) => void adminServer.handle(request, response));
    },
    reload,
    async prepare() {
      if (!workers) await core.prepare();
      await adminServer.prepare();
    },
    async abort() {
      workers?.abort();
      await core.abort();
    },
    async close() {
      metrics.close();
      state.close();
      await core.close();
    },
  };
  return app;
}

/** The parts of a core that the admin API asks and changes. */
function adminPartsOf(core: Core, workers: WorkerGroup | null, rules: () => Rules) {
  return {
    explain: (text) => explainDocument(rules(), core.store, text),
    catalogue: workers?.catalogueOver(core.store) ?? core.store,
    priceOf: (model, usage) => core.ledger.priceOf(model, usage),
    rank: (parts, form, candidates) => core.keyer.rank(parts, form, candidates),
    removals: core.cache.removals,
    lru: () => workers?.state.lru ?? core.stores.lru(),
    subscribe: (subscriber) => core.ledger.subscribe(subscriber),
  } satisfies Partial<AdminOptions>;
}

/** Null while it does not listen. */
function portOf(listener: Listener): number | null {
  const address = listener.address();
  return typeof address === 'object' ? (address?.port ?? null) : null;
}

/** Null where it is open to other machines too: what is not on loopback needs no mention. */
function adminUrl(config: Config, port: number | null): string | null {
  const { host } = config.admin;
  return port !== null && isLoopback(host) ? listenerUrl(config, host, port) : null;
}
