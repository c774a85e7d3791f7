/**
 * The database file of the disk tier: a plain synchronous class, run by
 * `sqlite.worker`. A method that throws has let go of the file; `open` tries
 * again.
 *
 *   shut   open() ─▶ open; get(), commit() and ask() throw
 *   open   get(), commit(), ask(); a failure of the environment (full, locked, read-only, …) ─▶ shut
 *          damage ─▶ the file is set aside and a fresh one is open
 */
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Entry } from '../response/entry.ts';
import type { Batch } from './changes.ts';
import { SqliteEntries, type SqliteSize } from './sqlite-entries.ts';
import { type Failure, failureOf, isDamage } from './sqlite-failure.ts';

/** Damage that went on within this time of the last is no damage to a file but to the disk. */
const ASIDE_INTERVAL_MS = 60_000;
const BUSY_TIMEOUT_MS = 1_000;

export interface SqliteFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** Told when a file was set aside, and as what. */
  readonly onAside: (failure: Failure, movedTo: string) => void;
}

export class SqliteFile {
  readonly #options: SqliteFileOptions;
  #database: DatabaseSync | undefined;
  #entries: SqliteEntries | undefined;
  #lastAsideAt = -Infinity;

  constructor(options: SqliteFileOptions) {
    this.#options = options;
  }

  open(now: number): SqliteSize {
    this.#letGo();
    return this.#mend(now, () => {
      if (this.#entries === undefined) this.#connect();
      return this.#opened().size();
    });
  }

  get(key: string, now: number): Entry | undefined {
    return this.ask(now, (entries) => entries.get(key));
  }

  commit(batch: Batch, now: number): SqliteSize {
    return this.ask(now, (entries) => {
      entries.commit(batch, now);
      return entries.size();
    });
  }

  /** What the entries say; asked once more where the file had to be set aside. */
  ask<T>(now: number, act: (entries: SqliteEntries) => T): T {
    return this.#mend(now, () => act(this.#opened()));
  }

  /** Puts all of the write-ahead log into the file, then lets go of it. */
  close(): void {
    try {
      this.#database?.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.#letGo();
    }
  }

  #opened(): SqliteEntries {
    if (this.#entries === undefined) throw new Error('the file is not open');
    return this.#entries;
  }

  #connect(): void {
    const { path, maxBytes } = this.#options;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    create(path);
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    this.#entries = new SqliteEntries(this.#database, maxBytes);
  }

  /** Does `act`, and where the file turns out damaged does it once more on a fresh one. */
  #mend<T>(now: number, act: () => T): T {
    try {
      return act();
    } catch (error) {
      const isToMend = isDamage(error) && now >= this.#lastAsideAt + ASIDE_INTERVAL_MS;
      try {
        if (isToMend) this.#setAside(failureOf(error), now);
      } finally {
        this.#letGo();
      }
      if (!isToMend) throw error;
    }
    try {
      this.#connect();
      return act();
    } catch (error) {
      this.#letGo();
      throw error;
    }
  }

  /**
   * Nothing is deleted: what is left of the file may be worth a look, and may
   * not even be ours. Its names change while it is still open, since SQLite
   * deletes the write-ahead log, by name, when it closes.
   */
  #setAside(failure: Failure, now: number): void {
    const { path, onAside } = this.#options;
    const stamp = new Date(now).toISOString().replaceAll(/[:.]/g, '-');
    let aside = `${path}.corrupt-${stamp}`;
    for (let copy = 2; existsSync(aside); copy += 1) aside = `${path}.corrupt-${stamp}-${copy}`;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
    this.#lastAsideAt = now;
    onAside(failure, aside);
  }

  #letGo(): void {
    try {
      this.#database?.close();
    } catch {
      // A handle that cannot be closed is of no use either.
    }
    this.#database = undefined;
    this.#entries = undefined;
  }
}

/**
 * An empty file that only its owner may read; SQLite gives its mode to the
 * `-wal` and `-shm` beside it. One that exists must not even be opened here:
 * closing it would drop the locks of every other connection of this process
 * (https://www.sqlite.org/howtocorrupt.html, 2.2).
 */
function create(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
