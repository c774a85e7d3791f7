/**
 * The books: sums that outlive the process, in a file that a thread of its own
 * writes about once a second. The main thread never waits for it, and what it
 * refuses waits here, in memory, for a later try.
 *
 *   up     the file took what it was given, or was not asked yet
 *   down   it did not; each change between the two is one log line
 */
import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { type Clock, within } from '../clock.ts';
import type { Log } from '../log.ts';
import { type FileNews, logFileNews } from '../store/file-news.ts';
import { type Quarantined, FileThread } from '../store/file-thread.ts';
import { adviceOn, type FileFailure, isRefusal } from '../store/sqlite-failure.ts';
import type { BooksAnswers, BooksCall } from './usage-file-message.ts';
import { Reasons } from './reasons.ts';
import { type Amounts, dayOf, type Kind } from './row.ts';
import { type Stats, summarize } from './stats.ts';
import { Sums } from './sums.ts';

export interface BooksOptions {
  /** Null where they live in memory. */
  readonly path: string | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a row waits for others to be written with. */
const GATHER_MS = 1_000;
/** How long a file that failed is left alone. */
const RETRY_MS = 30_000;
/** How long `stats` and `close` wait for the file. */
const BUDGET_MS = 5_000;

/** `.ts` in the source tree, `.js` where it was built. */
const WORKER = new URL(`./usage-file.worker${extname(import.meta.url)}`, import.meta.url);

/** The file of the books, beside that of the store; null where nothing outlives the process. */
export function usagePath(storePath: string): string;
export function usagePath(storePath: string | null): string | null;
export function usagePath(storePath: string | null): string | null {
  if (storePath === null) return null;
  const path = join(dirname(storePath), 'ledger.sqlite');
  return path === storePath ? `${path}.books` : path;
}

type BooksThread = FileThread<BooksCall, BooksAnswers, FileNews>;

export class UsageFile {
  readonly #options: BooksOptions;
  readonly #sums = new Sums();
  readonly #reasons = new Reasons();
  readonly #thread: BooksThread | null;
  #state: 'up' | 'down' = 'up';
  #retryAt = 0;
  #cancelGathering: (() => void) | null = null;
  #writing: Promise<void> | null = null;

  constructor(options: BooksOptions) {
    this.#options = options;
    const { path } = options;
    this.#thread =
      path === null
        ? null
        : new FileThread({
            worker: WORKER,
            workerData: { path },
            onQuarantine: (aside) => this.#setAside(aside),
            onNews: (news) => logFileNews(options.log, path, 'the books', news),
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
  async open(): Promise<FileFailure | null> {
    const { path, clock } = this.#options;
    if (!this.#thread || path === null || !existsSync(path)) return null;
    const reply = await this.#thread.ask({ act: 'open', now: clock.now() });
    return 'failure' in reply && isRefusal(reply.failure) ? reply.failure : null;
  }

  /** @param why it was a bypass, or its answer was not kept; null for all others */
  add(kind: Kind, amounts: Amounts, why: string | null): void {
    const { day, outcome } = kind;
    this.#sums.add(kind, amounts);
    const isBypassOrMiss = outcome === 'bypass' || outcome === 'miss';
    if (why !== null && isBypassOrMiss) this.#reasons.add({ day, outcome, why, requests: 1 });
    if (this.#thread && !this.#cancelGathering) this.#gather();
  }

  /** With all that was added. Where the file cannot be had, of what is in memory. */
  async stats(): Promise<Stats> {
    const { clock } = this.#options;
    const now = clock.now();
    const today = dayOf(now);
    if (!this.#thread) return this.#summarize(today);
    this.#retryAt = 0;
    await within(clock, BUDGET_MS, this.#write());
    const waiting = { rows: [...this.#sums.rows], reasons: [...this.#reasons.rows] };
    const reply = await within(clock, BUDGET_MS, this.#thread.ask({ act: 'stats', today, now, waiting }));
    return reply && 'answer' in reply ? reply.answer : this.#summarize(today);
  }

  #summarize(today: string): Stats {
    return summarize(this.#sums.rows, today, this.#reasons.rows);
  }

  async close(): Promise<void> {
    if (!this.#thread) return;
    const { clock } = this.#options;
    this.#retryAt = 0;
    await within(clock, BUDGET_MS, this.#write());
    this.#cancelGathering?.();
    if (this.#thread.isRunning) await within(clock, BUDGET_MS, this.#thread.ask({ act: 'close' }));
    await within(clock, BUDGET_MS, this.#thread.end());
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
    await this.#writing;
    if (!this.#sums.isEmpty) await (this.#writing ??= this.#writeRows().finally(() => (this.#writing = null)));
  }

  async #writeRows(): Promise<void> {
    const [rows, reasons] = [this.#sums.take(), this.#reasons.take()];
    const thread = this.#thread as BooksThread;
    const reply = await thread.ask({ act: 'add', rows, reasons, now: this.#options.clock.now() });
    if ('answer' in reply) return this.#rise();
    this.#sums.putBack(rows);
    for (const reason of reasons) this.#reasons.add(reason);
    this.#fall(reply.failure);
    if (!this.#cancelGathering) this.#gather();
  }

  #rise(): void {
    const { path, log } = this.#options;
    if (this.#state === 'down') log.info({ path }, 'the books are written again');
    this.#state = 'up';
  }

  #fall({ code, message }: FileFailure): void {
    const { path, log, clock } = this.#options;
    this.#retryAt = clock.now() + RETRY_MS;
    if (this.#state === 'up')
      log.warn(
        { path, code, reason: message },
        `the books cannot be written, and go on in memory: ${adviceOn({ code, message })}`,
      );
    this.#state = 'down';
  }

  #setAside({ failure: { code, message }, movedTo }: Quarantined): void {
    const { path, log } = this.#options;
    log.warn(
      { path, code, reason: message, movedTo },
      'the books could not use their file, kept it aside and began a fresh one',
    );
  }
}
