/**
 * Reads a shared log in order and to its end: on news of it, once a second,
 * and when asked. The last record that is known is read again each time, so that
 * a log that lost its end and went on otherwise is noticed, however long it is by then.
 *
 *   unread   nothing is known yet
 *   behind   records are known, and there may be more: the hub did not answer
 *   current  it was read to its end when it was read last
 */
import type { Clock } from '../clock.ts';
import type { Hub, LogName, LogRecord, LogSlice, SharedLog } from './hub.ts';

/**
 * Why a log is read from its first record on:
 * - `begun`: for the first time
 * - `renewed`: it was lost, and is another
 * - `trimmed`: it no longer holds what comes next
 * - `forked`: it lost its end, what was known of that included
 */
export type Restart = 'begun' | 'renewed' | 'trimmed' | 'forked';

/** Called in this order: a restart, records, the end, and again records and the end. */
export interface LogListener {
  restarted(why: Restart, incarnation: string): void;
  read(record: LogRecord): void;
  /** @param first the first id that the log holds */
  reachedEnd(first: number): void;
}

const POLL_MS = 1_000;
const PAGE = 1_000;

export class LogReader {
  readonly #log: SharedLog;
  readonly #clock: Clock;
  readonly #listener: LogListener;
  #incarnation: string | null = null;
  /** The id up to which all was read, and the record there; null where the log held none. */
  #readTo = 0;
  #last: LogRecord | null = null;
  /** True where what is read next may begin with any record. */
  #isFromStart = true;
  #isCurrent = false;
  #reading: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #cancelPoll: (() => void) | null = null;
  #isClosed = false;

  constructor(hub: Hub, name: LogName, clock: Clock, listener: LogListener) {
    this.#log = hub.log(name);
    this.#clock = clock;
    this.#listener = listener;
    this.#log.onNews(() => this.catchUp());
    hub.onState((state) => {
      this.#isCurrent = false;
      if (state === 'up') void this.catchUp();
    });
  }

  /** True where the last attempt to read reached the end. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Reads for the first time, and from then on by itself. */
  async start(): Promise<void> {
    await this.catchUp();
    this.#poll();
  }

  /** Resolves once all is read that was appended before this call, or the hub does not answer. */
  catchUp(): Promise<void> {
    if (this.#reading === null) return this.#begin();
    // The read under way may have been answered before.
    return (this.#next ??= this.#reading.then(() => {
      this.#next = null;
      return this.#begin();
    }));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelPoll?.();
  }

  #begin(): Promise<void> {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  #poll(): void {
    if (this.#isClosed) return;
    this.#cancelPoll = this.#clock.after(POLL_MS, () => void this.catchUp().then(() => this.#poll()));
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const from = this.#readTo;
      const slice = this.#isClosed ? null : await this.#log.read(Math.max(0, from - 1), PAGE);
      const isContinued = slice !== null && this.#takeIn(slice);
      this.#isCurrent = isContinued && this.#readTo === slice.last;
      if (slice === null) return;
      if (this.#isCurrent) return this.#listener.reachedEnd(slice.first);
      if (isContinued && this.#readTo === from) return;
    }
  }

  /** @returns false where the log is to be read from its first record on */
  #takeIn(slice: LogSlice): boolean {
    const why = this.#whyRestart(slice);
    if (why !== null) {
      this.#incarnation = slice.incarnation;
      this.#readTo = 0;
      this.#last = null;
      this.#isFromStart = true;
      this.#listener.restarted(why, slice.incarnation);
      return false;
    }
    const records = slice.records.filter(({ id }) => id > this.#readTo);
    for (const record of records) {
      this.#last = record;
      this.#listener.read(record);
    }
    this.#isFromStart = false;
    this.#readTo = records.at(-1)?.id ?? Math.max(this.#readTo, slice.first - 1);
    return true;
  }

  #whyRestart({ incarnation, first, last, records }: LogSlice): Restart | null {
    if (this.#incarnation === null) return 'begun';
    if (incarnation !== this.#incarnation) return 'renewed';
    if (this.#isFromStart) return null;
    if (first > (this.#last?.id ?? this.#readTo + 1)) return 'trimmed';
    const isSame = this.#last ? records[0]?.text === this.#last.text : last >= this.#readTo;
    return isSame ? null : 'forked';
  }
}
