/**
 * The database file of the disk tier: a plain synchronous class, run by
 * `sqlite.worker`. A method that throws has let go of the file; `open` tries
 * again.
 */
import { randomUUID } from 'node:crypto';
import type { Entry } from '../response/entry.ts';
import type { Batch } from './write-buffer.ts';
import type { Gone } from './gone.ts';
import { type DatabaseOptions, SqliteDatabase } from './sqlite-database.ts';
import { SqliteEntries, type SqliteSize } from './sqlite-entries.ts';
import type { FileFailure } from './sqlite-failure.ts';
import type { FilterState } from './sqlite-keys.ts';
import { STORE_MARK } from './sqlite-mark.ts';
import { goneBy, ThrownAway } from './thrown-away.ts';

export interface SqliteFileOptions extends Pick<DatabaseOptions<SqliteEntries>, 'path' | 'onQuarantine' | 'onNews'> {
  readonly maxBytes: number;
  /** How long an expired entry makes room no sooner than others, in seconds; 0 if not given. */
  readonly retention?: number | undefined;
  /** Told what other processes threw away, before the reply to the call that found it. */
  readonly onGone?: (gone: readonly Gone[]) => void;
}

export interface Opened extends SqliteSize {
  /** Why nothing is written; null where it is. */
  readonly unwritable: FileFailure | null;
}

export interface Committed extends SqliteSize, FilterState {
  /** How many entries made room for others. */
  readonly evicted: number;
}

export class SqliteFile {
  readonly #database: SqliteDatabase<SqliteEntries>;
  readonly #onGone: (gone: readonly Gone[]) => void;
  readonly #thrownAway = new ThrownAway();
  /** When it was last called, in milliseconds since the epoch. */
  #now = 0;
  /** Up to which number it has been told what others threw away, of which file, as it was opened. */
  #told: { readonly file: string | undefined; readonly entries: SqliteEntries; readonly last: number } | null = null;

  constructor({ maxBytes, retention, onGone = () => {}, ...options }: SqliteFileOptions) {
    const writer = randomUUID();
    this.#onGone = onGone;
    this.#database = new SqliteDatabase({
      ...options,
      mark: STORE_MARK,
      layOut: (database) => new SqliteEntries(database, maxBytes, { writer, isReadOnly: false, retention }),
      readOnly: (database) => new SqliteEntries(database, maxBytes, { writer, isReadOnly: true, retention }),
    });
  }

  open(now: number): Opened {
    this.#database.release();
    return this.#withRecovery(now, () => {
      if (!this.#database.isOpen) this.#database.connect();
      this.#tellGone();
      return { ...this.#opened().size(), unwritable: this.#database.unwritable };
    });
  }

  get(key: string, now: number): Entry | undefined {
    return this.ask(now, (entries) => entries.get(key));
  }

  commit(batch: Batch, now: number): Committed {
    return this.#withRecovery(now, () => {
      this.look();
      const entries = this.#opened();
      const gone = goneBy(batch);
      this.#thrownAway.note(gone, now);
      const evicted = entries.commit(batch, now, gone);
      return { ...entries.size(), evicted, ...entries.keys.keep(keysPutBy(batch)) };
    });
  }

  /** What the entries say; asked once more where the file had to be set aside. */
  ask<T>(now: number, act: (entries: SqliteEntries) => T): T {
    return this.#withRecovery(now, () => act(this.#opened()));
  }

  /** Opens what is at the path now, where that is another file, and tells what other processes threw away. */
  look(): void {
    if (!this.#database.isOpen) return;
    this.#database.follow();
    this.#tellGone();
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  close(): void {
    this.#database.close();
  }

  #opened(): SqliteEntries {
    return this.#database.tables;
  }

  #withRecovery<T>(now: number, act: () => T): T {
    this.#now = now;
    return this.#database.withRecovery(now, act);
  }

  /** Of a file that came in place of another, all that it knows of; of the first, nothing of before. */
  #tellGone(): void {
    const { identity: file, tables: entries, unwritable } = this.#database;
    const told = this.#told ?? { file, entries, last: entries.lastGone };
    const isOther = told.file !== file;
    if (isOther && unwritable === null && !this.#thrownAway.isNothing) {
      entries.commit(this.#thrownAway.batch(), this.#now);
    }
    const { gone, last } = entries.goneSince(isOther ? 0 : told.last, told.entries !== entries);
    this.#told = { file, entries, last };
    if (gone.length === 0) return;
    this.#thrownAway.note(gone, this.#now);
    this.#onGone(gone);
  }
}

function keysPutBy({ keys }: Batch): Iterable<string> {
  return keys
    .entries()
    .filter(([, change]) => typeof change === 'object')
    .map(([key]) => key);
}
