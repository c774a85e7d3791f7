/**
 * A database file of ours: made for its owner alone, laid out, set aside where
 * it is damaged, let go of where it fails. Synchronous; run in a thread.
 *
 *   shut   connect() ─▶ open; tables throws
 *   open   mend(act); a failure of the environment (full, locked, read-only, …) ─▶ shut
 *          damage ─▶ the file is set aside and a fresh one is open
 */
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Failure, failureOf, isDamage, OtherSchemaError } from './sqlite-failure.ts';

/** Damage that went on within this time of the last is no damage to a file but to the disk. */
const ASIDE_INTERVAL_MS = 60_000;
const BUSY_TIMEOUT_MS = 1_000;

export interface DatabaseOptions<Tables> {
  readonly path: string;
  /** Lays out the database, or finds that another version did. Writes in any case, so that one that cannot be written shows now. */
  readonly layOut: (database: DatabaseSync) => Tables;
  /** Told when a file was set aside, and as what. */
  readonly onAside: (failure: Failure, movedTo: string) => void;
}

export class SqliteDatabase<Tables> {
  readonly #options: DatabaseOptions<Tables>;
  #database: DatabaseSync | undefined;
  #tables: Tables | undefined;
  #lastAsideAt = -Infinity;

  constructor(options: DatabaseOptions<Tables>) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#tables !== undefined;
  }

  /** Throws while the file is not open. */
  get tables(): Tables {
    if (this.#tables === undefined) throw new Error('the file is not open');
    return this.#tables;
  }

  connect(): void {
    const { path, layOut } = this.#options;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    create(path);
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    this.#tables = layOut(this.#database);
  }

  /** Does `act`, and where the file turns out damaged does it once more on a fresh one. What throws has let go of the file. */
  mend<T>(now: number, act: () => T): T {
    try {
      return act();
    } catch (error) {
      const isToMend = isDamage(error) && now >= this.#lastAsideAt + ASIDE_INTERVAL_MS;
      try {
        if (isToMend) this.#setAside(failureOf(error), now);
      } finally {
        this.letGo();
      }
      if (!isToMend) throw error;
    }
    try {
      this.connect();
      return act();
    } catch (error) {
      this.letGo();
      throw error;
    }
  }

  /** Puts all of the write-ahead log into the file, then lets go of it. */
  close(): void {
    try {
      this.#database?.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.letGo();
    }
  }

  letGo(): void {
    try {
      this.#database?.close();
    } catch {
      // A handle that cannot be closed is of no use either.
    }
    this.#database = undefined;
    this.#tables = undefined;
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

/** @throws OtherSchemaError where the database was laid out by another version than `own` */
export function checkVersion(database: DatabaseSync, own: number): void {
  // In one statement: between two of them another process may lay it out.
  const { version, tables } = database.prepare('SELECT user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_user_version').get() ?? {};
  if (version !== own && (version !== 0 || tables !== 0)) throw new OtherSchemaError(version);
}
