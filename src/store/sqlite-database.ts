/**
 * A database file of ours: made for its owner alone, laid out, set aside where
 * it is damaged, let go of where it fails, begun afresh where it was taken
 * away. Synchronous; run in a thread.
 *
 *   shut        connect() ─▶ open, or read-only where the place cannot be written; tables throws
 *   open        withRecovery(act); a failure of the environment (full, locked, …) ─▶ shut
 *               damage ─▶ the file is set aside and a fresh one is open
 *               follow() ─▶ what is at the path now is open
 *   read-only   the same, but nothing is written, and damage ─▶ shut
 *
 * A file that is not ours is never opened for more than a look at its mark.
 */
import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { closeToOthers } from '../privacy.ts';
import { type Failure, failureOf } from '../thread/failure.ts';
import { attempt } from './attempt.ts';
import { type FileIdentity, identityOf } from './file-identity.ts';
import type { FileNews } from './file-news.ts';
import { isToBeReadOnly, makeFile, SUFFIXES } from './new-file.ts';
import { isStill, openReadOnly } from './read-only.ts';
import { realPath } from './real-path.ts';
import { isDamage, isUnwritable, OtherSchemaError } from './sqlite-failure.ts';
import { checkMark, type Mark } from './sqlite-mark.ts';

/** Damage that went on within this time of the last is no damage to a file but to the disk. */
const ASIDE_INTERVAL_MS = 60_000;

export interface DatabaseOptions<Tables> {
  readonly path: string;
  readonly mark: Mark;
  /** How long another process may hold the file, in milliseconds. */
  readonly busyMs: number;
  /** Lays out the database, or finds that another version did. Writes in any case, to find one that takes no writes. */
  readonly layOut: (database: DatabaseSync) => Tables;
  /** The same of one that may only be read. */
  readonly readOnly: (database: DatabaseSync) => Tables;
  readonly onNews: (news: FileNews) => void;
}

export class SqliteDatabase<Tables> {
  readonly #options: DatabaseOptions<Tables>;
  #database: DatabaseSync | undefined;
  #tables: Tables | undefined;
  #identity: FileIdentity | undefined;
  /** The file that was open last, and not set aside. */
  #lastFile: string | undefined;
  /** How often another file was found in its place. */
  #generation = 0;
  #unwritable: Failure | null = null;
  #lastAsideAt = -Infinity;
  /** Those that others can read, as was reported last. */
  #exposed = '';

  constructor(options: DatabaseOptions<Tables>) {
    this.#options = options;
  }

  /** With the path of what a link leads to. */
  get #placed(): DatabaseOptions<Tables> {
    return { ...this.#options, path: realPath(this.#options.path) };
  }

  get isOpen(): boolean {
    return this.#tables !== undefined;
  }

  /** Why nothing is written; null where it is, or where the file is not open. */
  get unwritable(): Failure | null {
    return this.#unwritable;
  }

  /** The identity of the open file; another text for another file. */
  get identity(): string | undefined {
    return this.#identity && `${this.#identity.file} ${this.#generation}`;
  }

  /** Throws while the file is not open. */
  get tables(): Tables {
    if (this.#tables === undefined) throw new Error('the file is not open');
    return this.#tables;
  }

  connect(): void {
    const { path, mark, busyMs, layOut } = this.#placed;
    try {
      checkMark(path, mark);
      this.#closeToOthers();
      makeFile(path);
      this.#connectWith(new DatabaseSync(path, { timeout: busyMs }), layOut);
      this.#identify(identityOf(path));
    } catch (error) {
      // A file that cannot be opened for another reason, such as a full disk, is tried again as it is.
      if (!isUnwritable(error) || !isToBeReadOnly(path)) throw error;
      this.release();
      this.#connectToRead(error);
    }
  }

  /** Opens what is at the path, where that is another file than the one that is open, or none. */
  follow(): void {
    if (this.#identity === undefined || this.#identity.isAt(this.#options.path)) return;
    this.release();
    // The next file may be given the number that this one had.
    this.#lastFile = '';
    this.#generation += 1;
    this.connect();
  }

  /** Does `act`, and once more on a fresh file where this one turns out damaged. Closes the file where it throws. */
  withRecovery<T>(now: number, act: () => T): T {
    try {
      return act();
    } catch (error) {
      const isToMend = isDamage(error) && this.#unwritable === null && now >= this.#lastAsideAt + ASIDE_INTERVAL_MS;
      try {
        if (isToMend) this.#quarantine(failureOf(error), now);
      } finally {
        this.release();
      }
      if (!isToMend) throw error;
    }
    try {
      this.connect();
      return act();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Puts all of the write-ahead log into the file, then lets go of it. */
  close(): void {
    try {
      if (this.#unwritable === null) this.#database?.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.release();
    }
  }

  release(): void {
    // A handle that cannot be closed is of no use either.
    attempt(() => this.#database?.close());
    this.#database = undefined;
    this.#tables = undefined;
    this.#identity = undefined;
    this.#unwritable = null;
  }

  #connectWith(database: DatabaseSync, tablesOf: (database: DatabaseSync) => Tables): void {
    this.#database = database;
    this.#tables = tablesOf(database);
  }

  /** @param cause why the file is not opened to be written. @throws it where the file cannot be read either */
  #connectToRead(cause: unknown): void {
    const { path, readOnly } = this.#placed;
    try {
      // Before it is opened: what changes from here on is another state of it.
      const identity = identityOf(path, isStill(path));
      this.#connectWith(openReadOnly(path), readOnly);
      this.#identify(identity);
    } catch (error) {
      this.release();
      throw isUnwritable(error) ? cause : error;
    }
    this.#unwritable = failureOf(cause);
  }

  /** Reports a file that another has taken the place of, though it was let go of long before. */
  #identify(identity: FileIdentity): void {
    const isReplaced = this.#lastFile !== undefined && this.#lastFile !== identity.file;
    this.#identity = identity;
    this.#lastFile = identity.file;
    if (isReplaced) this.#options.onNews({ kind: 'replaced' });
  }

  #closeToOthers(): void {
    const { path, onNews } = this.#placed;
    const found = Map.groupBy(
      SUFFIXES.map((suffix) => path + suffix),
      closeToOthers,
    );
    const { mended = [], exposed = [] } = Object.fromEntries(found);
    if (mended.length > 0) onNews({ kind: 'mended', paths: mended });
    if (exposed.length > 0 && exposed.join() !== this.#exposed) onNews({ kind: 'exposed', paths: exposed });
    this.#exposed = exposed.join();
  }

  /**
   * Nothing is deleted: what is left of the file may be worth a look. Its
   * names change while it is still open, since SQLite deletes the write-ahead
   * log, by name, when it closes.
   */
  #quarantine(failure: Failure, now: number): void {
    const { path, onNews } = this.#placed;
    const stamp = new Date(now).toISOString().replaceAll(/[:.]/g, '-');
    let aside = `${path}.corrupt-${stamp}`;
    for (let copy = 2; existsSync(aside); copy += 1) aside = `${path}.corrupt-${stamp}-${copy}`;
    for (const suffix of SUFFIXES) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
    this.#lastAsideAt = now;
    // That the one before was taken away is yet to be reported, where this one took its place.
    if (this.#lastFile !== '') this.#lastFile = undefined;
    onNews({ kind: 'quarantined', failure, movedTo: aside });
  }
}

/** @throws OtherSchemaError where the database was laid out by another version than `own` */
export function checkVersion(database: DatabaseSync, own: number): void {
  // In one statement: between two of them another process may lay it out.
  const { version, tables } =
    database
      .prepare(
        'SELECT user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_user_version',
      )
      .get() ?? {};
  if (version !== own && (version !== 0 || tables !== 0)) throw new OtherSchemaError(version);
}

/** Tests whether there is a table of this name; a file that may only be read may be one of before there was. */
export function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined;
}

/** Commits all that `act` does, or nothing. */
export function transact<T>(database: DatabaseSync, act: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = act();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
