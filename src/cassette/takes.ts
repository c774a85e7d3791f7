/**
 * The takes of one process: which of several answers to equal requests is the next one to play.
 *
 *   request n of a run   sample n, where there is one
 *   beyond the last      the last again, where asking twice does no more than asking once; else nothing
 *
 * A cassette that is recorded afresh shows no sample that this run has not recorded.
 */
import { sampleKey } from '../store/sample-key.ts';
import type { Entry } from '../response/entry.ts';
import type { Found } from '../store/store.ts';
import { isError } from './ended-answer.ts';

export interface TakesStore {
  /** False while a file is still being read: what `getSync` does not have, `get` may have yet. */
  readonly isSync: boolean;
  getSync(key: string): Found | undefined;
  get(key: string): Promise<Found | undefined>;
  delete(key: string): void;
}

export interface TakesOptions {
  readonly store: TakesStore;
  /** True where the first request of a run records afresh. */
  readonly isAfresh: boolean;
  /** True where an error is asked for once more by the next request. */
  readonly isErrorRetried: boolean;
}

/** An answer, and the key of its sample. */
export interface Take {
  readonly key: string;
  readonly found: Found;
}

interface Cursor {
  /** The sample that was played or recorded last; 0 before the first. */
  sample: number;
  /** The key of that one, and of the one after it. */
  key: string;
  next: string;
  /** How many this run has recorded, where it records afresh. */
  recorded: number;
}

export class Takes {
  readonly #options: TakesOptions;
  readonly #cursors = new Map<string, Cursor>();

  constructor(options: TakesOptions) {
    this.#options = options;
  }

  /**
   * @param key of the question
   * @param isOrdered asking twice is not the same as asking once
   * @returns null where there is none
   */
  next(key: string, isOrdered: boolean): Take | null | Promise<Take | null> {
    const { store } = this.#options;
    const cursor = this.#cursorOf(key);
    const take = this.#at(key, cursor, cursor.sample + 1);
    if (take) return take;
    return store.isSync ? this.#last(cursor, isOrdered) : this.#loaded(key, isOrdered);
  }

  /** The number for one more answer, which takes its place now; null where an equal one is there already. */
  add(key: string, isOrdered: boolean): number | null {
    const { isAfresh } = this.#options;
    const cursor = this.#cursorOf(key);
    if (isAfresh && cursor.recorded === 0) this.#clear(key);
    let sample = cursor.sample;
    while (this.#has(key, cursor, sample + 1)) sample++;
    const last = sample === 0 ? undefined : this.#options.store.getSync(sampleKey(key, sample));
    if (last !== undefined && !isOrdered && !this.#isToRetry(last.entry)) return null;
    move(key, cursor, sample + 1);
    cursor.recorded++;
    return sample + 1;
  }

  /** Waits for the sample itself, or for the end of the file. */
  async #loaded(key: string, isOrdered: boolean): Promise<Take | null> {
    const { store, isAfresh } = this.#options;
    // Nothing lies under the empty key.
    await store.get(isAfresh ? '' : this.#cursorOf(key).next);
    return this.next(key, isOrdered);
  }

  #last(cursor: Cursor, isOrdered: boolean): Take | null {
    if (isOrdered || cursor.sample === 0) return null;
    const { key } = cursor;
    const found = this.#options.store.getSync(key);
    return found === undefined || this.#isToRetry(found.entry) ? null : { key, found };
  }

  #at(key: string, cursor: Cursor, sample: number): Take | null {
    if (this.#options.isAfresh && sample > cursor.recorded) return null;
    const own = cursor.next;
    const found = this.#options.store.getSync(own);
    if (found === undefined) return null;
    move(key, cursor, sample);
    return { key: own, found };
  }

  #has(key: string, { recorded }: Cursor, sample: number): boolean {
    const { isAfresh, store } = this.#options;
    return isAfresh ? sample <= recorded : store.getSync(sampleKey(key, sample)) !== undefined;
  }

  #isToRetry({ head, body, request }: Entry): boolean {
    return this.#options.isErrorRetried && isError(head, request?.endpoint ?? null, () => body);
  }

  #clear(key: string): void {
    const { store } = this.#options;
    for (let sample = 1; store.getSync(sampleKey(key, sample)) !== undefined; sample++)
      store.delete(sampleKey(key, sample));
  }

  #cursorOf(key: string): Cursor {
    let cursor = this.#cursors.get(key);
    if (cursor === undefined) this.#cursors.set(key, (cursor = { sample: 0, key, next: key, recorded: 0 }));
    return cursor;
  }
}

function move(key: string, cursor: Cursor, sample: number): void {
  cursor.key = sample === cursor.sample + 1 ? cursor.next : sampleKey(key, sample);
  cursor.sample = sample;
  cursor.next = sampleKey(key, sample + 1);
}
