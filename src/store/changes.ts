/**
 * What a slow store has been asked to change and has yet to change.
 *
 *   waiting   put, delete, deleteAnswer, use; a key's newest change is the one kept
 *   told      take(): the oldest of them, on their way; one batch at a time
 *   gone      settle(): they happened
 *             putBack(): they did not, and wait again beneath what came since
 *
 * A change is never forgotten, or an older value would come back to life: an
 * entry that there is no room for becomes a deletion, and where there are too
 * many deletions, everything is deleted.
 */
import type { Entry } from '../response/entry.ts';
import { weigh } from './weight.ts';

export type Change = Entry | 'deleted' | 'used';

/** Changes in the order to make them: everything, then answers, then keys by last change. */
export interface Batch {
  readonly everything: boolean;
  readonly answers: Set<string>;
  readonly keys: Map<string, Change>;
}

/** How much one batch may hold; more waiting than this is not worth waiting longer. */
const BATCH_CHANGES = 100;
const BATCH_BYTES = 2 * 1_024 * 1_024;
/** How much may wait in all. */
const MAX_CHANGES = 100_000;
const MAX_BYTES = 32 * 1_024 * 1_024;

const newBatch = (): Batch => ({ everything: false, answers: new Set(), keys: new Map() });

export class Changes {
  #waiting = newBatch();
  #told = newBatch();
  #waitingBytes = 0;
  #toldBytes = 0;

  get isEmpty(): boolean {
    const { everything, answers, keys } = this.#waiting;
    return !everything && answers.size === 0 && keys.size === 0;
  }

  /** Whether a whole batch waits. */
  get isDue(): boolean {
    return this.#waiting.keys.size >= BATCH_CHANGES || this.#waitingBytes >= BATCH_BYTES;
  }

  /** False where there is no room for the entry; then its key is deleted. */
  put(key: string, entry: Entry): boolean {
    const hasRoom = this.#waitingBytes + this.#toldBytes + weigh(key, entry) <= MAX_BYTES;
    this.#record(key, hasRoom ? entry : 'deleted');
    return hasRoom;
  }

  delete(key: string): void {
    this.#record(key, 'deleted');
  }

  deleteAnswer(answerId: string): void {
    for (const key of [...this.#told.keys.keys(), ...this.#waiting.keys.keys()]) {
      const change = this.find(key);
      if (isEntry(change) && change.answerId === answerId) this.delete(key);
    }
    this.#waiting.answers.add(answerId);
    this.#bound();
  }

  use(key: string): void {
    this.#record(key, this.#waiting.keys.get(key) ?? 'used');
  }

  /** What is to become of a key; undefined where that is for the store to say. */
  find(key: string): Entry | 'deleted' | undefined {
    for (const { everything, keys } of [this.#waiting, this.#told]) {
      const change = keys.get(key);
      if (change !== undefined && change !== 'used') return change;
      if (everything) return 'deleted';
    }
    return undefined;
  }

  /** Whether an entry that the store still has is to go, by the id of its answer. */
  deletesAnswer(answerId: string | null): boolean {
    return answerId !== null && (this.#waiting.answers.has(answerId) || this.#told.answers.has(answerId));
  }

  /** The next batch to tell. The one before it has been settled or put back. */
  take(): Batch {
    const { everything, answers, keys } = this.#waiting;
    this.#told = { everything, answers, keys: new Map() };
    this.#waiting = { ...newBatch(), keys };
    for (const [key, change] of keys) {
      if (this.#told.keys.size >= BATCH_CHANGES || this.#toldBytes >= BATCH_BYTES) break;
      keys.delete(key);
      this.#told.keys.set(key, change);
      this.#waitingBytes -= bytesOf(key, change);
      this.#toldBytes += bytesOf(key, change);
    }
    return this.#told;
  }

  settle(): void {
    this.#told = newBatch();
    this.#toldBytes = 0;
  }

  /** What came since stands; the rest waits again, its place in the order of use lost. */
  putBack(): void {
    const { everything, answers, keys } = this.#told;
    this.settle();
    if (this.#waiting.everything) return;
    this.#waiting = { everything, answers: answers.union(this.#waiting.answers), keys: this.#waiting.keys };
    for (const [key, change] of keys) {
      const since = this.#waiting.keys.get(key);
      if (since === undefined || since === 'used') this.#record(key, change);
    }
  }

  #record(key: string, change: Change): void {
    const { keys } = this.#waiting;
    this.#waitingBytes += bytesOf(key, change) - bytesOf(key, keys.get(key));
    keys.delete(key);
    keys.set(key, change);
    this.#bound();
  }

  #bound(): void {
    if (this.#waiting.keys.size + this.#waiting.answers.size <= MAX_CHANGES) return;
    this.#waiting = { ...newBatch(), everything: true };
    this.#waitingBytes = 0;
  }
}

function isEntry(change: Change | undefined): change is Entry {
  return typeof change === 'object';
}

function bytesOf(key: string, change: Change | undefined): number {
  return isEntry(change) ? weigh(key, change) : 0;
}
