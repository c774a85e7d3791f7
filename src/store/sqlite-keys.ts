/**
 * Which keys the file has, as its thread knows it: read a little at a time,
 * then kept up with what is committed. Void as soon as another connection has
 * written, or more has been added than there is room for.
 *
 *   void ─ learn() ─▶ learning ─ learn()… ─▶ known
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { KeyFilter } from './key-filter.ts';

/** How many keys are read in one go: a few milliseconds. */
const AT_ONCE = 2_000;
/** How many keys there is room for beyond twice those that there are: 128 KiB of bits. */
const SPARE = 65_536;

interface Learnt {
  readonly filter: KeyFilter;
  /** How many more keys may be added. */
  room: number;
  /** The last that was read, in the order of keys; null once all have been. */
  last: string | null;
}

/** What a commit tells of keys. */
export interface FilterState {
  /** Whether nobody else has written since the commit before. */
  readonly isAlone: boolean;
  /** Whether all keys of the file are known. */
  readonly isKnown: boolean;
}

/** One step of learning: whether it was the last, and what came of it; nothing where it has to begin anew. */
export interface Lesson {
  readonly isOver: boolean;
  readonly memory: SharedArrayBuffer | null;
}

const IN_VAIN: Lesson = { isOver: true, memory: null };

export class SqliteKeys {
  readonly #after: StatementSync;
  readonly #count: StatementSync;
  readonly #dataVersion: StatementSync;
  #version: number;
  #learnt: Learnt | null = null;

  constructor(database: DatabaseSync) {
    this.#after = database.prepare('SELECT key FROM entries WHERE key > ? ORDER BY key LIMIT ?');
    this.#count = database.prepare('SELECT entries FROM held');
    this.#dataVersion = database.prepare('PRAGMA data_version');
    this.#version = this.#versionNow();
  }

  /** Reads a few more keys. */
  learn(): Lesson {
    const learnt = (this.#learnt ??= this.#begin());
    if (learnt.last !== null) {
      const keys = this.#after.all(learnt.last, AT_ONCE).map((row) => row.key as string);
      this.#add(learnt, keys);
      learnt.last = keys.length < AT_ONCE ? null : (keys.at(-1) as string);
    }
    if (!this.#look() || this.#learnt === null) return IN_VAIN;
    return learnt.last === null ? { isOver: true, memory: learnt.filter.memory } : { isOver: false, memory: null };
  }

  /** @param keys just committed */
  keep(keys: Iterable<string>): FilterState {
    const isAlone = this.#look();
    if (this.#learnt) this.#add(this.#learnt, keys);
    return { isAlone, isKnown: this.#learnt?.last === null };
  }

  #begin(): Learnt {
    const room = 2 * (this.#count.get()?.entries as number) + SPARE;
    return { filter: KeyFilter.for(room), room, last: '' };
  }

  /** Whether nobody else has written since the last look; else nothing is known. */
  #look(): boolean {
    const version = this.#versionNow();
    if (version === this.#version) return true;
    this.#version = version;
    this.#learnt = null;
    return false;
  }

  /** Another number once another connection has written. */
  #versionNow(): number {
    return this.#dataVersion.get()?.data_version as number;
  }

  #add(learnt: Learnt, keys: Iterable<string>): void {
    for (const key of keys) {
      learnt.filter.add(key);
      learnt.room--;
    }
    if (learnt.room < 0) this.#learnt = null;
  }
}
