/**
 * All that answers requests, whichever adapter brings them: each part is built
 * once and wired. Nothing here is shared with another core in the same process.
 */
import { AdmissionControl } from './cache/admission-control.ts';
import { Cache } from './cache/cache.ts';
import { Callers, type CallersOptions } from './cache/callers.ts';
import { CallersFile, callersPath } from './cache/callers-file.ts';
import { Unrecorded } from './cassette/unrecorded.ts';
import { type Clock, within } from './clock.ts';
import { type Config, isOffline, retentionOf } from './config/config.ts';
import type { AccessLog } from './console/access-log.ts';
import type { Origin } from './config/origin.ts';
import { ConfigError } from './errors.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Hub } from './fleet/hub.ts';
import type { RedisFleetOptions } from './fleet/redis-fleet.ts';
import { replayedHeaders } from './headers/relayed-headers.ts';
import type { IsFirst } from './ledger/hint-list.ts';
import { Hints } from './ledger/hints.ts';
import { Ledger } from './ledger/ledger.ts';
import { readPrices } from './ledger/prices.ts';
import { UsageFile, usagePath } from './ledger/usage-file.ts';
import type { Log } from './log.ts';
import type { ProxyDependencies } from './proxy/proxy-dependencies.ts';
import { type BodyLimits, RequestBudget } from './request/budget.ts';
import { Decoding } from './request/decoding.ts';
import { createKeyer } from './request/keyer.ts';
import type { Rules } from './request/parsed-head.ts';
import type { ExchangeRules } from './rules.ts';
import { givenSecret, keepSecret, keptSecret } from './secret.ts';
import { adviceOn } from './store/sqlite-failure.ts';
import type { SqliteStore } from './store/sqlite.ts';
import { usesIn } from './store/use-counter.ts';
import { createStores, type FileEvents, type Stores } from './stores.ts';
import type { Failure } from './thread/failure.ts';
import { openReaders, type Readers } from './readers.ts';
import { Thread } from './thread/thread.ts';
import type { UpstreamNews } from './upstream/health.ts';
import { OfflineUpstream } from './upstream/offline-upstream.ts';
import { createUpstream, type Upstream } from './upstream/upstream.ts';

/** The parts that there are before any file is opened. */
type CoreParts = Omit<ProxyDependencies, keyof Readers | 'isStopping'>;

export interface Core extends CoreParts {
  /** The bounds of one request body, and what all of them share. */
  readonly limits: BodyLimits;
  readonly budget: RequestBudget;
  readonly stores: Stores;
  /** The requests to which nothing was recorded; none but with a cassette, or offline. */
  readonly unrecorded: Unrecorded;
  /** The others that this process shares with; null where it is alone, or not open. */
  readonly fleet: () => Fleet | null;
  /** True for each file, and the Redis, that may be asked and written; empty where nothing outlives the process. */
  readonly files: () => Readonly<Record<string, boolean>>;
  /**
   * Reads or makes the files; none is made or opened before.
   * @param isStopping tests whether new requests are turned away
   * @throws ConfigError where what is there is not ours, or open to others
   */
  open(isStopping: () => boolean): Promise<OpenCore>;
  /** Loads what a request needs. One that comes before waits for it. */
  prepare(): Promise<void>;
  /** Ends all upstream calls; legal any number of times. */
  abort(): Promise<void>;
  /** Writes what is not yet written. */
  close(): Promise<void>;
}

export interface OpenCore {
  /** How a cassette has requests named; null where there is none. */
  readonly exchanges: ExchangeRules | null;
  readonly proxy: ProxyDependencies;
  readonly rules: Rules;
  readonly secret: Buffer;
}

/** The parts of a core that several processes of one machine share. */
export interface SharedParts {
  /** Where they meet; absent where Redis is that place. */
  readonly hub: Hub | undefined;
  /** The parts that another process has; absent where it is this one. */
  readonly remote?: RemoteParts;
}

export interface RemoteParts {
  readonly file: SqliteStore;
  readonly ledger: Ledger;
  readonly callersFile: CallersOptions['file'];
  readonly secret: Buffer;
  readonly upstreams: UpstreamNews;
  /** How all of them call themselves in `Via`. */
  readonly pseudonym: string;
  readonly isFirstHint: IsFirst;
}

/** A file that takes longer to open than this opens while requests are served; until then it is a miss. */
const OPEN_MS = 5_000;

/** How much of the memory bound is for the names of requests seen before. */
const MEMO_SHARE = 1 / 16;

/**
 * @param origins where the settings got their values, to be named where there is trouble with them
 * @param given sends requests, unless none is ever sent; closed with the core; null for the usual one
 * @param shared parts that are not this process's alone
 * @param access is given each request once it is over
 */
export function createCore(
  config: Config,
  log: Log,
  clock: Clock,
  origins: readonly Origin[] = [],
  given: Upstream | null = null,
  shared?: SharedParts,
  access: AccessLog | null = null,
): Core {
  const { path } = config.store;
  const { hub, remote } = shared ?? {};
  const upstream = upstreamFor(config, log, clock, given, remote?.upstreams);
  const unrecorded = new Unrecorded();
  /** The secret where no setting gives it. */
  let kept: Buffer | undefined;
  let fleet: Fleet | null = null;
  /** Of both files. */
  const thread = new Thread();
  const memoryBytes = Math.floor(config.memory.bytes * (1 - MEMO_SHARE));
  const events: FileEvents = {
    onGone: (gone) => cache.removals.heed(gone),
    onReplaced: () => kept && keepSecret(path as string, kept, log),
  };
  const stores = createStores(config, memoryBytes, log, clock, thread, events, remote?.file);
  const { store } = stores;
  const usageFile = new UsageFile({ path: remote ? null : usagePath(path), clock, log, thread });
  const ledger = remote?.ledger ?? new Ledger({ usageFile, prices: readPrices(), log });
  const admission = new AdmissionControl(config.limits, clock);
  const cacheParts = { store, admission, ledger, clock, log };
  const cache = createCache(config, cacheParts);
  const callers = createCallers(config, log, clock, remote?.callersFile);
  const keyer = createKeyer(config.memory.bytes * MEMO_SHARE);
  const usesOf = usesIn(store, remote || config.redis ? clock : null);
  const hints = new Hints({ log, ignored: config.key.ignore, usesOf, isFirst: remote?.isFirstHint ?? null });
  const budget = new RequestBudget(config.limits.requestBytes);
  const limits = { accepted: config.maxRequestBytes, whole: Math.min(config.maxKeyedBytes, config.maxRequestBytes) };
  const decoding = new Decoding(limits, budget.whole, clock);
  const isStoreUp = () => stores.isFileRead() && (config.redis === null || fleet?.hub.state === 'up');
  const own = { access, clock, log };
  const parts: CoreParts = { ...cacheParts, access, cache, callers, decoding, hints, isStoreUp, keyer, upstream };
  return {
    ...parts,
    limits,
    budget,
    stores,
    files: () => ({
      ...(path !== null && { store: stores.isFileUp(), ledger: usageFile.state === 'up' }),
      ...(config.redis !== null && { redis: fleet?.hub.state === 'up' }),
    }),
    fleet: () => fleet,
    unrecorded,
    async open(isStopping) {
      const ownSecret = remote ? null : givenSecret(config, log);
      const refusals = await within(clock, OPEN_MS, Promise.all([stores.openFile(ownSecret), usageFile.open()]));
      const paths = [path, usagePath(path)];
      for (const [at, refusal] of refusals?.entries() ?? []) if (refusal) throw fileRefused(paths[at] ?? null, refusal);
      callers.open();
      const secret = remote?.secret ?? ownSecret ?? (kept = keptSecret(config, log));
      const { readers, ...read } = await openReaders(config, { ...own, secret, origins, stores, unrecorded, remote });
      const sharing = { config, secret, ledger: remote ? null : ledger, log };
      fleet = await joinFleet({ ...sharing, admission, cache, callers, stores, clock }, hub);
      return { ...read, secret, proxy: { ...parts, ...readers, isStopping } };
    },
    async prepare() {
      await upstream.prepare();
    },
    abort: () => upstream.close(),
    async close() {
      await ledger.close();
      await callers.close();
      await keyer.close();
      await store.close();
      await fleet?.close();
    },
  };
}

function upstreamFor(config: Config, log: Log, clock: Clock, given: Upstream | null, news?: UpstreamNews): Upstream {
  if (isOffline(config)) return new OfflineUpstream();
  return given ?? createUpstream({ timeouts: config.timeouts, proxy: config.proxy, log, clock, news });
}

/** Loads what that needs. Null where there is none. @param hub of one that is not met at Redis */
async function joinFleet(options: RedisFleetOptions, hub: Hub | undefined): Promise<Fleet | null> {
  if (hub) {
    const { Fleet } = await import('./fleet/fleet.ts');
    const { admission, cache, callers, stores, clock } = options;
    const shared = { store: null, catalogue: null };
    const fleet = new Fleet({ hub, admission, cache, callers, stores, shared, clock });
    await fleet.join();
    return fleet;
  }
  if (options.config.redis === null) return null;
  const { joinRedis } = await import('./fleet/redis-fleet.ts');
  return joinRedis(options);
}

type CacheParts = Pick<Core, 'store' | 'admission' | 'ledger'> & { readonly clock: Clock; readonly log: Log };

function createCache(config: Config, { ledger, ...parts }: CacheParts): Cache {
  const { maxEntryBytes, flight, cassette } = config;
  // A recording is worth its end, also where a test has seen enough.
  const onAbandon = cassette === null ? config.onAbandon : 'finish';
  return new Cache({
    ...parts,
    maxEntryBytes,
    onAbandon,
    takeoverAfter: flight.takeoverAfter,
    retention: retentionOf(config),
    keptHeaders: replayedHeaders,
    onDetachedCall({ endpoint, model, scope, tags }, call) {
      ledger.noteCall({ time: parts.clock.now(), endpoint, model: model ?? call.model ?? null, scope, tags, call });
    },
  });
}

function createCallers(config: Config, log: Log, clock: Clock, given?: CallersOptions['file']): Callers {
  const { path } = config.store;
  const file = given ?? (path === null ? null : new CallersFile({ path: callersPath(path), clock, log }));
  return new Callers({ recheck: config.auth.recheck, file, clock });
}

function fileRefused(path: string | null, failure: Failure): ConfigError {
  return new ConfigError(`${path} cannot be used: ${failure.message}; ${adviceOn(failure)}`);
}
