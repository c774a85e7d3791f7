/**
 * The tier that processes on several machines share: entries in Redis, one
 * value under each key. A lookup that Redis does not answer in time is a miss;
 * what is changed is written behind, and until it is, `get` answers from what
 * waits.
 */
import { type Clock, within } from '../clock.ts';
import type { RedisNode } from '../redis/commands.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { entryKey } from '../redis/keys.ts';
import type { Entry, PurgeMark } from '../response/entry.ts';
import type { Catalogue, Kept, Likeness } from './catalogue.ts';
import type { Purge } from './filter.ts';
import type { Gone } from './gone.ts';
import { add, type EntryRow, type EntryRows, type Listing, type Totals } from './listing.ts';
import { RedisCatalogue } from './redis-catalogue.ts';
import { USE } from './redis-scripts.ts';
import { RedisSize, type RedisSizeReading } from './redis-size.ts';
import { RedisSweeps } from './redis-sweeps.ts';
import { decodeValue, NAME } from './redis-value.ts';
import { RedisWrites } from './redis-writes.ts';
import { Sealing } from './sealing.ts';
import type { EntryStore, Fence, Found, Tier } from './store.ts';
import { weigh } from './weight.ts';

export interface RedisStore extends EntryStore, Required<Pick<Tier, 'use' | 'drop' | 'written'>>, Catalogue {
  /** How many sets there was no room for while Redis was slow or gone, or that it refused. */
  readonly dropped: number;
  /** How many sets came too late: another lease held by then, and an entry was there. */
  readonly fenced: number;
  /** As its servers last said, of all that they hold. */
  readonly held: RedisSizeReading;
}

export interface RedisStoreOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  /** How long expired entries are retained, in seconds; 0 if not given. */
  readonly retention?: number;
  /** By which entries are sealed, and read where they are; nothing is if not given. */
  readonly sealing?: Sealing;
}

/** How long whoever closes the store, or wants to know what is kept, waits for what is still to be written. */
const FLUSH_MS = 5_000;
/** Nobody waits for a use to be counted. */
const USE_MS = 1_000;
/** How long people wait for an entry. */
const READ_MS = 1_000;

export function createRedisStore(options: RedisStoreOptions): RedisStore {
  return new RedisTier(options);
}

class RedisTier implements RedisStore {
  readonly name = NAME;
  readonly #options: RedisStoreOptions;
  readonly #sealing: Sealing;
  readonly #writes: RedisWrites;
  readonly #sweeps: RedisSweeps;
  readonly #catalogue: RedisCatalogue;
  readonly #size: RedisSize;
  /** Lookups under way, by key; a change to a key makes what they find old. */
  readonly #lookups = new Map<string, Set<{ isOld: boolean }>>();
  #closing: Promise<void> | undefined;

  constructor(options: RedisStoreOptions) {
    const { connection, clock, retention = 0, sealing = new Sealing() } = options;
    this.#options = options;
    this.#sealing = sealing;
    // Once Redis is back it is swept up to then, and what waits is written after that.
    this.#sweeps = new RedisSweeps({ connection, clock, sealing });
    this.#writes = new RedisWrites({ connection, clock, retention, sealing });
    this.#size = new RedisSize(connection, clock);
    this.#catalogue = new RedisCatalogue({ connection, clock, read: (key) => this.read(key) });
  }

  get dropped(): number {
    return this.#writes.dropped;
  }

  get fenced(): number {
    return this.#writes.fenced;
  }

  get held(): RedisSizeReading {
    return this.#size.reading;
  }

  getSync(): undefined {
    return undefined;
  }

  async get(key: string): Promise<Found | undefined> {
    const entry = await this.#lookUp(key, this.#options.connection);
    return entry && { entry, tier: NAME };
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const found = await Promise.all(keys.map(async (key) => [key, await this.get(key)] as const));
    return new Map(found.filter((each): each is [string, Found] => each[1] !== undefined));
  }

  async read(key: string): Promise<Entry | undefined> {
    return this.#lookUp(key, this.#options.connection.bulk, READ_MS);
  }

  set(key: string, entry: Entry, fence?: Fence): void {
    if (this.#closing) return;
    this.#outdate(key);
    this.#writes.put(key, entry, fence);
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  delete(key: string): void {
    if (this.#closing) return;
    this.#outdate(key);
    this.#writes.delete(key);
  }

  use(key: string, times: number): void {
    if (!this.#closing) void this.#options.connection.bulk.run(USE, [entryKey(key)], [times], USE_MS);
  }

  drop(gone: Gone): void {
    if ('key' in gone) this.delete(gone.key);
    else if ('answerId' in gone) this.deleteAnswer(gone.answerId);
    else void this.purge(gone.purge);
  }

  deleteAnswer(answerId: string): void {
    this.#writes.forsake({ answerId });
    if (!this.#closing) void this.#sweeps.start({ answerId });
  }

  async purge(purge: Purge, upTo?: PurgeMark): Promise<Totals | undefined> {
    if (this.#closing) return undefined;
    const dropped = this.#writes.forsake({ purge });
    const swept = await this.#sweeps.start({ purge }, upTo);
    const totals = (sum: Totals, [key, entry]: readonly [string, Entry]) =>
      add(sum, { entries: 1, bytes: weigh(key, entry) });
    return swept && dropped.reduce(totals, swept);
  }

  written(): Promise<boolean> {
    return this.#closing ? Promise.resolve(false) : this.#flush();
  }

  list(listing: Listing): Promise<EntryRows | undefined> {
    return this.#catalogue.list(listing);
  }

  count(purge: Purge): Promise<Totals | undefined> {
    return this.#catalogue.count(purge);
  }

  listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined> {
    return this.#catalogue.listByPrefix(prefix, limit);
  }

  findByPrefix(digits: string): Promise<Kept | undefined> {
    return this.#catalogue.findByPrefix(digits);
  }

  newest(like: Likeness, limit: number): Promise<readonly Kept[] | undefined> {
    return this.#catalogue.newest(like, limit);
  }

  async size(): Promise<Totals> {
    await this.#flush();
    return this.#catalogue.size();
  }

  /** The connection stays: others use it. */
  close(): Promise<void> {
    this.#closing ??= this.#flush().then(() => this.#writes.close());
    return this.#closing;
  }

  async #flush(): Promise<boolean> {
    return (await within(this.#options.clock, FLUSH_MS, this.#writes.flush())) ?? false;
  }

  async #lookUp(key: string, node: RedisNode, ms?: number): Promise<Entry | undefined> {
    if (this.#closing) return undefined;
    const change = this.#writes.find(key);
    if (change !== undefined) return change === 'deleted' ? undefined : change;
    const lookup = this.#begin(key);
    const reply = await node.ask('GET', [entryKey(key)], ms);
    this.#end(key, lookup);
    if (lookup.isOld) return this.#lookUp(key, node, ms);
    const found = decodeValue(key, reply, this.#sealing);
    return found && !this.#sweeps.has(found.entry, found.id) ? found.entry : undefined;
  }

  #begin(key: string): { isOld: boolean } {
    const lookup = { isOld: false };
    const others = this.#lookups.get(key);
    if (others) others.add(lookup);
    else this.#lookups.set(key, new Set([lookup]));
    return lookup;
  }

  #end(key: string, lookup: { isOld: boolean }): void {
    const others = this.#lookups.get(key);
    others?.delete(lookup);
    if (others?.size === 0) this.#lookups.delete(key);
  }

  #outdate(key: string): void {
    for (const lookup of this.#lookups.get(key) ?? []) lookup.isOld = true;
  }
}
