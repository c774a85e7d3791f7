/**
 * The proxy as a process: a core with two listeners before it, the API and the
 * admin API. Nothing here is shared with another proxy in the same process.
 */
import type { Server } from 'node:http';
import type { Readiness } from './admin/admin.ts';
import { explainDocument } from './admin/explain.ts';
import { LazyAdminServer } from './admin/lazy-admin-server.ts';
import { createApiHandler } from './api.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Origin } from './config/origin.ts';
import { showConfig } from './config/shown.ts';
import { packageVersion } from './config/version.ts';
import { type Core, createCore } from './core.ts';
import type { Crew } from './crew.ts';
import { createAdminListener, createApiListener, type Listener } from './http/listeners.ts';
import { Lobby } from './http/lobby.ts';
import { Metrics } from './ledger/metrics.ts';
import type { Log } from './log.ts';
import type { Rules } from './request/parsed-head.ts';

export interface App extends Omit<Core, 'open'> {
  readonly api: Listener;
  readonly admin: Server;
  readonly metrics: Metrics;
  /** Opens the core, and has requests answered. @throws ConfigError where a file is not to be used */
  open(): Promise<void>;
  readiness: Readiness;
}

/**
 * @param origins where the settings got their values, to be named where there is trouble with them
 * @param crew answers the requests, where it is not this process
 */
export function createApp(
  config: Config,
  log: Log,
  clock: Clock = systemClock,
  origins: readonly Origin[] = [],
  crew: Crew | null = null,
): App {
  const core = createCore(crew?.config ?? config, log, clock, origins);
  const metrics = createMetrics(core, crew);
  const [api, admin] = [crew?.api ?? createApiListener(), createAdminListener()];
  const [apiLobby, adminLobby] = [new Lobby(api), new Lobby(admin)];
  let rules: Rules;
  const adminServer = new LazyAdminServer({
    host: config.admin.host,
    token: config.admin.token,
    readiness: () => app.readiness,
    explain: (text) => explainDocument(rules, (digits) => core.store.findByPrefix(digits), text),
    catalogue: crew?.catalogueOver(core.store) ?? core.store,
    removals: core.cache.removals,
    lru: () => crew?.state.lru ?? core.stores.lru(),
    async stats() {
      await crew?.look();
      return { ...(await core.ledger.stats()), hints: crew?.state.hints ?? core.hints.list() };
    },
    async metrics() {
      await crew?.look();
      return metrics.text();
    },
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
      if (crew) await crew.start(core, opened);
      else apiLobby.open(createApiHandler(config, core, opened.proxy));
      adminLobby.open((request, response) => void adminServer.handle(request, response));
    },
    async prepare() {
      if (!crew) await core.prepare();
      await adminServer.prepare();
    },
    async abort() {
      crew?.abort();
      await core.abort();
    },
    async close() {
      metrics.close();
      await core.close();
    },
  };
  return app;
}

function createMetrics({ stores, files, admission, ledger }: Core, crew: Crew | null): Metrics {
  const metrics = new Metrics({
    version: packageVersion(),
    tiers: () => crew?.tiersBeside(stores.tiers()) ?? stores.tiers(),
    files,
    flights: () => (crew?.state ?? admission).flights,
    listeners: () => (crew?.state ?? admission).listeners,
    bytesInTheAir: () => (crew?.state ?? admission).bytes,
    ...(crew && { delays: () => crew.state.delays }),
  });
  ledger.subscribe((record) => metrics.observe(record));
  ledger.onCall((record) => metrics.observeCall(record));
  return metrics;
}
