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
  /** Entries with a later mark of this log came after. */
  readonly upTo: PurgeMark | undefined;
  /** The newest value that it can be about, by server. */
  readonly bounds: Map<RedisNode, number>;
  isUnderWay: boolean;
}

export interface SweepsOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  readonly sealing: Sealing;
}

/** How many may be under way, or wait for Redis; of more, the oldest are left to those who judge what they read. */
const MAX_SWEEPS = 100;
const STEP_MS = 1_000;
const RETRY_MS = 5_000;

export class RedisSweeps {
  readonly #options: SweepsOptions;
  readonly #sweeps = new Set<Sweep>();

  constructor(options: SweepsOptions) {
    this.#options = options;
    options.connection.onState(() => this.#runAll());
    options.connection.onBulkUp(() => this.#runAll());
  }

  /** Resolves with what was deleted; undefined where Redis is out of reach: it happens once it is back. */
  start(gone: SweptGone, upTo?: PurgeMark): Promise<Totals | undefined> {
    const sweep: Sweep = { gone, upTo, bounds: new Map(), isUnderWay: false };
    this.#sweeps.add(sweep);
    const [oldest] = this.#sweeps;
    if (this.#sweeps.size > MAX_SWEEPS && oldest) this.#sweeps.delete(oldest);
    return this.#run(sweep);
  }

  /** True for an entry of what is being thrown away. @param id of its value */
  has(entry: Entry, id: number): boolean {
    for (const { gone, upTo, bounds } of this.#sweeps) {
      if ((bounds.size > 0 && id > Math.max(...bounds.values())) || isLater(entry.purgeMark, upTo)) continue;
      if ('purge' in gone ? isPurgedBy(gone.purge, entry) : gone.answerId === entry.answerId) return true;
    }
    return false;
  }

  /** Those that had no success yet. */
  #runAll(): void {
    for (const sweep of this.#sweeps) if (!sweep.isUnderWay) void this.#run(sweep);
  }

  async #run(sweep: Sweep): Promise<Totals | undefined> {
    sweep.isUnderWay = true;
    const totals = await this.#sweepAll(sweep);
    sweep.isUnderWay = false;
    if (totals !== undefined) this.#sweeps.delete(sweep);
    else this.#options.clock.after(RETRY_MS, () => this.#runAll());
    return totals;
  }

  async #sweepAll(sweep: Sweep): Promise<Totals | undefined> {
    const servers = this.#options.connection.bulkServers();
    if (servers === undefined) return undefined;
    await Promise.all(servers.map((server) => this.#bound(sweep, server)));
    let totals = NOTHING;
    for (const server of servers) {
      const bound = sweep.bounds.get(server);
      const swept = bound === undefined ? undefined : await this.#sweepServer(server, sweep, bound);
      if (swept === undefined) return undefined;
      totals = add(totals, swept);
    }
    return totals;
  }

  /** Asked before anything else is sent to the server: what is set from here on bears a later time. */
  async #bound({ bounds }: Sweep, server: RedisNode): Promise<void> {
    if (bounds.has(server)) return;
    const reply = await server.ask('TIME', [], STEP_MS);
    const [seconds, rest] = Array.isArray(reply) ? reply.map(Number) : [];
    const time = Number(seconds) * 1_000_000 + Number(rest);
    if (Number.isSafeInteger(time)) bounds.set(server, time);
  }

  async #sweepServer(server: RedisNode, sweep: Sweep, bound: number): Promise<Totals | undefined> {
    let totals = NOTHING;
    for await (const slice of scanServer(server, `${ENTRIES}*`)) {
      if (slice === undefined) return undefined;
      const fitting = slice.rows.filter((row) => row.id <= bound && this.#fits(sweep, row));
      const deleted = await Promise.all(
        fitting.map(({ key, id }) => server.run(DELETE_VALUE, [entryKey(key)], [id], STEP_MS)),
      );
      for (const [index, { bytes }] of fitting.entries())
        if (deleted[index] === 1) totals = add(totals, { entries: 1, bytes });
    }
    return totals;
  }

  #fits({ gone, upTo }: Sweep, row: RedisRow): boolean {
    if (isLater(row.purgeMark ?? undefined, upTo)) return false;
    if ('answerId' in gone) return this.#options.sealing.spellings(gone.answerId).includes(row.answerId ?? '');
    return isPurgedBy(gone.purge, labelled(row));
  }
}

function isLater(mark: PurgeMark | undefined, upTo: PurgeMark | undefined): boolean {
  return mark !== undefined && upTo !== undefined && mark.log === upTo.log && mark.id > upTo.id;
}
