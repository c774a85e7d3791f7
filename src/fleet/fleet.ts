/**
 * The fleet that a process is part of: all that it shares with others, over
 * one hub, whichever that is. Joined before the first request.
 */
import type { AdmissionControl } from '../cache/admission-control.ts';
import type { Cache } from '../cache/cache.ts';
import type { Callers } from '../cache/callers.ts';
import { type Clock, within } from '../clock.ts';
import type { GoneNews } from '../store/gone.ts';
import type { FleetReading } from '../ledger/fleet-metrics.ts';
import type { TierReading } from '../ledger/metrics.ts';
import type { SharedTier } from '../store/tiers.ts';
import type { Books } from './books.ts';
import { CallersLog } from './callers-log.ts';
import type { Hub } from './hub.ts';
import { FleetLeases } from './leases.ts';
import { SharedPurgeLog } from './purge-log.ts';
import { ReplacedLog } from './replaced-log.ts';

export interface FleetOptions {
  readonly hub: Hub;
  readonly admission: AdmissionControl;
  readonly cache: Cache;
  readonly callers: Callers;
  /** The stores of this process. */
  readonly stores: FleetStores;
  /** The store that all processes write to, and the catalogue of it; nothing where they share the file below memory. */
  readonly shared: Omit<SharedTier, 'judge'>;
  /** The store that all share, as metrics show it; null where that is the file of this machine. */
  readonly tier?: SharedTierReading | null;
  /** Those of all nodes; null where this process keeps none. */
  readonly books?: Books | null;
  readonly clock: Clock;
}

export interface FleetStores {
  /** Takes in what all processes share. */
  share(shared: SharedTier): void;
  /** Drops what is gone from the stores of this process. */
  heed(gone: GoneNews): void;
  /** Drops all that is served without being judged. */
  heedAll(): void;
}

export interface SharedTierReading {
  readonly held: () => TierReading;
  readonly unshared: () => FleetReading['unshared'];
}

/** How long a start waits for the logs to be read; after that, what is not judged is a miss until they are. */
const START_MS = 1_000;

export class Fleet {
  readonly hub: Hub;
  readonly books: Books | null;
  readonly #tier: SharedTierReading | null;
  readonly #clock: Clock;
  readonly #purges: SharedPurgeLog;
  readonly #callers: CallersLog;
  readonly #replaced: ReplacedLog;
  readonly #leases: FleetLeases;

  constructor({ hub, admission, cache, callers, stores, shared, tier = null, books = null, clock }: FleetOptions) {
    const { removals } = cache;
    this.hub = hub;
    this.books = books;
    this.#tier = tier;
    this.#clock = clock;
    this.#purges = new SharedPurgeLog({
      hub,
      clock,
      isOfOneRun: shared.store === null,
      heed(gone) {
        removals.heed(gone);
        stores.heed(gone);
      },
      heedAll() {
        removals.heed({ purge: {} });
        stores.heedAll();
      },
    });
    this.#callers = new CallersLog({ hub, clock, heed: (caller, isRefused) => void callers.heed(caller, isRefused) });
    this.#replaced = new ReplacedLog({ hub, clock, drop: (key) => stores.heed({ key }) });
    stores.share({ ...shared, judge: this.#purges });
    removals.join(this.#purges, this.#replaced);
    callers.join(this.#callers);
    this.#leases = new FleetLeases({ hub, clock, admission, purges: this.#purges });
    cache.join(this.#leases);
  }

  /** Resolves once the logs have been read, or not in time. */
  async join(): Promise<void> {
    const logs = [this.#purges, this.#callers, this.#replaced];
    await within(this.#clock, START_MS, Promise.all(logs.map((log) => log.start())));
  }

  /** As metrics show it. */
  reading(): FleetReading {
    const { counts, live } = this.#leases;
    const { lost, ...claims } = counts;
    const unshared = this.#tier?.unshared() ?? { fenced: 0, refused: 0 };
    return { claims, lost, following: live.following, followed: live.followed, unshared };
  }

  /** The tiers that all share. */
  tiers(): readonly TierReading[] {
    return this.#tier ? [this.#tier.held()] : [];
  }

  /** Resolves once no other node follows an answer of this one. */
  unfollowed(): Promise<void> {
    return this.#leases.live.unfollowed();
  }

  async close(): Promise<void> {
    await this.books?.close();
    for (const log of [this.#purges, this.#callers, this.#replaced]) log.close();
    this.#leases.close();
    await this.hub.close();
  }
}
