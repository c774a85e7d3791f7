/**
 * Entries in Redis that are thrown away by what they are, and not by key: they
 * are gone for this process at once, and deleted from Redis a slice at a time.
 *
 * Those alone that Redis had taken by then: each value bears the time at which
 * its server took it, and the server is asked for its time before it is
 * searched. So no clocks are compared.
 */
import type { Clock } from '../clock.ts';
import type { RedisNode } from '../redis/commands.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { ENTRIES, entryKey } from '../redis/keys.ts';
import type { Entry, PurgeMark } from '../response/entry.ts';
import { isPurgedBy } from './filter.ts';
import type { Gone } from './gone.ts';
import { add, NOTHING, type Totals } from './listing.ts';
import { scanServer } from './redis-scan.ts';
import { DELETE_VALUE } from './redis-scripts.ts';
import { labelled, type RedisRow } from './redis-value.ts';
import type { Sealing } from './sealing.ts';

/** All but a key, for which no search is needed. */
export type SweptGone = Exclude<Gone, { readonly key: string }>;

interface Sweep {
  readonly gone: SweptGone;
  /** The answer's id as it may be written there; empty where it is not about one. */
  readonly spellings: readonly string[];
  /** Entries with a later mark of this log came after. */
  readonly upTo: PurgeMark | undefined;
  /** The newest value that it can be about, by server. */
  readonly bounds: Map<RedisNode, number>;
  totals: Totals;
  /** Called with what was deleted, or nothing where Redis is out of reach; legal any number of times. */
  readonly settle: (totals: Totals | undefined) => void;
}

export interface SweepsOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  readonly sealing: Sealing;
}

/** How many may be under way or wait; of more, the oldest are left to those who judge what they read. */
const MAX_SWEEPS = 100;
const STEP_MS = 1_000;
const RETRY_MS = 5_000;

export class RedisSweeps {
  readonly #options: SweepsOptions;
  /** Those under way, and those that wait for them to be over, or for Redis. */
  readonly #sweeps = new Set<Sweep>();
  #isUnderWay = false;
  #cancelRetry: (() => void) | undefined;

  constructor(options: SweepsOptions) {
    this.#options = options;
    options.connection.onState(() => this.#run());
    options.connection.onBulkUp(() => this.#run());
  }

  /** Resolves with what was deleted; undefined where Redis is out of reach: it happens once it is back. */
  start(gone: SweptGone, upTo?: PurgeMark): Promise<Totals | undefined> {
    const { connection, sealing } = this.#options;
    const { promise, resolve: settle } = Promise.withResolvers<Totals | undefined>();
    const spellings = 'answerId' in gone ? sealing.spellings(gone.answerId) : [];
    const sweep: Sweep = { gone, spellings, upTo, bounds: new Map(), totals: NOTHING, settle };
    this.#sweeps.add(sweep);
    const [oldest] = this.#sweeps;
    if (this.#sweeps.size > MAX_SWEEPS && oldest) {
      this.#sweeps.delete(oldest);
      oldest.settle(undefined);
    }
    for (const server of connection.bulkServers() ?? []) void this.#bound(sweep, server);
    this.#run();
    return promise;
  }

  /** True for an entry of what is being thrown away. @param id of its value */
  has(entry: Entry, id: number): boolean {
    for (const { gone, upTo, bounds } of this.#sweeps) {
      if ((bounds.size > 0 && id > Math.max(...bounds.values())) || isLater(entry.purgeMark, upTo)) continue;
      if ('purge' in gone ? isPurgedBy(gone.purge, entry) : gone.answerId === entry.answerId) return true;
    }
    return false;
  }

  /** Searches for all of them at once, unless a search is under way. */
  #run(): void {
    if (!this.#isUnderWay && this.#sweeps.size > 0) void this.#runAll();
  }

  async #runAll(): Promise<void> {
    this.#isUnderWay = true;
    this.#cancelRetry?.();
    const sweeps = [...this.#sweeps];
    const isDone = await this.#sweepAll(sweeps);
    this.#isUnderWay = false;
    if (isDone) for (const sweep of sweeps) this.#sweeps.delete(sweep);
    else this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => this.#run());
    // Of those that came meanwhile nobody waits for a Redis that is out of reach.
    for (const sweep of isDone ? sweeps : [...sweeps, ...this.#sweeps]) sweep.settle(isDone ? sweep.totals : undefined);
    if (isDone) this.#run();
  }

  /** @returns false where a server is out of reach */
  async #sweepAll(sweeps: readonly Sweep[]): Promise<boolean> {
    const servers = this.#options.connection.bulkServers();
    if (servers === undefined) return false;
    await Promise.all(servers.flatMap((server) => sweeps.map((sweep) => this.#bound(sweep, server))));
    for (const sweep of sweeps) sweep.totals = NOTHING;
    for (const server of servers) {
      const isBound = sweeps.every(({ bounds }) => bounds.has(server));
      if (!isBound || !(await this.#sweepServer(server, sweeps))) return false;
    }
    return true;
  }

  /** Asked before anything else is sent to the server: what is set from here on bears a later time. */
  async #bound({ bounds }: Sweep, server: RedisNode): Promise<void> {
    if (bounds.has(server)) return;
    const reply = await server.ask('TIME', [], STEP_MS);
    const [seconds, rest] = Array.isArray(reply) ? reply.map(Number) : [];
    const time = Number(seconds) * 1_000_000 + Number(rest);
    // The first reply counts.
    if (Number.isSafeInteger(time) && !bounds.has(server)) bounds.set(server, time);
  }

  async #sweepServer(server: RedisNode, sweeps: readonly Sweep[]): Promise<boolean> {
    for await (const slice of scanServer(server, `${ENTRIES}*`)) {
      if (slice === undefined) return false;
      await Promise.all(slice.rows.map((row) => this.#sweepRow(server, sweeps, row)));
    }
    return true;
  }

  /** Deletes an entry that one of them is about. */
  async #sweepRow(server: RedisNode, sweeps: readonly Sweep[], row: RedisRow): Promise<void> {
    const { key, id, bytes } = row;
    const sweep = sweeps.find((each) => id <= (each.bounds.get(server) ?? 0) && fits(each, row));
    if (sweep === undefined) return;
    const deleted = await server.run(DELETE_VALUE, [entryKey(key)], [id], STEP_MS);
    if (deleted === 1) sweep.totals = add(sweep.totals, { entries: 1, bytes });
  }
}

function fits({ gone, spellings, upTo }: Sweep, row: RedisRow): boolean {
  if (isLater(row.purgeMark ?? undefined, upTo)) return false;
  return 'purge' in gone ? isPurgedBy(gone.purge, labelled(row)) : spellings.includes(row.answerId ?? '');
}

function isLater(mark: PurgeMark | undefined, upTo: PurgeMark | undefined): boolean {
  return mark !== undefined && upTo !== undefined && mark.log === upTo.log && mark.id > upTo.id;
}
