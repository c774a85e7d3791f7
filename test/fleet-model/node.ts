/**
 * One node of a modelled fleet: the cache, leases, following and the log of purges
 * as they are, over a hub and a store that are not.
 */
import { AdmissionControl, type Limits } from '../../src/cache/admission-control.ts';
import { Cache } from '../../src/cache/cache.ts';
import type { Clock } from '../../src/clock.ts';
import { FleetLeases, type FleetLeasesParts } from '../../src/fleet/leases.ts';
import { SharedPurgeLog } from '../../src/fleet/purge-log.ts';
import type { Log } from '../../src/log.ts';
import type { GoneNews } from '../../src/store/gone.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { OwnStore } from './own-store.ts';
import { SharedStore, type SharedEntries } from './shared-store.ts';
import type { HubServer, SimulatedHub } from './simulated-hub.ts';

export interface NodePlan {
  readonly name: string;
  readonly server: HubServer;
  readonly shared: SharedEntries;
  /** How far its clock is off, in ms. */
  readonly skew: number;
  readonly onAbandon: 'abort' | 'finish';
  /** True where it has a slow store of its own. */
  readonly hasFile: boolean;
  /** Breaks a rule of a node, to see that it is missed. */
  readonly sabotage?: Sabotage | undefined;
}

export interface Sabotage {
  /** Called before anything is built upon it. */
  readonly hub?: (hub: SimulatedHub) => void;
  readonly store?: (store: SharedStore) => void;
  /** Called once all is built. */
  readonly node?: (node: FleetNode) => void;
  readonly purges?: (purges: SharedPurgeLog) => FleetLeasesParts['purges'];
}

/** How long a call may be silent, in seconds, before another may start. */
export const TAKEOVER_AFTER = 20;

const BOUNDLESS: Limits = { flights: Infinity, listeners: Infinity, bytes: Infinity };
const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} } as unknown as Log;

export class FleetNode {
  readonly name: string;
  readonly hub: SimulatedHub;
  readonly cache: Cache;
  readonly admission: AdmissionControl;
  readonly purges: SharedPurgeLog;
  readonly leases: FleetLeases;
  readonly memory = createMemoryStore({ maxBytes: 1e6 });
  isDead = false;

  constructor({ name, server, shared, skew, onAbandon, hasFile, sabotage }: NodePlan) {
    this.name = name;
    const clock: Clock = {
      now: () => server.clock.now() + skew,
      after: (ms, act) => server.clock.after(ms, () => this.isDead || act()),
    };
    this.hub = server.connect(name, clock);
    sabotage?.hub?.(this.hub);
    this.admission = new AdmissionControl(BOUNDLESS, clock);
    const stores = hasFile ? [this.memory, new OwnStore(clock)] : [this.memory];
    const store = createTiers({ stores, catalogue: this.memory, clock });
    this.cache = new Cache({
      store,
      clock,
      log: LOG,
      admission: this.admission,
      maxEntryBytes: 1e6,
      onAbandon,
      takeoverAfter: TAKEOVER_AFTER,
      retention: 0,
      onDetachedCall: () => {},
      keptHeaders: (headers) => headers,
    });
    const heed = (gone: GoneNews) => {
      this.cache.removals.heed(gone);
      store.heed(gone);
    };
    this.purges = new SharedPurgeLog({ hub: this.hub, clock, heed, heedAll: () => heed({ purge: {} }) });
    const purges = sabotage?.purges?.(this.purges) ?? this.purges;
    this.leases = new FleetLeases({ hub: this.hub, clock, admission: this.admission, purges });
    this.cache.removals.join(this.purges, { append: () => {} });
    this.cache.join(this.leases);
    const sharedStore = new SharedStore(this.hub, shared);
    sabotage?.store?.(sharedStore);
    store.share({ store: sharedStore, catalogue: this.memory, judge: this.purges });
    sabotage?.node?.(this);
  }

  die(): void {
    this.isDead = true;
    this.hub.die();
  }

  /** The parts still in use, in words. */
  remains(): string[] {
    const { cache, admission, leases } = this;
    const counts = {
      'flights in the table': cache.flights,
      'keys in the air': cache.keysInTheAir().length,
      'calls counted': admission.flights,
      'listeners counted': admission.listeners,
      'bytes counted': admission.bytes,
      'answers followed': leases.live.following,
      'followers': leases.live.followed,
    };
    return Object.entries(counts)
      .filter(([, count]) => count !== 0)
      .map(([what, count]) => `${what} of ${this.name}: ${count}`);
  }
}
