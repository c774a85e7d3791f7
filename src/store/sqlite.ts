/**
 * The disk tier: entries in one SQLite file, owned by a thread of its own.
 * This is the main thread's side: it never blocks, never throws, and answers
 * within a budget.
 *
 * Changes gather here and are written behind, one batch at a time. They stay
 * until the thread says that they happened, and while they do, `get` answers
 * from them. What the file cannot be told today it is told when it is back.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Entry } from '../response/entry.ts';
import { Changes } from './changes.ts';
import { SqliteHealth, type SqliteState } from './sqlite-health.ts';
import { type Answers, type Call, unpackEntry } from './sqlite-message.ts';
import { SqliteThread } from './sqlite-thread.ts';
import type { Found, Kept, Likeness, Store, StoreSize, TierSize } from './store.ts';

/** How long a change waits for others to be committed with. */
const GATHER_MS = 50;
/** How long a lookup may take; past it, asking the upstream is the better bet. */
const LOOKUP_BUDGET_MS = 1_000;
/** How long `size` and `close` wait for what is still to be written. */
const FLUSH_BUDGET_MS = 5_000;

export interface SqliteStore extends Store {
  /** Resolves once the first attempt to open the file is over, well or not. */
  readonly ready: Promise<void>;
  readonly state: SqliteState;
  /** As it was when the file was last heard of. */
  readonly held: TierSize;
  /** How many sets there was no room for while the file was slow or down. */
  readonly dropped: number;
}

export interface SqliteStoreOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  return new WriteBehind(options);
}

class WriteBehind implements SqliteStore {
  readonly ready: Promise<void>;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #health: SqliteHealth;
  readonly #thread: SqliteThread;
  readonly #changes = new Changes();
  #size: StoreSize = { entries: 0, bytes: 0 };
  #evictions = 0;
  #dropped = 0;
  #cancelGathering: (() => void) | undefined;
  #committing: Promise<boolean> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ path, maxBytes, clock, log }: SqliteStoreOptions) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#health = new SqliteHealth({ path, clock, log });
    this.#thread = new SqliteThread({
      path,
      maxBytes,
      onAside: (aside) => this.#health.setAside(aside),
      onDeath: (failure) => this.#health.failed(failure),
    });
    this.ready = this.#open().then(() => {});
  }

  get state(): SqliteState {
    return this.#health.state;
  }

  get held(): TierSize {
    return { ...this.#size, evictions: this.#evictions };
  }

  get dropped(): number {
    return this.#dropped;
  }

  getNow(): undefined {
    return undefined;
  }

  async get(key: string): Promise<Found | undefined> {
    if (this.#closing !== undefined) return undefined;
    const entry = this.#changes.find(key) ?? (await this.#lookUp(key));
    if (entry === undefined || entry === 'deleted') return undefined;
    this.#change(() => this.#changes.use(key));
    return { entry, tier: 'sqlite' };
  }

  set(key: string, entry: Entry): void {
    this.#change(() => {
      if (entry.body.length > this.#maxBytes) this.#changes.delete(key);
      else if (!this.#changes.put(key, entry)) this.#dropped += 1;
    });
  }

  delete(key: string): void {
    this.#change(() => this.#changes.delete(key));
  }

  deleteAnswer(answerId: string): void {
    this.#change(() => this.#changes.deleteAnswer(answerId));
  }

  async find(digits: string): Promise<Kept | undefined> {
    await this.#within(FLUSH_BUDGET_MS, this.#flush());
    return this.#within(LOOKUP_BUDGET_MS, this.#ask({ act: 'find', digits, now: this.#clock.now() }));
  }

  async recent(like: Likeness, limit: number): Promise<readonly Kept[]> {
    await this.#within(LOOKUP_BUDGET_MS, this.#flush());
    return (await this.#within(LOOKUP_BUDGET_MS, this.#ask({ act: 'recent', like, limit, now: this.#clock.now() }))) ?? [];
  }

  /** What the file holds after all changes so far, or held when it was last heard of. */
  async size(): Promise<StoreSize> {
    await this.#within(FLUSH_BUDGET_MS, this.#flush());
    return this.#size;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#shut());
  }

  async #shut(): Promise<void> {
    this.#health.hurry();
    await this.#within(FLUSH_BUDGET_MS, this.#flush().then(() => this.#ask({ act: 'close' })));
    this.#health.closed();
    this.#cancelGathering?.();
    await this.#within(FLUSH_BUDGET_MS, this.#thread.end());
  }

  async #lookUp(key: string): Promise<Entry | 'deleted' | undefined> {
    void this.#revive();
    if (this.state !== 'opening' && this.state !== 'up') return undefined;
    const reply = this.#ask({ act: 'get', key, now: this.#clock.now() });
    const entry = await this.#within(LOOKUP_BUDGET_MS, reply, () => this.#health.overdue(LOOKUP_BUDGET_MS));
    if (entry === undefined || this.#changes.deletesAnswer(entry.answerId)) return undefined;
    // What changed while the file was read is newer than what it said.
    return this.#changes.find(key) ?? unpackEntry(entry);
  }

  #change(act: () => void): void {
    if (this.#closing !== undefined) return;
    act();
    void this.#revive();
    this.#gather();
  }

  /** Sees to it that what waits is written soon, and at once where a whole batch does. */
  #gather(): void {
    if (this.#changes.isDue) this.#write();
    else this.#cancelGathering ??= this.#clock.after(GATHER_MS, () => this.#write());
  }

  #write(): void {
    this.#cancelGathering?.();
    this.#cancelGathering = undefined;
    if (this.state !== 'down' && this.state !== 'closed') void this.#commit();
  }

  async #flush(): Promise<void> {
    await this.ready;
    await this.#revive();
    await this.#committing;
    while (!this.#changes.isEmpty && this.state !== 'down') await this.#commit();
  }

  /** Commits the next batch, or joins the commit under way. True where it happened. */
  #commit(): Promise<boolean> {
    return (this.#committing ??= this.#commitBatch());
  }

  async #commitBatch(): Promise<boolean> {
    const committed = await this.#ask({ act: 'commit', batch: this.#changes.take(), now: this.#clock.now() });
    this.#committing = undefined;
    if (committed === undefined) this.#changes.putBack();
    else this.#changes.settle();
    if (committed) {
      const { evicted, ...size } = committed;
      this.#size = size;
      this.#evictions += evicted;
    }
    if (!this.#changes.isEmpty) this.#gather();
    return committed !== undefined;
  }

  async #open(): Promise<boolean> {
    const size = await this.#ask({ act: 'open', now: this.#clock.now() });
    this.#size = size ?? this.#size;
    return size !== undefined;
  }

  /** A file that is down is back when it takes the batch that it refused. */
  async #revive(): Promise<void> {
    if (this.#health.takeRetry() && (await this.#open()) && (await this.#commit())) this.#health.recovered();
  }

  async #ask<C extends Call>(call: C): Promise<Answers[C['act']] | undefined> {
    const reply = await this.#thread.ask(call);
    if ('failure' in reply) {
      this.#health.failed(reply.failure);
      return undefined;
    }
    this.#health.replied();
    return reply.answer;
  }

  /** What `promise` brings, or undefined once that has taken longer than `milliseconds`. */
  #within<T>(milliseconds: number, promise: Promise<T>, onLate?: () => void): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(milliseconds, () => {
        onLate?.();
        resolve(undefined);
      });
      void promise.then(resolve).finally(cancel);
    });
  }
}
