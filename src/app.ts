/**
 * Builds every part once and wires them. Nothing here is shared with another
 * proxy in the same process.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { Readiness } from './admin/admin.ts';
import { AdminDoor } from './admin/door.ts';
import { explainDocument } from './admin/explain.ts';
import { Cache } from './cache/cache.ts';
import { Callers } from './cache/callers.ts';
import { CallersFile, callersPath } from './cache/callers-file.ts';
import { Load } from './cache/load.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { NamedUpstream } from './config/upstreams.ts';
import { packageVersion } from './config/version.ts';
import { dialectOfHost, doneMarkerOf } from './dialect.ts';
import { Bodies } from './http/body.ts';
import { createHandler } from './http/handle.ts';
import { Heads } from './http/heads.ts';
import { createServer } from './http/node-http.ts';
import { refuseUnread } from './http/unread.ts';
import { Books, booksPath } from './ledger/books.ts';
import { Ledger } from './ledger/ledger.ts';
import { Metrics, type TierReading } from './ledger/metrics.ts';
import { readPrices } from './ledger/prices.ts';
import type { Log } from './log.ts';
import { RequestBudget } from './request/budget.ts';
import { createBypasses } from './request/bypasses.ts';
import { createCallers, createDigest, createScopeHeaders, createUserHeaders } from './request/caller.ts';
import { Decoding } from './request/content-coding.ts';
import { createNamer, type Namer } from './request/namer.ts';
import { createOmissions } from './request/omissions.ts';
import type { Rules } from './request/reading.ts';
import type { Target, Targets } from './request/route.ts';
import { loadSecret } from './secret.ts';
import { createMemoryStore, type LruInfo } from './store/memory.ts';
import { createSqliteStore } from './store/sqlite.ts';
import type { Store } from './store/store.ts';
import { createTiers } from './store/tiers.ts';
import { replayedHeaders } from './upstream/headers.ts';
import { createUpstream, type Upstream } from './upstream/upstream.ts';

export interface App {
  readonly api: Server;
  readonly admin: Server;
  readonly cache: Cache;
  readonly callers: Callers;
  readonly load: Load;
  readonly budget: RequestBudget;
  readonly ledger: Ledger;
  readonly metrics: Metrics;
  readonly store: Store;
  /** Resolves once the store has tried to open its file, well or not. */
  readonly opened: Promise<void>;
  readonly upstream: Upstream;
  readonly namer: Namer;
  /** Loads what no listener needs to accept. A request that comes before waits for what it needs of it. */
  readonly prepare: () => Promise<void>;
  readiness: Readiness;
}

/** Enough that no two processes of a chain call themselves the same. */
const PSEUDONYM_BYTES = 8;

/** How much of the memory bound is for the names of requests seen before. */
const MEMO_SHARE = 1 / 16;

/** Longer than the idle time of the load balancers in use, so that they never reuse a socket that we are closing. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 10_000;
/** How often connections are looked at for their headers being late. */
const CHECK_MS = 1_000;
const MAX_HEADER_BYTES = 64 * 1024;

export function createApp(config: Config, log: Log, clock: Clock = systemClock): App {
  const { store, opened, tiers, isStoreUp, lru } = createStore(config, log, clock);
  const upstream = createUpstream({ timeouts: config.timeouts, proxy: config.proxy, log });
  const books = new Books({ path: booksPath(config.store.path), clock, log });
  const ledger = new Ledger({ books, prices: readPrices(), log });
  const namer = createNamer(config.memory.bytes * MEMO_SHARE);
  const { maxEntryBytes, onAbandon, heartbeat, flight: { patience } } = config;
  const load = new Load(config.limits, clock);
  const cache = new Cache({ store, clock, load, log, maxEntryBytes, onAbandon, patience, keptHeaders: replayedHeaders });
  const metrics = new Metrics({
    version: packageVersion(),
    tiers,
    files: () => (config.store.path === null ? {} : { store: isStoreUp(), ledger: books.state === 'up' }),
    flights: () => load.flights,
    listeners: () => load.listeners,
    bytesInTheAir: () => load.bytes,
  });
  ledger.subscribe((note) => metrics.observe(note));
  const rules = createRules(config, loadSecret(config.store.path, log));
  const budget = new RequestBudget(config.limits.requestBytes);
  const bounds = { accepted: config.maxRequestBytes, whole: Math.min(config.maxKeyedBytes, config.maxRequestBytes) };
  const { store: { path }, auth: { recheck } } = config;
  const callers = new Callers({ recheck, file: path === null ? null : new CallersFile({ path: callersPath(path), clock, log }), clock });
  const pseudonym = `refrain-${randomBytes(PSEUDONYM_BYTES).toString('hex')}`;
  const handle = createHandler({
    cache, store, upstream, ledger, clock, log, heads: new Heads({ rules, pseudonym }), pseudonym, namer, callers, keep: new Set(config.keep), keepsPrompts: config.store.prompts,
    heartbeat: heartbeat === null ? null : { ms: heartbeat * 1000, clock },
    isStopping: () => app.readiness === 'stopping',
    bodies: new Bodies(bounds, budget, clock),
    decoding: new Decoding(bounds, budget.whole, clock),
  });
  const api = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS, requestTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES },
    handle,
  );
  // We drop `Expect`: what it asks of us is for the upstream to judge.
  api.on('checkExpectation', handle);
  api.on('clientError', refuseUnread);
  // Node would drop the headers beyond its count in silence; their size is bounded all the same.
  api.maxHeadersCount = 0;
  const door = new AdminDoor({
    host: config.admin.host, token: config.admin.token, readiness: () => app.readiness, explain: (text) => explainDocument(rules, store.find, text),
    books: store, cache, figures: { lru, stats: () => ledger.stats(), metrics: () => metrics.text() },
    subscribe: (listener) => ledger.subscribe(listener), clock, log,
  });
  const admin = createServer((request, response) => void door.handle(request, response));
  const app: App = {
    api, admin, cache, callers, load, budget, ledger, metrics, store, opened, upstream, namer, readiness: 'starting',
    async prepare() {
      await upstream.prepare();
      await door.prepare();
      await namer.prepare();
    },
  };
  return app;
}

interface Tiered extends Pick<App, 'store' | 'opened'> {
  readonly tiers: () => readonly TierReading[];
  readonly isStoreUp: () => boolean;
  readonly lru: () => LruInfo;
}

function createStore({ memory: { bytes: memoryBytes }, store: { path, bytes } }: Config, log: Log, clock: Clock): Tiered {
  const maxBytes = Math.floor(memoryBytes * (1 - MEMO_SHARE));
  const memory = createMemoryStore({ maxBytes, holdsParts: path === null });
  const file = path === null ? null : createSqliteStore({ path, maxBytes: bytes, clock, log });
  const isUsed = memoryBytes > 0;
  return {
    store: createTiers([...(isUsed ? [memory] : []), ...(file ? [file] : [])], clock),
    opened: file?.ready ?? Promise.resolve(),
    tiers: () => [...(isUsed ? [{ tier: 'memory', maxBytes, ...memory.held }] : []), ...(file ? [{ tier: 'sqlite', maxBytes: bytes, ...file.held }] : [])],
    isStoreUp: () => file?.state === 'up',
    lru: memory.info,
  };
}

/** How requests are read and named. */
export function createRules(config: Config, secret: Buffer): Rules {
  const { ttl, maxTtl, cache: mode, scope, key, bypass } = config;
  const digestOf = createDigest(secret);
  const isUser = createUserHeaders(scope.headers);
  const isScopeHeader = createScopeHeaders(isUser);
  return {
    targets: createTargets(config),
    policy: { ttl, maxTtl, mode },
    omissions: createOmissions(key, isScopeHeader),
    bypasses: createBypasses(bypass),
    digestOf,
    isScopeHeader,
    callerOf: createCallers({ shared: { name: scope.shared, members: scope.members }, isUser, digestOf }),
  };
}

/** Each upstream with what is set for it, or else for all, or else follows from its host. */
function createTargets({ upstream, upstreams, dialect, doneMarker, noStore }: Config): Targets {
  const targetOf = (base: string, own: Pick<NamedUpstream, 'dialect' | 'doneMarker' | 'noStore'>): Target => {
    const { origin, hostname, pathname } = new URL(base);
    const spoken = own.dialect === 'auto' ? dialectOfHost(hostname) : own.dialect;
    const marker = own.doneMarker ?? doneMarker;
    return {
      origin,
      basePath: pathname.replace(/\/+$/, ''),
      dialect: spoken,
      doneMarker: marker === 'auto' ? doneMarkerOf(spoken) : marker,
      noStore: own.noStore ?? noStore,
    };
  };
  const named = Object.entries(upstreams).map(([name, own]) => [name, targetOf(own.url, own)] as const);
  return { standard: targetOf(upstream, { dialect, doneMarker, noStore }), named: new Map(named) };
}
