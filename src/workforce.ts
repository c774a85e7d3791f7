/**
 * Worker processes as their proxy sees them, where it does not answer requests
 * itself.
 */
import type { Certificates } from './certificates.ts';
import type { Config } from './config/config.ts';
import type { Core, OpenCore, SharedParts } from './core.ts';
import type { Listener } from './http/listeners.ts';
import type { FleetReading } from './ledger/fleet-metrics.ts';
import type { Hint } from './ledger/hint-list.ts';
import type { TierReading } from './ledger/metrics.ts';
import type { Catalogue, TierSize } from './store/catalogue.ts';
import type { LruInfo } from './store/catalogue.ts';
import type { Renewed } from './reloading.ts';
import type { UpstreamReading } from './upstream/health.ts';

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
  start(core: Core, opened: OpenCore, shown: Shown): Promise<void>;
  /** Resolves once all have taken it over; one that cannot is replaced by one that has. */
  reload(renewed: Renewed): Promise<void>;
  look(): Promise<void>;
  /** Ends all upstream calls. */
  abort(): void;
  /** The tiers of the proxy, and beside them the memory of its workers. */
  tiersBeside(tiers: readonly TierReading[]): readonly TierReading[];
  /** A catalogue whose rows name the memory of the workers, where that has an entry. */
  catalogueOver(catalogue: Catalogue): Catalogue;
}

/** The things that workers show to whoever asks, beside answers. */
export interface Shown {
  /** Null for plain HTTP. */
  readonly certificates: Certificates | null;
  /** The URL of the admin API, where that is for this machine alone; else null. */
  readonly adminUrl: string | null;
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
