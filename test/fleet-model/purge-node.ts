/**
 * A process of a fleet as far as purges know it: real tiers, removals and
 * logs, over a simulated hub and stores. What it fetches says when the upstream
 * said it.
 */
import { AdmissionControl } from '../../src/cache/admission-control.ts';
import type { Cache } from '../../src/cache/cache.ts';
import { Callers } from '../../src/cache/callers.ts';
import { DeletedResponses } from '../../src/cache/deleted-responses.ts';
import type { Flights } from '../../src/cache/flights.ts';
import { Removals } from '../../src/cache/removals.ts';
import type { Clock } from '../../src/clock.ts';
import { Fleet, type FleetStores } from '../../src/fleet/fleet.ts';
import type { Hub, LogName, SharedLog } from '../../src/fleet/hub.ts';
import type { Entry, PurgeMark } from '../../src/response/entry.ts';
import type { Catalogue } from '../../src/store/catalogue.ts';
import { type Gone, isGone } from '../../src/store/gone.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory.ts';
import type { Tier } from '../../src/store/store.ts';
import { createTiers, type SharedTier, type Tiers } from '../../src/store/tiers.ts';
import { entryOf } from '../store/entries.ts';
import type { HubServer, SimulatedHub } from './simulated-hub.ts';

/** A rule that is broken on purpose, to see that the model notices. */
export type Flaw = 'none' | 'no-judge' | 'no-heed' | 'no-fence' | 'any-record' | 'no-backlog' | 'forgets-own';

export interface PurgeNodeOptions {
  readonly name: string;
  readonly server: HubServer;
  /** The entries that all nodes share, beside the hub. */
  readonly shared: Map<string, Entry>;
  readonly clock: Clock;
  readonly flaw: Flaw;
}

/** An answer on its way. */
interface ModelFlight {
  readonly key: string;
  readonly mark: PurgeMark | undefined;
  isFenced: boolean;
}

export class PurgeNode {
  readonly name: string;
  readonly #options: PurgeNodeOptions;
  /** It outlives the process. */
  readonly #file = createMemoryStore({ maxBytes: 1e9 });
  readonly #flights = new Set<ModelFlight>();
  #runs = 0;
  #hub!: SimulatedHub;
  #fleet!: Fleet;
  #tiers!: Tiers;
  #removals!: Removals;

  constructor(options: PurgeNodeOptions) {
    this.name = options.name;
    this.#options = options;
    this.start();
  }

  /** Of the network's names for it. */
  get hubName(): string {
    return this.#hub.node;
  }

  start(): void {
    const { server, clock, flaw } = this.#options;
    this.#hub = server.connect(`${this.name}${++this.#runs}`);
    this.#flights.clear();
    const memory = createMemoryStore({ maxBytes: 1e9 });
    const file = slow(this.#file);
    this.#tiers = createTiers({ stores: [memory, file], catalogue: file, fallback: memory, clock });
    this.#removals = new Removals({
      store: this.#tiers,
      clock,
      flights: this.#flightsAsTable() as unknown as Flights,
      deletedResponses: new DeletedResponses(),
    });
    const stores: FleetStores = {
      share: (shared) => this.#tiers.share(flawedStores(shared, flaw)),
      heed: (gone) => void (flaw === 'no-heed' || this.#tiers.heed(gone)),
      heedAll: () => void (flaw === 'no-backlog' || this.#tiers.heed({ purge: {} }, file)),
    };
    this.#fleet = new Fleet({
      hub: flawedHub(this.#hub, flaw),
      admission: new AdmissionControl({ flights: 10, listeners: 10, bytes: 1_000 }, clock),
      cache: { removals: this.#removals, join() {} } as unknown as Cache,
      callers: new Callers({ recheck: null, file: null, clock }),
      stores,
      shared: { store: this.#sharedTier(), catalogue: null },
      clock,
    });
    void this.#fleet.join();
  }

  async stop(): Promise<void> {
    await this.#fleet.close();
  }

  /** @param delay ms until the upstream says it, and again until it has been said */
  fetch(key: string, delay: () => number): void {
    const { clock, flaw } = this.#options;
    const [removals, tiers] = [this.#removals, this.#tiers];
    const flight: ModelFlight = { key, mark: removals.mark, isFenced: false };
    this.#flights.add(flight);
    clock.after(delay(), () => {
      const said = String(clock.now());
      clock.after(delay(), () => {
        const { mark } = flight;
        const isFenced = flight.isFenced && flaw !== 'no-fence';
        if (!this.#flights.delete(flight) || isFenced) return;
        tiers.set(key, entryOf(said, { ...labelOf(key), ...(mark && { purgeMark: mark }) }));
      });
    });
  }

  /** @returns when the upstream said what is kept; undefined where nothing is */
  async read(key: string): Promise<number | undefined> {
    const found = this.#tiers.getSync(key) ?? (await this.#tiers.getSlow(key));
    return found && Number(found.entry.body.toString());
  }

  /** @returns whether it was told that all heed it */
  async purge(gone: Gone): Promise<boolean> {
    try {
      if ('key' in gone) await this.#removals.purge(gone.key);
      else if ('purge' in gone) await this.#removals.purgeAll(gone.purge);
      return true;
    } catch {
      return false;
    }
  }

  #flightsAsTable() {
    const fitting = (gone: Gone) =>
      [...this.#flights]
        .filter(({ key }) => isGone(gone, key, entryOf('', labelOf(key))))
        .map((flight) => ({ fence: () => void (flight.isFenced = true) }));
    return {
      to: (key: string) => fitting({ key }),
      purgedBy: (purge: object) => fitting({ purge }),
      fitting: (purge: object) => fitting({ purge }),
      forgetEntries() {},
      forgetSource() {},
    };
  }

  #sharedTier(): Tier {
    const { shared } = this.#options;
    const hub = this.#hub;
    return {
      name: 'shared',
      isSync: false,
      getSync: () => undefined,
      async get(key) {
        const entry = await hub.ask(() => shared.get(key) ?? 'none');
        return entry === null || entry === 'none' ? undefined : { entry, tier: 'shared' };
      },
      getMany: async () => new Map(),
      set(key, entry, fence) {
        hub.post(() => void ((fence?.token === '' && shared.has(key)) || shared.set(key, entry)));
      },
      setMany() {},
      delete: (key) => hub.post(() => void shared.delete(key)),
      async close() {},
    };
  }
}

/** Half of all keys are tagged. */
export function labelOf(key: string): Pick<Entry, 'request'> {
  const tags = key.endsWith('t') ? ['tag'] : [];
  return { request: { endpoint: 'chat', model: 'm', scope: 'shared:all', tags, parts: null } };
}

function slow(store: MemoryStore): Tier & Catalogue {
  const getSync = store.getSync.bind(store);
  return {
    ...bound(store),
    name: 'file',
    isSync: false,
    getSync: () => undefined,
    get: async (key) => getSync(key),
    close: async () => {},
  };
}

function bound(store: MemoryStore): Tier & Catalogue {
  const of = <N extends keyof MemoryStore>(name: N) => (store[name] as () => unknown).bind(store) as MemoryStore[N];
  const names = ['getMany', 'set', 'setMany', 'delete', 'drop', 'purge', 'deleteAnswer', 'written'] as const;
  return Object.fromEntries(names.map((name) => [name, of(name)])) as unknown as Tier & Catalogue;
}

function flawedStores(shared: SharedTier, flaw: Flaw): SharedTier {
  return flaw === 'no-judge' ? { ...shared, judge: { judge: () => 'kept', catchUp: async () => {} } } : shared;
}

function flawedHub(hub: SimulatedHub, flaw: Flaw): Hub {
  if (flaw !== 'forgets-own' && flaw !== 'any-record') return hub;
  const flawedLog = (log: SharedLog): SharedLog => ({
    ...log,
    // Says of every purge that it was logged.
    append: async (text) => (await log.append(text)) ?? (flaw === 'forgets-own' ? 1 : null),
    // Has all records go by one name, so that a mark counts whichever has its number now.
    async read(after, limit) {
      const slice = await log.read(after, limit);
      if (slice === null || flaw !== 'any-record') return slice;
      const records = slice.records.map(({ id, text }) => ({
        id,
        text: text.replace(/"record":"[^"]*"/, '"record":"-"'),
      }));
      return { ...slice, records };
    },
  });
  return new Proxy(hub, {
    get(target, name) {
      if (name === 'log') return (log: LogName) => flawedLog(target.log(log));
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
