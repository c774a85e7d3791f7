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
import { type Service, Thread } from '../thread/thread.ts';
import { Reasons } from './reasons.ts';
import { type Amounts, dayOf, type Kind } from './row.ts';
import { type Stats, summarize } from './stats.ts';
import { Sums } from './sums.ts';
import type { UsageFileService } from './usage-file-service.ts';

export interface BooksOptions {
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
  readonly #options: BooksOptions;
  readonly #sums = new Sums();
  readonly #reasons = new Reasons();
  readonly #service: Service<UsageFileService> | null;
  #state: 'up' | 'down' = 'up';
  #retryAt = 0;
  #cancelGathering: (() => void) | null = null;
  /** A write or a reading under way; one at a time. */
  #writing: Promise<unknown> | null = null;

  constructor(options: BooksOptions) {
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

  /** @param why it was a bypass, or its answer was not kept; null for all others */
  add(kind: Kind, amounts: Amounts, why: string | null): void {
    const { day, outcome } = kind;
    this.#sums.add(kind, amounts);
    const isBypassOrMiss = outcome === 'bypass' || outcome === 'miss';
    if (why !== null && isBypassOrMiss) this.#reasons.add({ day, outcome, why, requests: 1 });
    if (this.#service && !this.#cancelGathering) this.#gather();
  }

  /** With all that was added. Where the file cannot be had, of what is in memory. */
  async stats(): Promise<Stats> {
    const { clock } = this.#options;
    const today = dayOf(clock.now());
    if (!this.#service) return this.#summarize(today);
    this.#retryAt = 0;
    await within(clock, BUDGET_MS, this.#write());
    return (await within(clock, BUDGET_MS, this.#read(this.#service, today))) ?? this.#summarize(today);
  }

  /** Null where the file cannot be had. Nothing is written meanwhile, which would be counted twice. */
  async #read(service: Service<UsageFileService>, today: string): Promise<Stats | null> {
    while (this.#writing) await this.#writing;
    const reading = this.#sumUp(service, today).finally(() => (this.#writing = null));
    this.#writing = reading;
    return reading;
  }

  async #sumUp(service: Service<UsageFileService>, today: string): Promise<Stats | null> {
    void service.ask('sumUp', [today, { rows: [...this.#sums.rows], reasons: [...this.#reasons.rows] }]);
    for (;;) {
      const reply = await service.ask('stats', [this.#options.clock.now()]);
      if ('failure' in reply) return null;
      if (reply.answer !== null) return reply.answer;
    }
  }

  #summarize(today: string): Stats {
    return summarize(this.#sums.rows, today, this.#reasons.rows);
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
    const [rows, reasons] = [this.#sums.take(), this.#reasons.take()];
    const service = this.#service as Service<UsageFileService>;
    const reply = await service.ask('add', [this.#options.clock.now(), { rows, reasons }]);
    if ('answer' in reply) return this.#rise();
    this.#sums.putBack(rows);
    for (const reason of reasons) this.#reasons.add(reason);
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
