/**
 * The parent's store as a worker has it. Calls keep their order on the way, so
 * that a worker finds what it has set; without the parent nothing is found.
 */
import type { Entry } from '../response/entry.ts';
import type { Kept, Likeness, TierSize } from '../store/catalogue.ts';
import type { Purge } from '../store/filter.ts';
import type { Gone } from '../store/gone.ts';
import { type EntryRow, type EntryRows, type Listing, NOTHING, type Totals } from '../store/listing.ts';
import type { SqliteStore } from '../store/sqlite.ts';
import type { Fence, Found } from '../store/store.ts';
import type { Channel } from './channel.ts';
import type { ParentServices } from './parent-services.ts';
import { withOwnBody } from './shared-store.ts';

/** The most that may wait on its way to the parent, in bytes; an answer beyond it is not kept. */
const MAX_BACKLOG = 64 * 1024 * 1024;

export class RemoteStore implements SqliteStore {
  readonly name: string;
  readonly ready = Promise.resolve();
  readonly refusal = null;
  /** The parent counts what there is. */
  readonly held: TierSize = { ...NOTHING, evictions: 0 };
  readonly #channel: Channel<ParentServices>;
  readonly #isFenced: boolean;
  #dropped = 0;
  #isClosed = false;

  /** @param isFenced true where the leases are those of the parent */
  constructor(name: string, channel: Channel<ParentServices>, isFenced: boolean) {
    this.name = name;
    this.#channel = channel;
    this.#isFenced = isFenced;
  }

  get state(): SqliteStore['state'] {
    return this.#channel.isOpen ? 'up' : 'down';
  }

  get dropped(): number {
    return this.#dropped;
  }

  getSync(): undefined {
    return undefined;
  }

  async get(key: string): Promise<Found | undefined> {
    const found = this.#isClosed ? undefined : await this.#channel.ask('store', 'get', key);
    return found && arrived(found);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    if (this.#isClosed) return new Map();
    const found = (await this.#channel.ask('store', 'getMany', keys)) ?? new Map<string, Found>();
    return new Map(Array.from(found, ([key, one]) => [key, arrived(one)]));
  }

  use(key: string, times: number): void {
    this.#channel.tellLater('store', 'use', key, times);
  }

  set(key: string, entry: Entry, fence?: Fence): void {
    if (this.#isClosed) return;
    if (this.#channel.backlog < MAX_BACKLOG) {
      this.#channel.tellLater('store', 'set', key, entry, this.#isFenced ? fence : undefined);
      return;
    }
    this.#dropped++;
    this.delete(key);
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  delete(key: string): void {
    this.#channel.tell('store', 'delete', key);
  }

  deleteAnswer(answerId: string): void {
    this.#channel.tell('store', 'deleteAnswer', answerId);
  }

  drop(gone: Gone): void {
    if ('key' in gone) this.delete(gone.key);
    else if ('answerId' in gone) this.deleteAnswer(gone.answerId);
    else this.#channel.tell('store', 'purge', gone.purge);
  }

  purge(purge: Purge): Promise<Totals | undefined> {
    return this.#channel.ask('store', 'purge', purge);
  }

  async written(): Promise<boolean> {
    return (await this.#channel.ask('store', 'written')) ?? false;
  }

  list(listing: Listing): Promise<EntryRows | undefined> {
    return this.#channel.ask('store', 'list', listing);
  }

  count(purge: Purge): Promise<Totals | undefined> {
    return this.#channel.ask('store', 'count', purge);
  }

  listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined> {
    return this.#channel.ask('store', 'listByPrefix', prefix, limit);
  }

  async read(key: string): Promise<Entry | undefined> {
    const entry = await this.#channel.ask('store', 'read', key);
    return entry && withOwnBody(entry);
  }

  findByPrefix(digits: string): Promise<Kept | undefined> {
    return this.#channel.ask('store', 'findByPrefix', digits);
  }

  newest(like: Likeness, limit: number): Promise<readonly Kept[] | undefined> {
    return this.#channel.ask('store', 'newest', like, limit);
  }

  async size(): Promise<Totals> {
    return (await this.#channel.ask('store', 'size')) ?? NOTHING;
  }

  /** All that was set is durable once the parent has it: it outlives this process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#channel.flushed();
  }
}

function arrived({ entry, tier }: Found): Found {
  return { entry: withOwnBody(entry), tier };
}
