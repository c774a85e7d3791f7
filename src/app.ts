/**
 * The proxy as a process: a core with two listeners before it, the API and the
 * admin API. Nothing here is shared with another proxy in the same process.
 */
import type { Server } from 'node:http';
import type { AdminOptions } from './admin/admin.ts';
import { explainDocument } from './admin/explain.ts';
import { examineRunning } from './admin/doctor.ts';
import { type Readiness, StateReader, type StateSources } from './admin/state.ts';
import { LazyAdminServer } from './admin/lazy-admin-server.ts';
import { createApiHandler } from './api.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { AccessLog } from './console/access-log.ts';
import type { Origin } from './config/origin.ts';
import { showConfig } from './config/shown.ts';
import { packageVersion } from './config/version.ts';
import { type Core, createCore, type OpenCore, type SharedParts } from './core.ts';
import { createAdminListener, createApiListener, type Listener } from './http/listeners.ts';
import { Lobby } from './http/lobby.ts';
import type { FleetReading } from './ledger/fleet-metrics.ts';
import type { Hint } from './ledger/hint-list.ts';
import { type MetricSources, Metrics, type TierReading } from './ledger/metrics.ts';
import type { Log } from './log.ts';
import type { Rules } from './request/parsed-head.ts';
import type { Catalogue, TierSize } from './store/catalogue.ts';
import type { LruInfo } from './store/memory.ts';
import type { UpstreamReading } from './upstream/health.ts';

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
  /** True while one of them takes requests. */
  readonly isReady: boolean;
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
  /** As each worker sees them. */
  readonly upstreams: readonly UpstreamReading[];
  /** How late event loops were since the last look, in seconds by quantile. */
  readonly delays: Readonly<Record<string, number>>;
}

/**
 * @param origins where the settings got their values, to be named where there is trouble with them
 * @param workers answers the requests, where it is not this process
 * @param access is given each request of this process, once it is over
 */
export function createApp(
  config: Config,
  log: Log,
  clock: Clock = systemClock,
  origins: readonly Origin[] = [],
  workers: WorkerGroup | null = null,
  access: AccessLog | null = null,
): App {
  const core = createCore(workers?.config ?? config, log, clock, origins, undefined, workers?.shared, access);
  const sources = createSources(config, core, workers);
  const metrics = createMetrics(core, sources);
  const state = new StateReader({
    ...sources,
    startedAt: clock.now(),
    readiness: () => app.readiness,
    api: () => ({ host: config.host, port: portOf(api) ?? config.port }),
  });
  const [api, admin] = [workers?.api ?? createApiListener(), createAdminListener()];
  const [apiLobby, adminLobby] = [new Lobby(api), new Lobby(admin)];
  let rules: Rules;
  const adminServer = new LazyAdminServer({
    host: config.admin.host,
    token: config.admin.token,
    readiness: () => (app.readiness === 'ready' && workers?.isReady === false ? 'starting' : app.readiness),
    outOfReach: () => (core.files()['redis'] === false ? ['redis'] : []),
    explain: (text) => explainDocument(rules, (digits) => core.store.findByPrefix(digits), text),
    catalogue: workers?.catalogueOver(core.store) ?? core.store,
    priceOf: (model, usage) => core.ledger.priceOf(model, usage),
    rank: (parts, form, candidates) => core.keyer.rank(parts, form, candidates),
    removals: core.cache.removals,
    lru: () => workers?.state.lru ?? core.stores.lru(),
    subscribe: (subscriber) => core.ledger.subscribe(subscriber),
    ...createReadings(core, workers, { config, origins, metrics, state }),
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
      state.close();
      await core.close();
    },
  };
  return app;
}

/** Null while it does not listen. */
function portOf(listener: Listener): number | null {
  const address = listener.address();
  return typeof address === 'object' ? (address?.port ?? null) : null;
}

type Readings = Required<Pick<AdminOptions, 'stats' | 'series' | 'metrics' | 'settings' | 'state' | 'doctor'>>;

interface Read {
  readonly config: Config;
  readonly origins: readonly Origin[];
  readonly metrics: Metrics;
  readonly state: StateReader;
}

/** The numbers that the admin API shows; those of workers are looked at first. */
function createReadings(core: Core, workers: WorkerGroup | null, { config, origins, metrics, state }: Read): Readings {
  const { ledger, fleet } = core;
  const hints = () => workers?.state.hints ?? core.hints.list();
  return {
    async stats() {
      await workers?.look();
      const [stats, ofFleet] = await Promise.all([ledger.stats(), fleet()?.books?.stats()]);
      return { ...stats, ...(ofFleet !== undefined && { fleet: ofFleet }), hints: hints() };
    },
    series: async (query) => ({ node: nodeOf(config, core), ...(await ledger.series(query)) }),
    async metrics() {
      await workers?.look();
      return metrics.text();
    },
    settings: () => showConfig(config, origins),
    async state() {
      await workers?.look();
      return state.read();
    },
    async doctor() {
      await workers?.look();
      const named = origins.map(({ path, shown, from }) => `${path} = ${shown}, from ${from}`);
      return examineRunning(state.read(), hints(), named);
    },
  };
}

type Sources = MetricSources & Pick<StateSources, 'counts' | 'upstreams' | 'node'>;

/** Null where there is no other. */
function nodeOf({ redis }: Config, { fleet }: Core): string | null {
  return redis === null ? null : (fleet()?.hub.node ?? null);
}

function createSources(config: Config, core: Core, workers: WorkerGroup | null): Sources {
  const { stores, files, admission, fleet } = core;
  return {
    counts: () => core.ledger.counts(),
    upstreams: () => workers?.state.upstreams ?? core.upstream.readings?.() ?? [],
    node: () => nodeOf(config, core),
    version: packageVersion(),
    tiers: () => [...(workers?.tiersBeside(stores.tiers()) ?? stores.tiers()), ...(fleet()?.tiers() ?? [])],
    files,
    flights: () => (workers?.state ?? admission).flights,
    listeners: () => (workers?.state ?? admission).listeners,
    bytesInTheAir: () => (workers?.state ?? admission).bytes,
    fleet: () => (workers ? workers.state.fleet : (fleet()?.reading() ?? null)),
    ...(workers && { delays: () => workers.state.delays }),
  };
}

function createMetrics({ ledger }: Core, sources: MetricSources): Metrics {
  const metrics = new Metrics(sources);
  ledger.subscribe((record) => metrics.observe(record));
  ledger.onCall((record) => metrics.observeCall(record));
  return metrics;
}
