/**
 * The changes that a slow store has been asked for and has yet to make.
 *
 *   waiting   put, delete, deleteAnswer, purge, use; a key's newest change is the one kept
 *   sent      take(): the oldest of them, on their way; one batch at a time
 *   gone      ack(): they happened
 *             nack(): they did not, and wait again beneath what came since
 *
 * A change is never forgotten, or an older value would come back to life: an
 * entry that there is no room for becomes a deletion, and where there are too
 * many deletions, everything is deleted. Uses alone may be forgotten.
 */
import type { Entry } from '../response/entry.ts';
import { isPurgedBy, type Purge } from './filter.ts';
import { type Gone, isGone } from './gone.ts';
import { NOTHING, type Totals } from './listing.ts';
import { weigh } from './weight.ts';

/** An entry, and how often it was served since it was put. */
export interface Put {
  readonly entry: Entry;
  readonly uses: number;
}

/** A number is how often what the store has was served. */
export type Change = Put | 'deleted' | number;

/** A purge, and what whoever ordered it calls it. */
export interface PurgeOrder {
  readonly token: string;
  readonly purge: Purge;
}

/** Changes in the order to make them: purges, then answers, then keys by last change. */
export interface Batch<C extends Change = Change> {
  readonly purges: readonly PurgeOrder[];
  readonly answers: Set<string>;
  readonly keys: Map<string, C>;
}

/** With what it weighs, in bytes. */
interface WeighedPut extends Put {
  readonly bytes: number;
}

type Weighed = WeighedPut | Exclude<Change, Put>;

/** How much one batch may hold; more waiting than this is not worth waiting longer. */
const BATCH_CHANGES = 100;
const BATCH_BYTES = 2 * 1_024 * 1_024;
/** How much may wait in all; uses may take half of it. */
const MAX_CHANGES = 100_000;
const MAX_BYTES = 32 * 1_024 * 1_024;
const MAX_PURGES = 100;

const EVERYTHING: PurgeOrder = { token: '', purge: {} };

const newBatch = (): Batch<Weighed> => ({ purges: [], answers: new Set(), keys: new Map() });

export class WriteBuffer {
  #waiting = newBatch();
  #told = newBatch();
  #waitingBytes = 0;
  #toldBytes = 0;

  get isEmpty(): boolean {
    const { purges, answers, keys } = this.#waiting;
    return purges.length === 0 && answers.size === 0 && keys.size === 0;
  }

  /** True where a whole batch waits. */
  get isDue(): boolean {
    return this.#waiting.keys.size >= BATCH_CHANGES || this.#waitingBytes >= BATCH_BYTES;
  }

  /** How many batches it takes to send all that waits. */
  get batches(): number {
    let [batches, changes, bytes] = [0, BATCH_CHANGES, 0];
    for (const change of this.#waiting.keys.values()) {
      if (changes >= BATCH_CHANGES || bytes >= BATCH_BYTES) [batches, changes, bytes] = [batches + 1, 0, 0];
      changes += 1;
      bytes += bytesOf(change);
    }
    return batches || (this.isEmpty ? 0 : 1);
  }

  /** False where there is no room for the entry; then its key is deleted. */
  put(key: string, entry: Entry): boolean {
    const bytes = weigh(key, entry);
    const hasRoom = this.#waitingBytes + this.#toldBytes + bytes <= MAX_BYTES;
    this.#record(key, hasRoom ? { entry, uses: 0, bytes } : 'deleted');
    return hasRoom;
  }

  delete(key: string): void {
    this.#record(key, 'deleted');
  }

  deleteAnswer(answerId: string): void {
    this.#deleteEach((entry) => entry.answerId === answerId);
    this.#waiting.answers.add(answerId);
    this.#bound();
  }

  /** @returns what of it was yet to be written */
  purge(order: PurgeOrder): Totals {
    const dropped = this.#deleteEach((entry) => isPurgedBy(order.purge, entry));
    this.#waiting = {
      ...this.#waiting,
      purges: this.#waiting.purges.length < MAX_PURGES ? [...this.#waiting.purges, order] : [EVERYTHING],
    };
    return dropped;
  }

  /** Drops the entries that are yet to be written and that somebody else threw away. */
  forsake(gone: Gone): void {
    this.#deleteEach((entry, key) => isGone(gone, key, entry));
  }

  use(key: string, times: number): void {
    const { keys } = this.#waiting;
    const change = keys.get(key);
    if (change === undefined && keys.size >= MAX_CHANGES / 2) return;
    if (change !== 'deleted')
      this.#record(key, isPut(change) ? { ...change, uses: change.uses + times } : (change ?? 0) + times);
  }

  /** The change that is to come to a key; undefined where that is for the store to say. */
  find(key: string): Entry | 'deleted' | undefined {
    for (const { keys } of [this.#waiting, this.#told]) {
      const change = keys.get(key);
      if (change === 'deleted') return change;
      if (isPut(change)) return change.entry;
    }
    return undefined;
  }

  /** True for an entry that the store still has and that is to go. */
  hasPendingDelete(entry: Entry): boolean {
    return [this.#waiting, this.#told].some(
      ({ purges, answers }) =>
        (entry.answerId !== null && answers.has(entry.answerId)) ||
        purges.some(({ purge }) => isPurgedBy(purge, entry)),
    );
  }

  /** The next batch to send. The one before it has been acknowledged or not. */
  take(): Batch {
    const { purges, answers, keys } = this.#waiting;
    this.#told = { purges, answers, keys: new Map() };
    this.#waiting = { ...newBatch(), keys };
    for (const [key, change] of keys) {
      if (this.#told.keys.size >= BATCH_CHANGES || this.#toldBytes >= BATCH_BYTES) break;
      keys.delete(key);
      this.#told.keys.set(key, change);
      this.#waitingBytes -= bytesOf(change);
      this.#toldBytes += bytesOf(change);
    }
    return this.#told;
  }

  ack(): void {
    this.#told = newBatch();
    this.#toldBytes = 0;
  }

  /** Keeps what came since; the rest waits again, its place in the order of use lost. */
  nack(): void {
    const { purges, answers, keys } = this.#told;
    this.ack();
    const waiting = this.#waiting;
    const isEverything = waiting.purges.includes(EVERYTHING);
    this.#waiting = {
      purges: isEverything ? waiting.purges : [...purges, ...waiting.purges],
      answers: answers.union(waiting.answers),
      keys: waiting.keys,
    };
    if (isEverything) return;
    for (const [key, change] of keys) {
      const since = this.#waiting.keys.get(key);
      if (since === undefined) this.#record(key, change);
      else if (typeof since === 'number')
        this.#record(
          key,
          isPut(change) ? { ...change, uses: change.uses + since } : change === 'deleted' ? change : change + since,
        );
    }
  }

  /** Drops the entries that wait and fit. What they were to replace goes too. */
  #deleteEach(fits: (entry: Entry, key: string) => boolean): Totals {
    let { entries, bytes } = NOTHING;
    for (const key of new Set([...this.#told.keys.keys(), ...this.#waiting.keys.keys()])) {
      const change = this.find(key);
      if (change === undefined || change === 'deleted' || !fits(change, key)) continue;
      entries += 1;
      bytes += weigh(key, change);
      this.delete(key);
    }
    return { entries, bytes };
  }

  #record(key: string, change: Weighed): void {
    const { keys } = this.#waiting;
    this.#waitingBytes += bytesOf(change) - bytesOf(keys.get(key));
    keys.delete(key);
    keys.set(key, change);
    this.#bound();
  }

  #bound(): void {
    const { answers, keys } = this.#waiting;
    if (keys.size + answers.size <= MAX_CHANGES) return;
    for (const [key, change] of keys) if (typeof change === 'number') keys.delete(key);
    if (keys.size + answers.size <= MAX_CHANGES) return;
    this.#waiting = { ...newBatch(), purges: [EVERYTHING] };
    this.#waitingBytes = 0;
  }
}

function isPut(change: Weighed | undefined): change is WeighedPut {
  return typeof change === 'object';
}

function bytesOf(change: Weighed | undefined): number {
  return isPut(change) ? change.bytes : 0;
}
