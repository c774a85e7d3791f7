/**
 * A log that workers share, in the parent: bounded, and gone with it, as they are.
 */
import { randomUUID } from 'node:crypto';
import type { LogRecord, LogSlice } from '../fleet/hub.ts';

export class ParentLog {
  readonly #most: number;
  readonly #onNews: () => void;
  #incarnation: string = randomUUID();
  #records: LogRecord[] = [];
  #last = 0;

  /** @param most how many records it holds at least; at times it holds twice as many */
  constructor(most: number, onNews: () => void) {
    this.#most = most;
    this.#onNews = onNews;
  }

  append(text: string): number {
    this.#records.push({ id: (this.#last += 1), text });
    if (this.#records.length >= 2 * this.#most) this.#records = this.#records.slice(-this.#most);
    this.#onNews();
    return this.#last;
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

  renew(incarnation: string): boolean {
    if (incarnation !== this.#incarnation) return true;
    this.#incarnation = randomUUID();
    this.#records = [];
    this.#last = 0;
    this.#onNews();
    return true;
  }
}
