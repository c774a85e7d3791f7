/**
 * The parent of several workers: it accepts connections for them, has the files,
 * the usage ledger and the admin API, and is the hub at which they meet.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Origin } from '../config/origin.ts';
import type { Core, OpenCore, SharedParts } from '../core.ts';
import type { Shown, WorkerGroup, WorkerGroupState } from '../workforce.ts';
import type { TierReading } from '../ledger/metrics.ts';
import type { Log } from '../log.ts';
import type { Catalogue } from '../store/catalogue.ts';
import type { EntryRow } from '../store/listing.ts';
import { HeldEntry } from '../store/held-entry.ts';
import type { Renewed } from '../reloading.ts';
import { UpstreamLog } from '../upstream/upstream-log.ts';
import { ApiGate } from './api-gate.ts';
import { createHubService, type HubService } from './hub-service.ts';
import { NodeHub } from './node-hub.ts';
import { ParentHub } from './parent-hub.ts';
import type { ParentServices } from './parent-services.ts';
import { Pool } from './pool.ts';
import { NO_REPORT } from './report.ts';
import { parentsShareOf, shareOf } from './share.ts';
import { SharedStore } from './shared-store.ts';
import { WorkerProcess, type WorkerProcessOptions } from './worker-process.ts';

/** Clients choose the names of headers. */
const MOST_HINTS = 1_000;

export interface ParentOptions {
  /** How many workers. */
  readonly count: number;
  readonly config: Config;
  readonly origins: readonly Origin[];
  readonly log: Log;
  readonly clock: Clock;
}

export class Parent implements WorkerGroup {
  readonly api: ApiGate;
  readonly config: Config;
  state: WorkerGroupState = NO_REPORT;
  readonly shared: SharedParts;
  readonly #count: number;
  #share: Config;
  readonly #memoryBytes: number;
  readonly #log: Log;
  #origins: readonly Origin[];
  readonly #hub: ParentHub;
  readonly #pool: Pool;
  readonly #upstreams: UpstreamLog;
  #core!: Core;
  #opened!: OpenCore;
  #shown!: Shown;
  #store!: SharedStore;
  /** Those that some worker has logged. */
  readonly #hints = new Set<string>();

  constructor({ count, config, origins, log, clock }: ParentOptions) {
    this.config = parentsShareOf(config);
    this.#count = count;
    this.#share = shareOf(config, count);
    this.#memoryBytes = this.#share.memory.bytes * count;
    this.#log = log;
    this.#origins = origins;
    this.#hub = new ParentHub(clock);
    this.#upstreams = new UpstreamLog(log, clock);
    this.shared = { hub: config.redis === null ? joinHere(this.#hub) : undefined };
    this.#pool = new Pool({ count, clock, log, start: (number, events) => this.#startWorker(number, events) });
    this.api = new ApiGate(this.#pool);
  }

  async start(core: Core, opened: OpenCore, shown: Shown): Promise<void> {
    this.#core = core;
    this.#opened = opened;
    this.#shown = shown;
    this.#store = new SharedStore(core.stores.base, this.#hub);
    core.stores.onGone((gone) => void this.#pool.gone(gone));
    // Their hub may be out of reach, other than one in this process.
    if (this.#share.redis !== null) core.cache.removals.joinBeside((gone) => this.#pool.gone(gone));
    // Nothing may outlive this process, however it ends.
    process.once('exit', () => this.#pool.kill());
    await this.#pool.start();
  }

  /** A worker that starts from here on is told the same. */
  async reload(renewed: Renewed): Promise<void> {
    const { config, origins, certificates } = renewed;
    this.#share = shareOf(config, this.#count);
    this.#origins = origins;
    this.#shown = { ...this.#shown, certificates };
    await this.#pool.reload({ ...renewed, config: this.#share });
  }

  get isReady(): boolean {
    return this.#pool.workers.some(({ isReady }) => isReady);
  }

  async look(): Promise<void> {
    this.state = await this.#pool.report();
  }

  abort(): void {
    this.#pool.abort();
  }

  tiersBeside(tiers: readonly TierReading[]): readonly TierReading[] {
    const tier = HeldEntry.TIER;
    const own = tiers.find((reading) => reading.tier === tier);
    const { entries, bytes, evictions } = this.state.memory;
    const memory = {
      tier,
      entries: entries + (own?.entries ?? 0),
      bytes: bytes + (own?.bytes ?? 0),
      evictions: evictions + (own?.evictions ?? 0),
      maxBytes: this.#memoryBytes + (own?.maxBytes ?? 0),
    };
    return [...(memory.maxBytes > 0 ? [memory] : []), ...tiers.filter((reading) => reading !== own)];
  }

  catalogueOver(catalogue: Catalogue): Catalogue {
    const inTiers = async (rows: readonly EntryRow[]) => {
      const held = await this.#pool.held(rows.map(({ key }) => key));
      return rows.map((row) => (held.has(row.key) ? { ...row, tier: HeldEntry.TIER } : row));
    };
    return {
      list: async (listing) => {
        const page = await catalogue.list(listing);
        return page && { ...page, rows: await inTiers(page.rows) };
      },
      listByPrefix: async (prefix, limit) => {
        const rows = await catalogue.listByPrefix(prefix, limit);
        return rows && inTiers(rows);
      },
      count: (purge) => catalogue.count(purge),
      read: (key) => catalogue.read(key),
      findByPrefix: (digits) => catalogue.findByPrefix(digits),
      newest: (like, limit) => catalogue.newest(like, limit),
      size: () => catalogue.size(),
      purge: (purge) => catalogue.purge(purge),
      deleteAnswer: (answerId) => catalogue.deleteAnswer(answerId),
    };
  }

  #startWorker(number: number, { onReady, onEnd }: Pick<WorkerProcessOptions, 'onReady' | 'onEnd'>): WorkerProcess {
    const node = `worker-${number}-${randomUUID()}`;
    const worker = new WorkerProcess({
      log: this.#log,
      services: this.#servicesFor(node),
      onReady,
      onEnd: (why) => {
        this.#hub.leave(node);
        onEnd(why);
      },
    });
    this.#hub.join(node, worker);
    worker.start({
      ...this.#shown,
      config: this.#share,
      origins: this.#origins,
      number,
      node,
      secret: this.#opened.secret,
      pseudonym: this.#opened.proxy.pseudonym as string,
      callers: this.#core.callers.known(),
      storeName: this.#core.stores.base.name,
    });
    return worker;
  }

  #servicesFor(node: string): Omit<ParentServices, 'pool'> {
    const { ledger } = this.#core;
    return {
      store: this.#store.service(),
      hub: createHubService(this.#hub, node),
      upstreams: this.#upstreams,
      ledger: {
        note({ requests, calls }) {
          for (const record of requests) ledger.note(record);
          for (const record of calls) ledger.noteCall(record);
        },
      },
      hints: { isFirst: (id) => this.#isFirst(id) },
    };
  }

  #isFirst(hint: string): boolean {
    if (this.#hints.has(hint) || this.#hints.size >= MOST_HINTS) return false;
    this.#hints.add(hint);
    return true;
  }
}

/** The parent's own way to its hub. */
function joinHere(hub: ParentHub): NodeHub {
  const node = `parent-${randomUUID()}`;
  const service = createHubService(hub, node);
  const own = new NodeHub(node, async (method, ...parameters) => {
    const call = service[method] as (...some: typeof parameters) => ReturnType<HubService[typeof method]>;
    return (await call(...parameters)) as never;
  });
  hub.join(node, own);
  return own;
}
