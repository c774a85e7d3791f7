/**
 * The usage ledger: sums that outlive the process, in a file that a thread
 * writes about once a second. The main thread never waits for it, and what it
 * refuses waits here, in memory, for a later try.
 *
 *   up     the file took what it was given, or was not asked yet
 *   down   it did not; each change between the two is one log line
 */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { type Clock, within } from '../clock.ts';
import type { Log } from '../log.ts';
import { besideStore } from '../privacy.ts';
import { type FileNews, logFileNews } from '../store/file-news.ts';
import { adviceOn, isRefusal } from '../store/sqlite-failure.ts';
import type { Failure } from '../thread/failure.ts';
import { type Reply, type Service, Thread } from '../thread/thread.ts';
import { IntervalSums } from './interval-sums.ts';
import type { TimedRequest } from './open-interval.ts';
import { Reasons } from './reasons.ts';
import { type Amounts, dayOf, type RowKind } from './row.ts';
import { type Stats, summarize } from './stats.ts';
import { seriesOf } from './series-reading.ts';
import { Sums } from './sums.ts';
import type { SeriesQuery, TimeSeries } from './time-series.ts';
import type { PendingRows, UsageFileService } from './usage-file-service.ts';

export interface UsageFileOptions {
  /** Null where they live in memory. */
  readonly path: string | null;
  readonly clock: Clock;
  readonly log: Log;
  /** The thread that is to own the file; one of its own if not given. */
  readonly thread?: Thread;
}

/** How long a row waits for others to be written with. */
const GATHER_MS = 1_000;
/** How long a file that failed is left alone. */
const RETRY_MS = 30_000;
/** How long `stats` and `close` wait for the file. */
const BUDGET_MS = 5_000;

/** `.ts` in the source tree, `.js` where it was built. */
const SERVICE = new URL(`./usage-file-service${extname(import.meta.url)}`, import.meta.url);

/** The file of the usage ledger, beside that of the store; null where nothing outlives the process. */
export function usagePath(storePath: string): string;
export function usagePath(storePath: string | null): string | null;
export function usagePath(storePath: string | null): string | null {
  return storePath === null ? null : besideStore(storePath, 'ledger.sqlite', 'books');
}

export class UsageFile {
  readonly #options: UsageFileOptions;
  readonly #sums = new Sums();
  readonly #reasons = new Reasons();
  readonly #intervals = new IntervalSums();
  readonly #service: Service<UsageFileService> | null;
  #state: 'up' | 'down' = 'up';
  #retryAt = 0;
  #cancelGathering: (() => void) | null = null;
  /** A write or a reading under way; one at a time. */
  #writing: Promise<unknown> | null = null;

  constructor(options: UsageFileOptions) {
    this.#options = options;
    const { path, log, thread = new Thread() } = options;
    this.#service =
      path === null
        ? null
        : thread.serve({
            module: SERVICE,
            data: { path },
            onNews: (news: FileNews) => logFileNews(log, path, 'the usage ledger', news),
            onDeath: (failure) => this.#fall(failure),
          });
  }

  get state(): 'up' | 'down' {
    return this.#state;
  }

  /**
   * Looks at a file that is there; none is made before there is something to write. @returns why it is not to be used
   * at all, or null
   */
  async open(): Promise<Failure | null> {
    const { path, clock } = this.#options;
    if (!this.#service || path === null || !existsSync(path)) return null;
    const reply = await this.#service.ask('open', [clock.now()]);
    return 'failure' in reply && isRefusal(reply.failure) ? reply.failure : null;
  }

  /** @param why it was a bypass, its answer was not kept, or what a hit was derived from; null for all others */
  add(kind: RowKind, amounts: Amounts, why: string | null): void {
    const { day, outcome } = kind;
    this.#sums.add(kind, amounts);
    const hasReasons = outcome === 'bypass' || outcome === 'miss' || outcome === 'hit';
    if (why !== null && hasReasons) this.#reasons.add({ day, outcome, why, requests: 1 });
    if (this.#service && !this.#cancelGathering) this.#gather();
  }

  /** Adds a request, or a call that no request is charged with, to its minute and tags. @param time in ms since 1970 */
  addToIntervals(time: number, kind: RowKind, tags: readonly string[], counted: TimedRequest, amounts: Amounts): void {
    this.#intervals.add(time, kind, counted, amounts);
    if (tags.length > 0) this.#intervals.addTagged(time, tags, counted, amounts);
  }

  /** With all that was added. Where the file cannot be had, of what is in memory. */
  async stats(): Promise<Stats> {
    const today = dayOf(this.#options.clock.now());
    const stats = await this.#read(async (service) => {
      void service.ask('sumUp', [today, this.#pending()]);
      return this.#untilRead((now) => service.ask('stats', [now]));
    });
    return stats ?? summarize(this.#sums.rows, today, this.#reasons.rows);
  }

  /** The same of a time series. */
  async series(query: SeriesQuery): Promise<TimeSeries> {
    const series = await this.#read(async (service) => {
      void service.ask('readSeries', [query, this.#pending()]);
      return this.#untilRead((now) => service.ask('series', [now]));
    });
    return series ?? seriesOf(query, [...this.#intervals.rows]);
  }

  /** Null where the file cannot be had. Nothing is written meanwhile, which would be counted twice. */
  async #read<T>(read: (service: Service<UsageFileService>) => Promise<T | null>): Promise<T | null> {
    const { clock } = this.#options;
    const service = this.#service;
    if (!service) return null;
    this.#retryAt = 0;
    await within(clock, BUDGET_MS, this.#write());
    const locked = async () => {
      while (this.#writing) await this.#writing;
      const reading = read(service).finally(() => (this.#writing = null));
      this.#writing = reading;
      return reading;
    };
    return (await within(clock, BUDGET_MS, locked())) ?? null;
  }

  /** Asks for the next slice until that was all. */
  async #untilRead<T>(next: (now: number) => Promise<Reply<T | null>>): Promise<T | null> {
    for (;;) {
      const reply = await next(this.#options.clock.now());
      if ('failure' in reply) return null;
      if (reply.answer !== null) return reply.answer;
    }
  }

  #pending(): PendingRows {
    return { rows: [...this.#sums.rows], reasons: [...this.#reasons.rows], intervals: [...this.#intervals.rows] };
  }

  async close(): Promise<void> {
    if (!this.#service) return;
    const { clock } = this.#options;
    this.#retryAt = 0;
    await within(clock, BUDGET_MS, this.#write());
    this.#cancelGathering?.();
    if (this.#service.isRunning) await within(clock, BUDGET_MS, this.#service.ask('close', []));
    await within(clock, BUDGET_MS, this.#service.end());
  }

  #gather(): void {
    const { clock } = this.#options;
    const wait = Math.max(GATHER_MS, this.#retryAt - clock.now());
    this.#cancelGathering = clock.after(wait, () => {
      this.#cancelGathering = null;
      void this.#write();
    });
  }

  /** Resolves when all that was added has been tried. */
  async #write(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (!this.#sums.isEmpty) await (this.#writing = this.#writeRows().finally(() => (this.#writing = null)));
  }

  async #writeRows(): Promise<void> {
    const taken = { rows: this.#sums.take(), reasons: this.#reasons.take(), intervals: this.#intervals.take() };
    const service = this.#service as Service<UsageFileService>;
    const reply = await service.ask('add', [this.#options.clock.now(), taken]);
    if ('answer' in reply) return this.#rise();
    this.#sums.restore(taken.rows);
    for (const reason of taken.reasons) this.#reasons.add(reason);
    this.#intervals.restore(taken.intervals);
    this.#fall(reply.failure);
    if (!this.#cancelGathering) this.#gather();
  }

  #rise(): void {
    const { path, log } = this.#options;
    if (this.#state === 'down') log.info({ path }, 'the usage ledger is written again');
    this.#state = 'up';
  }

  #fall({ code, message }: Failure): void {
    const { path, log, clock } = this.#options;
    this.#retryAt = clock.now() + RETRY_MS;
    if (this.#state === 'up')
      log.warn(
        { path, code, reason: message },
        `the usage ledger cannot be written, and goes on in memory: ${adviceOn({ code, message })}`,
      );
    this.#state = 'down';
  }
}
