/**
 * The health of the database file: whether it can be asked, and when to try again. Each
 * change of state is one log line.
 *
 *   opening ─▶ up        the first reply came
 *   up ─▶ stalled        a reply is overdue                          warn
 *   stalled ─▶ up        any reply came                              info
 *   any ─▶ read-only     the file may be read, and not written       warn
 *   any ─▶ down          the file failed, or its thread died         warn
 *   down, read-only ─▶ up  another try took a whole commit           info
 *   any ─▶ closed        for good
 *
 * A damaged file that was replaced at once changes no state, and is one line
 * too; so is one that was taken away, or that others could read.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Failure } from '../thread/failure.ts';
import { type FileNews, logFileNews } from './file-news.ts';
import { adviceOn, isRefusal } from './sqlite-failure.ts';

export type SqliteState = 'opening' | 'up' | 'stalled' | 'read-only' | 'down' | 'closed';

export interface HealthOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a file that failed is left alone. */
const RETRY_MS = 5_000;

export class SqliteHealth {
  readonly #options: HealthOptions;
  #state: SqliteState = 'opening';
  #retryAt = 0;
  #refusal: Failure | null = null;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  get state(): SqliteState {
    return this.#state;
  }

  /** Why the file is not to be used at all; null where it is, or only cannot be. */
  get refusal(): Failure | null {
    return this.#refusal;
  }

  /** True where lookups are worth their time. */
  get mayBeRead(): boolean {
    return this.#state === 'opening' || this.#state === 'up' || this.#state === 'read-only';
  }

  /** True where it is worth a try to write. */
  get mayBeWritten(): boolean {
    return this.#state === 'opening' || this.#state === 'up' || this.#state === 'stalled';
  }

  /** True once for each time that a file that is down, or may only be read, is due for another try. */
  takeRetry(): boolean {
    const isTried = this.#state === 'down' || this.#state === 'read-only';
    if (!isTried || this.#options.clock.now() < this.#retryAt) return false;
    this.#retryAt = Infinity;
    return true;
  }

  /** The next use is a retry, however soon. */
  retryNow(): void {
    this.#retryAt = 0;
  }

  replied(): void {
    if (this.#state === 'opening') this.#state = 'up';
    if (this.#state === 'stalled') this.recovered();
  }

  overdue(milliseconds: number): void {
    if (this.#state === 'opening' || this.#state === 'up')
      this.#fall('stalled', { code: 'STALLED', message: `no reply within ${milliseconds} ms` });
  }

  failed(failure: Failure): undefined {
    this.#retryAt = this.#options.clock.now() + RETRY_MS;
    this.#refusal = isRefusal(failure) ? failure : null;
    if (this.#state !== 'down' && this.#state !== 'closed') this.#fall('down', failure);
  }

  /** @param failure why it cannot be written */
  readOnly({ code, message }: Failure): void {
    const { path, log, clock } = this.#options;
    this.#retryAt = clock.now() + RETRY_MS;
    if (this.#state === 'read-only' || this.#state === 'closed') return;
    this.#state = 'read-only';
    const advice = 'make the file and its directory writable for this user, or leave it so';
    const words = `the disk store may only be read: it serves what it has, and nothing is written; ${advice}`;
    log.warn({ path, code, reason: message }, words);
  }

  noted(news: FileNews): void {
    const { path, log } = this.#options;
    logFileNews(log, path, 'the disk store', news);
  }

  recovered(): void {
    const { path, log } = this.#options;
    this.#state = 'up';
    log.info({ path }, 'the disk store is back');
  }

  closed(): void {
    this.#state = 'closed';
  }

  #fall(state: 'stalled' | 'down', failure: Failure): void {
    const { path, log } = this.#options;
    this.#state = state;
    log.warn(
      { path, code: failure.code, reason: failure.message },
      `the disk store is ${state}, and a miss for all it holds: ${adviceOn(failure)}`,
    );
  }
}
