/**
 * The proxy as a process: a core with two listeners before it, the API and the
 * admin API. Nothing here is shared with another proxy in the same process.
 */
import type { RequestListener, Server } from 'node:http';
import type { Readiness } from './admin/admin.ts';
import { explainDocument } from './admin/explain.ts';
import { LazyAdminServer } from './admin/lazy-admin-server.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Origin } from './config/origin.ts';
import { showConfig } from './config/shown.ts';
import { packageVersion } from './config/version.ts';
import { type Core, createCore } from './core.ts';
import { Bodies } from './http/bodies.ts';
import { createHandler } from './http/handle.ts';
import { createAdminListener, createApiListener } from './http/listeners.ts';
import { Lobby } from './http/lobby.ts';
import { Metrics } from './ledger/metrics.ts';
import type { Log } from './log.ts';
import type { ProxyDependencies } from './proxy/proxy-dependencies.ts';
import type { Rules } from './request/parsed-head.ts';

export interface App extends Omit<Core, 'open'> {
  readonly api: Server;
  readonly admin: Server;
  readonly metrics: Metrics;
  /** Opens the core, and has requests answered. @throws ConfigError where a file is not to be used */
  open(): Promise<void>;
  readiness: Readiness;
}

/** @param origins where the settings got their values, to be named where there is trouble with them */
export function createApp(config: Config, log: Log, clock: Clock = systemClock, origins: readonly Origin[] = []): App {
  const core = createCore(config, log, clock, origins);
  const metrics = createMetrics(core);
  const [api, admin] = [createApiListener(), createAdminListener()];
  const [apiLobby, adminLobby] = [new Lobby(api), new Lobby(admin)];
  let rules: Rules;
  const adminServer = new LazyAdminServer({
    host: config.admin.host,
    token: config.admin.token,
    readiness: () => app.readiness,
    explain: (text) => explainDocument(rules, (digits) => core.store.findByPrefix(digits), text),
    catalogue: core.store,
    removals: core.cache.removals,
    lru: core.stores.lru,
    stats: async () => ({ ...(await core.ledger.stats()), hints: core.hints.list() }),
    metrics: () => metrics.text(),
    subscribe: (subscriber) => core.ledger.subscribe(subscriber),
    settings: () => showConfig(config, origins),
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
      const opened = await core.open(() => app.readiness === 'stopping');
      rules = opened.rules;
      apiLobby.open(createApiHandler(config, core, opened.proxy));
      adminLobby.open((request, response) => void adminServer.handle(request, response));
    },
    async prepare() {
      await core.prepare();
      await adminServer.prepare();
    },
    async close() {
      metrics.close();
      await core.close();
    },
  };
  return app;
}

function createApiHandler({ heartbeat }: Config, core: Core, proxy: ProxyDependencies): RequestListener {
  const { limits, budget, clock } = core;
  return createHandler({
    proxy,
    bodies: new Bodies(limits, budget, clock),
    heartbeat: heartbeat === null ? null : { ms: heartbeat * 1000, clock },
  });
}

function createMetrics({ stores, files, admission, ledger }: Core): Metrics {
  const metrics = new Metrics({
    version: packageVersion(),
    tiers: stores.tiers,
    files,
    flights: () => admission.flights,
    listeners: () => admission.listeners,
    bytesInTheAir: () => admission.bytes,
  });
  ledger.subscribe((record) => metrics.observe(record));
  ledger.onCall((record) => metrics.observeCall(record));
  return metrics;
}
