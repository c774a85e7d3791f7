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
import { type Core, createCore, type OpenCore, type SharedParts } from './core.ts';
import { createAdminListener, createApiListener, type Listener } from './http/listeners.ts';
import { Lobby } from './http/lobby.ts';
import type { FleetReading } from './ledger/fleet-metrics.ts';
import type { Hint } from './ledger/hint-list.ts';
import { Metrics, type TierReading } from './ledger/metrics.ts';
import type { Log } from './log.ts';
import type { Rules } from './request/parsed-head.ts';
import type { Catalogue, TierSize } from './store/catalogue.ts';
import type { LruInfo } from './store/memory.ts';

export interface App extends Omit<Core, 'open'> {
  readonly api: Listener;
  readonly admin: Server;
  readonly metrics: Metrics;
  /** Opens the core, and has requests answered. @throws ConfigError where a file is not to be used */
  open(): Promise<void>;
  readiness: Readiness;
}

/** Several processes that answer the requests of a proxy, which keeps the files and the admin API. */
export interface WorkerGroup {
  /** Accepts for all of them; closed once they have ended. */
  readonly api: Listener;
  /** The settings of the proxy's own part. */
  readonly config: Config;
  /** Where they meet, and the proxy with them. */
  readonly shared: SharedParts;
  /** How they were when they were last looked at. */
  readonly state: WorkerGroupState;
  /** Resolves once all answer requests, over what the proxy has opened. */
  start(core: Core, opened: OpenCore): Promise<void>;
  look(): Promise<void>;
  /** Ends all upstream calls. */
  abort(): void;
  /** The tiers of the proxy, and beside them the memory of its workers. */
  tiersBeside(tiers: readonly TierReading[]): readonly TierReading[];
  /** A catalogue whose rows name the memory of the workers, where that has an entry. */
  catalogueOver(catalogue: Catalogue): Catalogue;
}

/** Sums over all processes; of lateness the worst. */
export interface WorkerGroupState {
  readonly flights: number;
  readonly listeners: number;
  /** The bytes that answers on their way hold. */
  readonly bytes: number;
  readonly memory: TierSize;
  readonly lru: LruInfo;
  readonly hints: readonly Hint[];
  readonly fleet: FleetReading | null;
  /** How late event loops were since the last look, in seconds by quantile. */
  readonly delays: Readonly<Record<string, number>>;
}

/**
 * @param origins where the settings got their values, to be named where there is trouble with them
 * @param workers answers the requests, where it is not this process
 */
export function createApp(
  config: Config,
  log: Log,
  clock: Clock = systemClock,
  origins: readonly Origin[] = [],
  workers: WorkerGroup | null = null,
): App {
  const core = createCore(workers?.config ?? config, log, clock, origins, undefined, workers?.shared);
  const metrics = createMetrics(core, workers);
  const [api, admin] = [workers?.api ?? createApiListener(), createAdminListener()];
  const [apiLobby, adminLobby] = [new Lobby(api), new Lobby(admin)];
  let rules: Rules;
  const adminServer = new LazyAdminServer({
    host: config.admin.host,
    token: config.admin.token,
    readiness: () => app.readiness,
    outOfReach: () => (core.files()['redis'] === false ? ['redis'] : []),
    explain: (text) => explainDocument(rules, (digits) => core.store.findByPrefix(digits), text),
    catalogue: workers?.catalogueOver(core.store) ?? core.store,
    removals: core.cache.removals,
    lru: () => workers?.state.lru ?? core.stores.lru(),
    async stats() {
      await workers?.look();
      const [stats, fleet] = await Promise.all([core.ledger.stats(), core.fleet()?.books?.stats()]);
      return { ...stats, ...(fleet !== undefined && { fleet }), hints: workers?.state.hints ?? core.hints.list() };
    },
    series: async (query) => ({ node: core.fleet()?.hub.node ?? null, ...(await core.ledger.series(query)) }),
    async metrics() {
      await workers?.look();
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
      if (workers) await workers.start(core, opened);
      else apiLobby.open(createApiHandler(config, core, opened.proxy));
      adminLobby.open((request, response) => void adminServer.handle(request, response));
    },
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
      await core.close();
    },
  };
  return app;
}

function createMetrics({ stores, files, admission, ledger, fleet }: Core, workers: WorkerGroup | null): Metrics {
  const metrics = new Metrics({
    version: packageVersion(),
    tiers: () => [...(workers?.tiersBeside(stores.tiers()) ?? stores.tiers()), ...(fleet()?.tiers() ?? [])],
    files,
    flights: () => (workers?.state ?? admission).flights,
    listeners: () => (workers?.state ?? admission).listeners,
    bytesInTheAir: () => (workers?.state ?? admission).bytes,
    fleet: () => (workers ? workers.state.fleet : (fleet()?.reading() ?? null)),
    ...(workers && { delays: () => workers.state.delays }),
  });
  ledger.subscribe((record) => metrics.observe(record));
  ledger.onCall((record) => metrics.observeCall(record));
  return metrics;
}
