/**
 * Builds every part once and wires them. Nothing here is shared with another
 * proxy in the same process.
 */
import { randomBytes } from 'node:crypto';
import type { RequestListener, Server } from 'node:http';
import type { Readiness } from './admin/admin.ts';
import { LazyAdminServer } from './admin/lazy-admin-server.ts';
import { explainDocument } from './admin/explain.ts';
import { Cache } from './cache/cache.ts';
import { Callers } from './cache/callers.ts';
import { CallersFile, callersPath } from './cache/callers-file.ts';
import { AdmissionControl } from './cache/admission-control.ts';
import { type Clock, systemClock, within } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Origin } from './config/origin.ts';
import { showConfig } from './config/shown.ts';
import { packageVersion } from './config/version.ts';
import { ConfigError } from './errors.ts';
import { Bodies } from './http/body.ts';
import { createHandler } from './http/handle.ts';
import { HeadMemo } from './http/head-memo.ts';
import { closeOnlyIdle } from './http/idle.ts';
import { Lobby } from './http/lobby.ts';
import { createServer } from './http/node-http.ts';
import { refuseUnread, refuseUnreadOperator } from './http/unread.ts';
import { UsageFile, usagePath } from './ledger/usage-file.ts';
import { Hints } from './ledger/hints.ts';
import { Ledger } from './ledger/ledger.ts';
import { Metrics, type TierReading } from './ledger/metrics.ts';
import { readPrices } from './ledger/prices.ts';
import type { Log } from './log.ts';
import { RequestBudget } from './request/budget.ts';
import { Decoding } from './request/content-coding.ts';
import { createKeyer, type Keyer } from './request/keyer.ts';
import type { Rules } from './request/parsed-head.ts';
import { createRules } from './rules.ts';
import { keepSecret, loadSecret } from './secret.ts';
import { createMemoryStore, type LruInfo } from './store/memory.ts';
import type { Gone } from './store/gone.ts';
import { createSqliteStore } from './store/sqlite.ts';
import { adviceOn } from './store/sqlite-failure.ts';
import type { Store } from './store/store.ts';
import { createTiers } from './store/tiers.ts';
import type { Failure } from './thread/failure.ts';
import { Thread } from './thread/thread.ts';
import { replayedHeaders } from './upstream/headers.ts';
import { createUpstream, type Upstream } from './upstream/upstream.ts';

export interface App {
  readonly api: Server;
  readonly admin: Server;
  readonly cache: Cache;
  readonly callers: Callers;
  readonly admission: AdmissionControl;
  readonly budget: RequestBudget;
  readonly ledger: Ledger;
  readonly hints: Hints;
  readonly metrics: Metrics;
  readonly store: Store;
  /**
   * Reads or makes the files, and has requests answered; none is made or opened before. @throws ConfigError where what
   * is there is not ours, or open to others
   */
  readonly open: () => Promise<void>;
  readonly upstream: Upstream;
  readonly keyer: Keyer;
  /** Loads what no listener needs to accept. A request that comes before waits for what it needs of it. */
  readonly prepare: () => Promise<void>;
  readiness: Readiness;
}

/** Enough that no two processes of a chain call themselves the same. */
const PSEUDONYM_BYTES = 8;

/** A file that takes longer to open than this opens while requests are served; until then it is a miss. */
const OPEN_MS = 5_000;

/** How much of the memory bound is for the names of requests seen before. */
const MEMO_SHARE = 1 / 16;

/** Longer than the idle time of the load balancers in use, so that they never reuse a socket that we are closing. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 10_000;
/** How often connections are looked at for their headers being late. */
const CHECK_MS = 1_000;
/** How long a request of the operator's may take to arrive. */
const OPERATOR_MS = 30_000;
const MAX_HEADER_BYTES = 64 * 1024;

/** Of both listeners. A missing `Host` is refused by us: Node does it without a word. */
const LISTENER = {
  headersTimeout: HEADERS_MS,
  connectionsCheckingInterval: CHECK_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  requireHostHeader: false,
} as const;

/** @param origins where the settings got their values, to be named where there is trouble with them */
export function createApp(config: Config, log: Log, clock: Clock = systemClock, origins: readonly Origin[] = []): App {
  const {
    store: { path },
    auth: { recheck },
  } = config;
  const ledgerPath = usagePath(path);
  /** For both files. */
  const thread = new Thread();
  const { store, openFile, tiers, isStoreUp, lru } = createStore(config, log, clock, thread, {
    onGone: (gone) => cache.removals.heed(gone),
    onReplaced: () => secret && keepSecret(path as string, secret, log),
  });
  let secret: Buffer | undefined;
  const upstream = createUpstream({ timeouts: config.timeouts, proxy: config.proxy, log, clock });
  const usageFile = new UsageFile({ path: ledgerPath, clock, log, thread });
  const ledger = new Ledger({ usageFile, prices: readPrices(), log });
  const usesOf = async (key: string) => (await store.listByPrefix(key, 1))?.[0]?.hits ?? null;
  const hints = new Hints({ log, ignored: config.key.ignore, usesOf });
  const keyer = createKeyer(config.memory.bytes * MEMO_SHARE);
  const {
    maxEntryBytes,
    onAbandon,
    heartbeat,
    flight: { patience },
  } = config;
  const admission = new AdmissionControl(config.limits, clock);
  const cache = new Cache({
    store,
    clock,
    admission,
    log,
    maxEntryBytes,
    onAbandon,
    patience,
    keptHeaders: replayedHeaders,
  });
  const metrics = new Metrics({
    version: packageVersion(),
    tiers,
    files: () => (path === null ? {} : { store: isStoreUp(), ledger: usageFile.state === 'up' }),
    flights: () => admission.flights,
    listeners: () => admission.listeners,
    bytesInTheAir: () => admission.bytes,
  });
  ledger.subscribe((record) => metrics.observe(record));
  let rules: Rules;
  const budget = new RequestBudget(config.limits.requestBytes);
  const bounds = { accepted: config.maxRequestBytes, whole: Math.min(config.maxKeyedBytes, config.maxRequestBytes) };
  const callersFile = path === null ? null : new CallersFile({ path: callersPath(path), clock, log });
  const callers = new Callers({ recheck, file: callersFile, clock });
  const pseudonym = `refrain-${randomBytes(PSEUDONYM_BYTES).toString('hex')}`;
  const createHandle = (): RequestListener =>
    createHandler({
      cache,
      store,
      upstream,
      ledger,
      hints,
      clock,
      log,
      pseudonym,
      keyer,
      callers,
      heads: new HeadMemo({ rules, pseudonym }),
      keep: new Set(config.keep),
      keepsPrompts: config.store.prompts,
      omissions: rules.omissions,
      heartbeat: heartbeat === null ? null : { ms: heartbeat * 1000, clock },
      isStopping: () => app.readiness === 'stopping',
      bodies: new Bodies(bounds, budget, clock),
      decoding: new Decoding(bounds, budget.whole, clock),
    });
  const api = createServer({ ...LISTENER, keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
  api.on('clientError', refuseUnread);
  closeOnlyIdle(api);
  // Node would drop the headers beyond its count in silence; their size is bounded all the same.
  api.maxHeadersCount = 0;
  const statsNow = async () => ({ ...(await ledger.stats()), hints: hints.list() });
  const adminApi = new LazyAdminServer({
    host: config.admin.host,
    token: config.admin.token,
    readiness: () => app.readiness,
    explain: (text) => explainDocument(rules, (digits) => store.findByPrefix(digits), text),
    catalogue: store,
    removals: cache.removals,
    figures: { lru, stats: statsNow, metrics: () => metrics.text() },
    subscribe: (listener) => ledger.subscribe(listener),
    settings: () => showConfig(config, origins),
    clock,
    log,
  });
  const admin = createServer({ ...LISTENER, requestTimeout: OPERATOR_MS });
  admin.on('clientError', refuseUnreadOperator);
  closeOnlyIdle(admin);
  const [apiLobby, adminLobby] = [new Lobby(api), new Lobby(admin)];
  const app: App = {
    api,
    admin,
    cache,
    callers,
    admission,
    budget,
    ledger,
    hints,
    metrics,
    store,
    upstream,
    keyer,
    readiness: 'starting',
    async open() {
      const refusals = await within(clock, OPEN_MS, Promise.all([openFile(), usageFile.open()]));
      const paths = [path, ledgerPath];
      for (const [at, refusal] of refusals?.entries() ?? []) if (refusal) throw fileRefused(paths[at] ?? null, refusal);
      callers.open();
      rules = createRules(config, (secret = loadSecret(path, log)), origins);
      apiLobby.open(createHandle());
      adminLobby.open((request, response) => void adminApi.handle(request, response));
    },
    async prepare() {
      await upstream.prepare();
      await adminApi.prepare();
    },
  };
  return app;
}

function fileRefused(path: string | null, failure: Failure): ConfigError {
  return new ConfigError(`${path} cannot be used: ${failure.message}; ${adviceOn(failure)}`);
}

/** Those who are told of the file of the store. */
interface Told {
  readonly onGone: (gone: Gone) => void;
  readonly onReplaced: () => void;
}

interface Tiered extends Pick<App, 'store'> {
  /** @returns why the file is not to be used at all, or null */
  readonly openFile: () => Promise<Failure | null>;
  readonly tiers: () => readonly TierReading[];
  readonly isStoreUp: () => boolean;
  readonly lru: () => LruInfo;
}

function createStore(
  { memory: { bytes: memoryBytes }, store: { path, bytes } }: Config,
  log: Log,
  clock: Clock,
  thread: Thread,
  told: Told,
): Tiered {
  const maxBytes = Math.floor(memoryBytes * (1 - MEMO_SHARE));
  const memory = createMemoryStore({ maxBytes, holdsParts: path === null });
  const onGone = (gone: Gone) => {
    told.onGone(gone);
    store.heed(gone);
  };
  const { onReplaced } = told;
  const file =
    path === null ? null : createSqliteStore({ path, maxBytes: bytes, clock, log, thread, onGone, onReplaced });
  const isUsed = memoryBytes > 0;
  const store = createTiers({
    stores: [...(isUsed ? [memory] : []), ...(file ? [file] : [])],
    catalogue: file ?? memory,
    fallback: memory,
    clock,
  });
  return {
    store,
    async openFile() {
      await file?.ready;
      return file?.refusal ?? null;
    },
    tiers: () => [
      ...(isUsed ? [{ tier: 'memory', maxBytes, ...memory.held }] : []),
      ...(file ? [{ tier: 'sqlite', maxBytes: bytes, ...file.held }] : []),
    ],
    isStoreUp: () => file?.state === 'up',
    lru: memory.info,
  };
}
