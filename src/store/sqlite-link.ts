/**
 * The main thread's way to the database file: what is to be changed gathers
 * here and is written behind, one batch at a time, and what is asked is asked
 * of the thread. It never blocks and never throws.
 *
 * Changes stay until the thread says that they happened. What the file cannot
 * be told today it is told when it is back.
 */
import { type Clock, within } from '../clock.ts';
import type { Log } from '../log.ts';
import { WriteBuffer } from './write-buffer.ts';
import type { Gone } from './gone.ts';
import { KnownKeys } from './known-keys.ts';
import type { SqliteSize, Swept } from './sqlite-entries.ts';
import type { FileFailure } from './sqlite-failure.ts';
import { SqliteHealth, type SqliteState } from './sqlite-health.ts';
import type { SqliteAnswers, SqliteCall, StoreNews } from './sqlite-message.ts';
import { SqliteSweeps } from './sqlite-sweeps.ts';
import { SqliteThread } from './sqlite-thread.ts';
import type { StoreSize, TierSize } from './store.ts';

/** How long a change waits for others to be committed with. */
const GATHER_MS = 50;
/** How long `close` waits for what is still to be written. */
const CLOSE_BUDGET_MS = 5_000;

export interface LinkOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** How long expired entries are retained, in seconds; 0 if not given. */
  readonly retention?: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Told what other processes over the file threw away. What waits to be written of it is gone by then. */
  readonly onGone?: (gone: Gone) => void;
  /** Told when the file was taken away or replaced, perhaps with all that lay beside it. */
  readonly onReplaced?: () => void;
}

export class SqliteLink {
  readonly buffer = new WriteBuffer();
  readonly sweeps = new SqliteSweeps(() => this.#sweep());
  readonly keys: KnownKeys;
  readonly health: SqliteHealth;
  readonly #clock: Clock;
  readonly #thread: SqliteThread;
  readonly #onGone: (gone: Gone) => void;
  readonly #onReplaced: () => void;
  #ready: Promise<void> | undefined;
  #size: SqliteSize = { entries: 0, bytes: 0, isPurging: false };
  #evictions = 0;
  #cancelGathering: (() => void) | undefined;
  #committing: Promise<boolean> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ path, maxBytes, retention = 0, clock, log, onGone = () => {}, onReplaced = () => {} }: LinkOptions) {
    this.#clock = clock;
    this.health = new SqliteHealth({ path, clock, log });
    this.#thread = new SqliteThread({
      path,
      maxBytes,
      retention,
      onQuarantine: (aside) => this.health.quarantined(aside),
      onNews: (news) => this.#heed(news),
      onDeath: (failure) => this.health.failed(failure),
    });
    this.keys = new KnownKeys(clock, async () =>
      this.isClosing ? undefined : this.ask({ act: 'learn', now: clock.now() }),
    );
    this.#onGone = onGone;
    this.#onReplaced = onReplaced;
  }

  /** Resolves once the first attempt to open the file is over, well or not; begins it. */
  get ready(): Promise<void> {
    return (this.#ready ??= this.#open().then(() => {}));
  }

  get state(): SqliteState {
    return this.health.state;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** What the file held when it was last heard of. */
  get held(): TierSize {
    return { ...this.size, evictions: this.#evictions };
  }

  get size(): StoreSize {
    const { entries, bytes } = this.#size;
    return { entries, bytes };
  }

  /** Changes `changes`, and sees to it that the file is told. */
  change(act: (buffer: WriteBuffer) => void): void {
    if (this.isClosing) return;
    act(this.buffer);
    void this.retry();
    this.#gather();
  }

  /** Undefined where the file fails. */
  async ask<C extends SqliteCall>(call: C): Promise<SqliteAnswers[C['act']] | undefined> {
    // It is opened before it is asked anything; the thread keeps the order.
    if (call.act !== 'open') void this.ready;
    const reply = await this.#thread.ask(call);
    if ('failure' in reply) {
      this.#fail(reply.failure);
      return undefined;
    }
    this.health.replied();
    return reply.answer;
  }

  /** The same, and undefined once that has taken longer than `milliseconds`: then the thread has stalled. */
  askWithin<C extends SqliteCall>(milliseconds: number, call: C): Promise<SqliteAnswers[C['act']] | undefined> {
    return this.within(milliseconds, this.ask(call), () => this.health.overdue(milliseconds));
  }

  /** What `promise` brings, or undefined once that has taken longer than `milliseconds`. */
  within<T>(milliseconds: number, promise: Promise<T>, onLate?: () => void): Promise<T | undefined> {
    return within(this.#clock, milliseconds, promise, onLate);
  }

  /** Until all that was changed so far has been done to the last row, or the file fails. */
  async settle(): Promise<void> {
    await this.flush();
    if (this.#size.isPurging && this.health.mayBeWritten) await this.sweeps.run();
  }

  /** Commits until nothing waits any more or the file fails. */
  async flush(): Promise<void> {
    await this.ready;
    await this.retry();
    await this.#committing;
    while (!this.buffer.isEmpty && this.health.mayBeWritten) await this.#commit();
  }

  /** Commits what waits at this moment, as far as the file takes it. @returns whether that was all */
  async writeWaiting(): Promise<boolean> {
    await this.ready;
    await this.#committing;
    for (let { batches } = this.buffer; batches > 0; batches -= 1) {
      if (!this.health.mayBeWritten || !(await this.#commit())) return false;
    }
    return true;
  }

  /** A file that is down is back when it takes the batch that it refused. */
  async retry(): Promise<void> {
    if (!this.health.takeRetry() || !(await this.#open()) || !(await this.#commit())) return;
    this.health.recovered();
    void this.sweeps.run();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#shut());
  }

  async #shut(): Promise<void> {
    this.health.retryNow();
    const isToFlush = this.#ready !== undefined || !this.buffer.isEmpty;
    if (isToFlush)
      await this.within(
        CLOSE_BUDGET_MS,
        this.flush().then(() => this.ask({ act: 'close' })),
      );
    this.health.closed();
    this.#cancelGathering?.();
    await this.within(CLOSE_BUDGET_MS, this.#thread.end());
  }

  /** Sees to it that what waits is written soon, and at once where a whole batch does. */
  #gather(): void {
    if (this.buffer.isDue) this.#write();
    else this.#cancelGathering ??= this.#clock.after(GATHER_MS, () => this.#write());
  }

  #write(): void {
    this.#cancelGathering?.();
    this.#cancelGathering = undefined;
    if (!this.buffer.isEmpty && this.health.mayBeWritten) void this.#commit();
  }

  /** Commits the next batch, or joins the commit under way. True where it happened. */
  #commit(): Promise<boolean> {
    return (this.#committing ??= this.#commitBatch());
  }

  async #commitBatch(): Promise<boolean> {
    const committed = await this.ask({ act: 'commit', batch: this.buffer.take(), now: this.#clock.now() });
    this.#committing = undefined;
    if (committed === undefined) this.buffer.nack();
    else {
      this.keys.committed(committed);
      this.buffer.ack();
    }
    this.#evictions += committed?.evicted ?? 0;
    if (!this.buffer.isEmpty) this.#gather();
    return this.#note(committed);
  }

  async #open(): Promise<boolean> {
    const opened = await this.ask({ act: 'open', now: this.#clock.now() });
    this.keys.forget();
    this.#note(opened);
    if (opened?.unwritable) this.health.readOnly(opened.unwritable);
    else if (opened?.isPurging) void this.sweeps.run();
    return opened?.unwritable === null;
  }

  #heed(news: StoreNews): void {
    switch (news.kind) {
      case 'gone':
        for (const gone of news.gone) {
          this.buffer.forsake(gone);
          this.#onGone(gone);
        }
        return this.#gather();
      case 'lost':
        return this.#fail(news.failure);
      case 'replaced':
        this.keys.forget();
        this.#onReplaced();
    }
    this.health.noted(news);
  }

  #fail(failure: FileFailure): void {
    this.health.failed(failure);
    this.keys.forget();
    this.sweeps.giveUp();
  }

  async #sweep(): Promise<Swept | undefined> {
    const swept = this.isClosing ? undefined : await this.ask({ act: 'sweep', now: this.#clock.now() });
    this.#note(swept?.size);
    return swept;
  }

  #note(size: SqliteSize | undefined): boolean {
    this.#size = size ?? this.#size;
    return size !== undefined;
  }
}
