/**
 * The crew of a proxy: several processes that answer its requests, while the
 * proxy itself keeps the files and the admin API.
 */
import type { Config } from './config/config.ts';
import type { Core, OpenCore } from './core.ts';
import type { Listener } from './http/listeners.ts';
import type { Hint } from './ledger/hint-list.ts';
import type { TierReading } from './ledger/metrics.ts';
import type { Catalogue, TierSize } from './store/catalogue.ts';
import type { LruInfo } from './store/memory.ts';

export interface Crew {
  /** Accepts for all of them; closed once they have ended. */
  readonly api: Listener;
  /** The settings of the proxy's own part. */
  readonly config: Config;
  /** How they were when they were last looked at. */
  readonly state: CrewState;
  /** Resolves once all answer requests, over what the proxy has opened. */
  start(core: Core, opened: OpenCore): Promise<void>;
  look(): Promise<void>;
  /** Ends all upstream calls. */
  abort(): void;
  /** The tiers of the proxy, and beside them the memory of its crew. */
  tiersBeside(tiers: readonly TierReading[]): readonly TierReading[];
  /** A catalogue whose rows name the memory of the crew, where that has an entry. */
  catalogueOver(catalogue: Catalogue): Catalogue;
}

/** Sums over all processes; of lateness the worst. */
export interface CrewState {
  readonly flights: number;
  readonly listeners: number;
  /** The bytes that answers on their way hold. */
  readonly bytes: number;
  readonly memory: TierSize;
  readonly lru: LruInfo;
  readonly hints: readonly Hint[];
  /** How late event loops were since the last look, in seconds by quantile. */
  readonly delays: Readonly<Record<string, number>>;
}
