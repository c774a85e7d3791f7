/**
 * The disk tier: entries in one SQLite file, owned by a thread of its own.
 * This is the main thread's side: it never blocks, never throws, and answers
 * within a budget. What is changed is written behind; until it is, `get`
 * answers from what waits.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Entry } from '../response/entry.ts';
import type { Purge } from './filter.ts';
import type { Listing, EntryRows, EntryRow, Totals } from './listing.ts';
import type { FileFailure } from './sqlite-failure.ts';
import type { SqliteState } from './sqlite-health.ts';
import { type LinkOptions, SqliteLink } from './sqlite-link.ts';
import { type SqliteAnswers, type SqliteCall, unpackEntry } from './sqlite-message.ts';
import { countInSlices, listInSlices } from './sqlite-slices.ts';
import type { Found, Kept, Likeness, Store, StoreSize, TierSize } from './store.ts';

/** How long a lookup may take; past it, asking the upstream is the better bet. */
const LOOKUP_BUDGET_MS = 1_000;
/** How long a page may take; past it, it is as short as it is. */
const PAGE_BUDGET_MS = 1_000;
/** How long people wait for what is still to be written. */
const FLUSH_BUDGET_MS = 5_000;

export interface SqliteStore extends Store {
  /**
   * Resolves once the first attempt to open the file is over, well or not. Nothing is opened or made before this is
   * asked for.
   */
  readonly ready: Promise<void>;
  readonly state: SqliteState;
  /** Why the file is not to be used at all; null where it is, or only cannot be. */
  readonly refusal: FileFailure | null;
  /** As it was when the file was last heard of. */
  readonly held: TierSize;
  /** How many sets there was no room for while the file was slow or down. */
  readonly dropped: number;
}

export type SqliteStoreOptions = LinkOptions;

export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  return new DiskStore(options);
}

/** A question without the time at which it is asked. */
type UndatedCall = SqliteCall extends infer C ? (C extends { now: number } ? Omit<C, 'now'> : never) : never;

class DiskStore implements SqliteStore {
  readonly #link: SqliteLink;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  #dropped = 0;

  constructor(options: SqliteStoreOptions) {
    this.#link = new SqliteLink(options);
    this.#clock = options.clock;
    this.#maxBytes = options.maxBytes;
  }

  get ready(): Promise<void> {
    return this.#link.ready;
  }

  get state(): SqliteState {
    return this.#link.state;
  }

  get refusal(): FileFailure | null {
    return this.#link.health.refusal;
  }

  get held(): TierSize {
    return this.#link.held;
  }

  get dropped(): number {
    return this.#dropped;
  }

  has(): boolean {
    return false;
  }

  getSync(): undefined {
    return undefined;
  }

  surelyAbsent(key: string): boolean {
    const change = this.#link.buffer.find(key);
    return change === undefined ? this.state === 'up' && this.#link.keys.lacks(key) : change === 'deleted';
  }

  async get(key: string): Promise<Found | undefined> {
    if (this.#link.isClosing) return undefined;
    const entry = this.#link.buffer.find(key) ?? (await this.#lookUp(key));
    return entry === undefined || entry === 'deleted' ? undefined : { entry, tier: 'sqlite' };
  }

  use(key: string, times = 1): void {
    this.#link.change((buffer) => buffer.use(key, times));
  }

  set(key: string, entry: Entry): void {
    this.#link.change((buffer) => {
      if (entry.body.length > this.#maxBytes) buffer.delete(key);
      else if (!buffer.put(key, entry)) this.#dropped += 1;
    });
  }

  delete(key: string): void {
    this.#link.change((buffer) => buffer.delete(key));
  }

  deleteAnswer(answerId: string): void {
    this.#link.change((buffer) => buffer.deleteAnswer(answerId));
  }

  async purge(purge: Purge): Promise<Totals | undefined> {
    const token = randomUUID();
    let dropped: Totals | undefined;
    this.#link.change((buffer) => {
      dropped = buffer.purge({ token, purge });
    });
    if (dropped === undefined || !this.#link.health.mayBeWritten) return undefined;
    const swept = this.#link.sweeps.expect(token, dropped);
    // What waited is written first, or the sweep would count its rows once more.
    await this.#link.writeWaiting();
    void this.#link.sweeps.run();
    return swept;
  }

  /** Tests whether all that was changed so far is on disk. */
  async written(): Promise<boolean> {
    if (this.#link.isClosing) return false;
    return (await this.#link.within(FLUSH_BUDGET_MS, this.#link.writeWaiting())) ?? false;
  }

  async list(listing: Listing): Promise<EntryRows | undefined> {
    const until = this.#clock.now() + PAGE_BUDGET_MS;
    if (!(await this.#isCurrent())) return undefined;
    return listInSlices(
      (slice) => this.#tell({ act: 'list', listing: slice }),
      listing,
      () => this.#clock.now() >= until,
    );
  }

  async count(purge: Purge): Promise<Totals | undefined> {
    if (!(await this.#isCurrent())) return undefined;
    return countInSlices((after) => this.#tell({ act: 'count', purge, after }));
  }

  async listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined> {
    return (await this.#isCurrent()) ? this.#tell({ act: 'listByPrefix', prefix, limit }) : undefined;
  }

  async read(key: string): Promise<Entry | undefined> {
    const entry = (await this.#isCurrent()) ? await this.#tell({ act: 'read', key }) : undefined;
    return entry && unpackEntry(entry);
  }

  async findByPrefix(digits: string): Promise<Kept | undefined> {
    return (await this.#isCurrent()) ? this.#tell({ act: 'findByPrefix', digits }) : undefined;
  }

  async newest(like: Likeness, limit: number): Promise<readonly Kept[]> {
    const kept = (await this.#isCurrent()) ? await this.#tell({ act: 'newest', like, limit }) : undefined;
    return kept ?? [];
  }

  /** What the file holds after all changes so far, or held when it was last heard of. */
  async size(): Promise<StoreSize> {
    await this.#link.within(FLUSH_BUDGET_MS, this.#link.settle());
    return this.#link.size;
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #lookUp(key: string): Promise<Entry | 'deleted' | undefined> {
    void this.#link.retry();
    if (!this.#link.health.mayBeRead) return undefined;
    const entry = await this.#link.askWithin(LOOKUP_BUDGET_MS, { act: 'get', key, now: this.#clock.now() });
    if (entry === undefined) return undefined;
    // What changed while the file was read is newer than what it said.
    return this.#link.buffer.find(key) ?? (this.#link.buffer.hasPendingDelete(entry) ? undefined : unpackEntry(entry));
  }

  /** Whether the file can be asked, and has been told all that was changed so far, or as much as it took in time. */
  async #isCurrent(): Promise<boolean> {
    await this.#link.within(LOOKUP_BUDGET_MS, this.#link.flush());
    return this.state === 'up' || this.state === 'stalled' || this.state === 'read-only';
  }

  #tell<Q extends UndatedCall>(question: Q): Promise<SqliteAnswers[Q['act']] | undefined> {
    const call = { ...question, now: this.#clock.now() } as unknown as Extract<SqliteCall, { act: Q['act'] }>;
    return this.#link.within(FLUSH_BUDGET_MS, this.#link.ask(call)) as Promise<SqliteAnswers[Q['act']] | undefined>;
  }
}
