/**
 * A log that workers share, in the parent: bounded, and gone with it, as they are.
 */
import { randomUUID } from 'node:crypto';
import type { LogRecord, LogSlice } from '../fleet/hub.ts';

export class ParentLog {
  readonly #most: number;
  readonly #onNews: () => Promise<void>;
  readonly #incarnation: string = randomUUID();
  #records: LogRecord[] = [];
  #last = 0;

  /** @param most how many records it holds at least; at times it holds twice as many */
  constructor(most: number, onNews: () => Promise<void>) {
    this.#most = most;
    this.#onNews = onNews;
  }

  /** Resolves once all nodes have read the record. @returns its id */
  async append(text: string): Promise<number> {
    const id = (this.#last += 1);
    this.#records.push({ id, text });
    if (this.#records.length >= 2 * this.#most) this.#records = this.#records.slice(-this.#most);
    await this.#onNews();
    return id;
  }

  read(after: number, limit: number): LogSlice {
    const first = this.#last - this.#records.length + 1;
    const from = Math.max(0, after + 1 - first);
    return {
      incarnation: this.#incarnation,
      first,
      last: this.#last,
      records: this.#records.slice(from, from + limit),
    };
  }
}
