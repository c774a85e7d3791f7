/**
 * The main thread's way to the database file: what is to be changed gathers here and is written behind, one batch at a
 * time, and what is asked is asked of the thread. It never blocks and never throws.
 *
 * Changes stay until the thread says that they happened. What the file cannot take now it is sent when it is back.
 */
import { extname } from 'node:path';
import { type Clock, within } from '../clock.ts';
import type { Log } from '../log.ts';
import { type Service, Thread } from '../thread/thread.ts';
import type { Gone } from './gone.ts';
import { packBatch } from './handed-over.ts';
import type { Totals } from './listing.ts';
import type { SqliteSize } from './sqlite-entries.ts';
import type { StoreNews } from './sqlite-file.ts';
import { SqliteHealth } from './sqlite-health.ts';
import type { SealingOptions } from './sealing.ts';
import type { SqliteService } from './sqlite-service.ts';
import type { TierSize } from './catalogue.ts';
import { WriteBuffer } from './write-buffer.ts';

/** How long a change waits for others to be committed with. */
const GATHER_MS = 50;
/** How long `close` waits for what is still to be written. */
const CLOSE_BUDGET_MS = 5_000;

/** A method without the time at which it is asked. */
export type Untimed<M extends keyof SqliteService> =
  Parameters<SqliteService[M]> extends [number, ...infer Rest] ? Rest : [];
export type LinkAnswer<M extends keyof SqliteService> = ReturnType<SqliteService[M]> | undefined;

/** `.ts` in the source tree, `.js` where it was built. */
const SERVICE = new URL(`./sqlite-service${extname(import.meta.url)}`, import.meta.url);

export interface LinkOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** How long expired entries are retained, in seconds; 0 if not given. */
  readonly retention?: number;
  readonly clock: Clock;
  readonly log: Log;
  /** The secret, as it is when the file is opened; none if not given. */
  readonly sealing?: () => SealingOptions | null;
  /** The thread that is to own the file; one of its own if not given. */
  readonly thread?: Thread;
  /** Called with what other processes over the file threw away. What waits to be written of it is gone by then. */
  readonly onGone?: (gone: Gone) => void;
  /** Called when the file was taken away or replaced, perhaps with all that lay beside it. */
  readonly onReplaced?: () => void;
}

export class SqliteLink {
  readonly buffer = new WriteBuffer();
  readonly health: SqliteHealth;
  readonly #options: LinkOptions;
  readonly #service: Service<SqliteService>;
  #ready: Promise<void> | undefined;
  #size: SqliteSize = { entries: 0, bytes: 0, isPurging: false };
  #evictions = 0;
  #cancelGathering: (() => void) | undefined;
  #committing: Promise<boolean> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LinkOptions) {
    const { path, maxBytes, retention = 0, thread = new Thread() } = options;
    this.#options = options;
    this.health = new SqliteHealth(options);
    this.#service = thread.serve({
      module: SERVICE,
      data: { path, maxBytes, retention },
      onNews: (news: StoreNews) => this.#heed(news),
      onDeath: (failure) => this.health.failed(failure),
    });
  }

  /** Resolves once the first attempt to open the file is over, well or not; begins it. */
  get ready(): Promise<void> {
    return (this.#ready ??= this.#open().then(() => this.#sweepOn()));
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** The size of the file's entries when it was last reported. */
  get held(): TierSize {
    const { entries, bytes } = this.#size;
    return { entries, bytes, evictions: this.#evictions };
  }

  /** Changes what waits, and sees to it that the file is changed too. */
  change(act: (buffer: WriteBuffer) => void): void {
    if (this.isClosing) return;
    act(this.buffer);
    void this.retry();
    this.#gather();
  }

  /** Undefined where the file fails. @param memory that is handed over */
  async ask<M extends keyof SqliteService>(
    method: M,
    parameters: Untimed<M>,
    memory?: ArrayBuffer[],
  ): Promise<LinkAnswer<M>> {
    // It is opened before it is asked anything; the thread keeps the order.
    if (method !== 'open') void this.ready;
    const timed = [this.#options.clock.now(), ...parameters] as unknown as Parameters<SqliteService[M]>;
    const reply = await this.#service.ask(method, timed, memory);
    if ('failure' in reply) return this.health.failed(reply.failure);
    this.health.replied();
    return reply.answer;
  }

  /** The same, and undefined once that has taken longer than `ms` milliseconds: then the thread has stalled. */
  askWithin<M extends keyof SqliteService>(ms: number, method: M, parameters: Untimed<M>): Promise<LinkAnswer<M>> {
    return this.within(ms, this.ask(method, parameters), () => this.health.overdue(ms));
  }

  /** The value of `promise`, or undefined once that has taken longer than `ms` milliseconds. */
  within<T>(ms: number, promise: Promise<T>, onLate?: () => void): Promise<T | undefined> {
    return within(this.#options.clock, ms, promise, onLate);
  }

  /** Until all that was changed so far has been done to the last row, or the file fails. */
  async flushAndSweep(): Promise<void> {
    await this.flush();
    if (this.#size.isPurging && this.health.mayBeWritten) await this.sweep();
  }

  /** Commits what waits at this moment, as far as the file takes it. @returns whether that was all */
  async flush(): Promise<boolean> {
    await this.ready;
    await this.retry();
    // The commit under way is one of those to wait for; what it took waits no longer.
    for (let batches = this.buffer.batches + (this.#committing ? 1 : 0); batches > 0; batches -= 1) {
      if (!this.health.mayBeWritten || !(await this.#commit())) return false;
    }
    return true;
  }

  /**
   * Has what is to be purged deleted, a little at a time, until there is no more of it.
   * @param token of one order; else all are done
   * @returns what was deleted for it; undefined where the file failed, and it may happen much later
   */
  async sweep(token?: string): Promise<Totals | undefined> {
    for (;;) {
      const swept = this.isClosing ? undefined : await this.ask('sweep', [token]);
      if (swept === undefined) return undefined;
      this.#size = swept.size;
      if (swept.isDone) return swept.totals;
    }
  }

  /** A file that is down is back when it takes the batch that it refused. */
  async retry(): Promise<void> {
    if (!this.health.takeRetry() || !(await this.#open()) || !(await this.#commit())) return;
    this.health.recovered();
    this.#sweepOn();
  }

  /** Goes on with what is yet to be purged. */
  #sweepOn(): void {
    if (this.#size.isPurging && this.health.mayBeWritten) void this.sweep();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#shut());
  }

  async #shut(): Promise<void> {
    this.health.retryNow();
    const isToFlush = this.#ready !== undefined || !this.buffer.isEmpty;
    const closing = async () => {
      if (isToFlush) await this.flush();
      if (isToFlush) await this.ask('close', []);
    };
    await this.within(CLOSE_BUDGET_MS, closing());
    this.health.closed();
    this.#cancelGathering?.();
    await this.within(CLOSE_BUDGET_MS, this.#service.end());
  }

  /** Sees to it that what waits is written soon, and at once where a whole batch does. */
  #gather(): void {
    if (this.buffer.isDue) this.#write();
    else this.#cancelGathering ??= this.#options.clock.after(GATHER_MS, () => this.#write());
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
    const { batch, memory } = packBatch(this.buffer.take());
    const committed = await this.ask('commit', [batch], memory);
    this.#committing = undefined;
    if (committed === undefined) this.buffer.nack();
    else {
      this.buffer.ack();
      this.#size = committed;
      this.#evictions += committed.evicted;
    }
    if (!this.buffer.isEmpty) this.#gather();
    return committed !== undefined;
  }

  /** @returns whether the file may be written */
  async #open(): Promise<boolean> {
    const opened = await this.ask('open', [this.#options.sealing?.() ?? null]);
    if (opened === undefined) return false;
    this.#size = opened;
    if (opened.unwritable) this.health.readOnly(opened.unwritable);
    return opened.unwritable === null;
  }

  #heed(news: StoreNews): void {
    switch (news.kind) {
      case 'gone':
        for (const gone of news.gone) {
          this.buffer.forsake(gone);
          this.#options.onGone?.(gone);
        }
        return this.#gather();
      case 'lost':
        return this.health.failed(news.failure);
      case 'replaced':
        this.#options.onReplaced?.();
    }
    this.health.noted(news);
  }
}
