/**
 * The disk tier: entries in one SQLite file, owned by a thread. This is the
 * main thread's side: it never blocks, never throws, and answers within a
 * budget. What is changed is written behind; until it is, `get` answers from
 * what waits.
 */
import { randomUUID } from 'node:crypto';
import type { Entry } from '../response/entry.ts';
import type { Failure } from '../thread/failure.ts';
import type { Catalogue, Kept, Likeness, TierSize } from './catalogue.ts';
import type { Purge } from './filter.ts';
import type { Gone } from './gone.ts';
import { unpackEntry } from './handed-over.ts';
import { add, type EntryRow, type EntryRows, type Listing, NOTHING, type Totals } from './listing.ts';
import type { CountSlice } from './sqlite-catalogue.ts';
import type { SqliteState } from './sqlite-health.ts';
import { type LinkAnswer, type LinkOptions, SqliteLink, type Untimed } from './sqlite-link.ts';
import { NAME } from './sqlite-rows.ts';
import type { SqliteService } from './sqlite-service.ts';
import { listInSlices } from './sqlite-slices.ts';
import type { EntryStore, Found, Tier } from './store.ts';

/** How long a lookup may take; past it, asking the upstream is the better bet. */
const LOOKUP_BUDGET_MS = 1_000;
/** How long a page may take; past it, it is as short as it is. */
const PAGE_BUDGET_MS = 1_000;
/** How long people wait for what is still to be written. */
const FLUSH_BUDGET_MS = 5_000;

export interface SqliteStore extends EntryStore, Required<Pick<Tier, 'use' | 'drop' | 'written'>>, Catalogue {
  /**
   * Resolves once the first attempt to open the file is over, well or not. Nothing is opened or made before this is
   * asked for.
   */
  readonly ready: Promise<void>;
  readonly state: SqliteState;
  /** Why the file is not to be used at all; null where it is, or only cannot be. */
  readonly refusal: Failure | null;
  /** As it was when the file last replied. */
  readonly held: TierSize;
  /** How many sets there was no room for while the file was slow or down. */
  readonly dropped: number;
}

export type SqliteStoreOptions = LinkOptions;

export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  return new DiskStore(options);
}

class DiskStore implements SqliteStore {
  readonly name = NAME;
  readonly #link: SqliteLink;
  readonly #options: SqliteStoreOptions;
  #dropped = 0;

  constructor(options: SqliteStoreOptions) {
    this.#link = new SqliteLink(options);
    this.#options = options;
  }

  get ready(): Promise<void> {
    return this.#link.ready;
  }

  get state(): SqliteState {
    return this.#link.health.state;
  }

  get refusal(): Failure | null {
    return this.#link.health.refusal;
  }

  get held(): TierSize {
    return this.#link.held;
  }

  get dropped(): number {
    return this.#dropped;
  }

  getSync(): undefined {
    return undefined;
  }

  async get(key: string): Promise<Found | undefined> {
    if (this.#link.isClosing) return undefined;
    const change = this.#link.buffer.find(key);
    if (change !== undefined || !this.#mayBeAsked()) return foundAs(change);
    const entry = await this.#link.askWithin(LOOKUP_BUDGET_MS, 'get', [key]);
    return entry && this.#current(key, entry);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const all = new Map<string, Found>();
    if (this.#link.isClosing) return all;
    const left: string[] = [];
    // Kept from now: the buffer lets go of what the file has taken meanwhile.
    const changes = new Map<string, Entry | 'deleted'>();
    for (const key of keys) {
      const change = this.#link.buffer.find(key);
      if (change === undefined) left.push(key);
      else changes.set(key, change);
    }
    const isAsked = left.length > 0 && this.#mayBeAsked();
    const read = isAsked ? await this.#link.askWithin(LOOKUP_BUDGET_MS, 'getMany', [left]) : undefined;
    for (const key of keys) {
      const entry = read?.get(key);
      const found = entry ? this.#current(key, entry) : foundAs(this.#link.buffer.find(key) ?? changes.get(key));
      if (found) all.set(key, found);
    }
    return all;
  }

  use(key: string, times: number): void {
    this.#link.change((buffer) => buffer.use(key, times));
  }

  set(key: string, entry: Entry): void {
    this.#link.change((buffer) => {
      if (entry.body.length > this.#options.maxBytes) buffer.delete(key);
      else if (!buffer.put(key, entry)) this.#dropped += 1;
    });
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  delete(key: string): void {
    this.#link.change((buffer) => buffer.delete(key));
  }

  deleteAnswer(answerId: string): void {
    this.#link.change((buffer) => buffer.deleteAnswer(answerId));
  }

  drop(gone: Gone): void {
    if ('key' in gone) this.delete(gone.key);
    else if ('answerId' in gone) this.deleteAnswer(gone.answerId);
    else void this.purge(gone.purge);
  }

  async purge(purge: Purge): Promise<Totals | undefined> {
    const token = randomUUID();
    let dropped = NOTHING;
    this.#link.change((buffer) => {
      dropped = buffer.purge({ token, purge });
    });
    if (this.#link.isClosing || !this.#link.health.mayBeWritten) return undefined;
    // Changes that wait are written first, or its rows would be counted once more.
    const isWritten = await this.#link.flush();
    const swept = isWritten ? await this.#link.sweep(token) : undefined;
    return swept && add(dropped, swept);
  }

  async written(): Promise<boolean> {
    if (this.#link.isClosing) return false;
    return (await this.#link.within(FLUSH_BUDGET_MS, this.#link.flush())) ?? false;
  }

  async list(listing: Listing): Promise<EntryRows | undefined> {
    const { clock } = this.#options;
    const until = clock.now() + PAGE_BUDGET_MS;
    const isLate = () => clock.now() >= until;
    return listInSlices((slice) => this.#browse('list', [slice]), listing, isLate);
  }

  async count(purge: Purge): Promise<Totals | undefined> {
    let totals = NOTHING;
    for (let after: number | null = 0; after !== null; ) {
      const slice: CountSlice | undefined = await this.#browse('count', [purge, after]);
      if (slice === undefined) return undefined;
      totals = add(totals, slice);
      after = slice.next;
    }
    return totals;
  }

  listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined> {
    return this.#browse('listByPrefix', [prefix, limit]);
  }

  async read(key: string): Promise<Entry | undefined> {
    const entry = await this.#browse('read', [key]);
    return entry && unpackEntry(entry);
  }

  findByPrefix(digits: string): Promise<Kept | undefined> {
    return this.#browse('findByPrefix', [digits]);
  }

  newest(like: Likeness, limit: number): Promise<readonly Kept[] | undefined> {
    return this.#browse('newest', [like, limit]);
  }

  /** The size of the file's entries after all changes so far, or as it was last reported. */
  async size(): Promise<Totals> {
    await this.#link.within(FLUSH_BUDGET_MS, this.#link.flushAndSweep());
    const { entries, bytes } = this.#link.held;
    return { entries, bytes };
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** True where a lookup is worth its time; a file that is down is tried again. */
  #mayBeAsked(): boolean {
    void this.#link.retry();
    return this.#link.health.mayBeRead;
  }

  /** An entry as it was read, unless it was changed meanwhile: what changed is newer than what the file said. */
  #current(key: string, read: Entry): Found | undefined {
    const { buffer } = this.#link;
    return foundAs(buffer.find(key) ?? (buffer.hasPendingDelete(read) ? undefined : unpackEntry(read)));
  }

  /** Asks the file once it has been sent all that was changed so far, or as much as it took in time. */
  async #browse<M extends keyof SqliteService>(method: M, parameters: Untimed<M>): Promise<LinkAnswer<M>> {
    await this.#link.within(LOOKUP_BUDGET_MS, this.#link.flush());
    const isUp = this.state === 'up' || this.state === 'stalled' || this.state === 'read-only';
    return isUp ? this.#link.within(FLUSH_BUDGET_MS, this.#link.ask(method, parameters)) : undefined;
  }
}

function foundAs(change: Entry | 'deleted' | undefined): Found | undefined {
  return change === undefined || change === 'deleted' ? undefined : { entry: change, tier: NAME };
}
