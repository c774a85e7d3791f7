/**
 * The database file of the disk tier: a plain synchronous class, run by
 * `sqlite.worker`. A method that throws has let go of the file; `open` tries
 * again.
 */
import type { Entry } from '../response/entry.ts';
import type { Batch } from './changes.ts';
import { type DatabaseOptions, SqliteDatabase } from './sqlite-database.ts';
import { SqliteEntries } from './sqlite-entries.ts';
import type { Kept, Likeness, StoreSize } from './store.ts';

export interface SqliteFileOptions extends Pick<DatabaseOptions<SqliteEntries>, 'path' | 'onAside'> {
  readonly maxBytes: number;
}

export interface Committed extends StoreSize {
  /** How many entries made room for others. */
  readonly evicted: number;
}

export class SqliteFile {
  readonly #database: SqliteDatabase<SqliteEntries>;

  constructor({ maxBytes, ...options }: SqliteFileOptions) {
    this.#database = new SqliteDatabase({ ...options, layOut: (database) => new SqliteEntries(database, maxBytes) });
  }

  open(now: number): StoreSize {
    this.#database.letGo();
    return this.#mend(now, () => {
      if (!this.#database.isOpen) this.#database.connect();
      return this.#opened().size();
    });
  }

  get(key: string, now: number): Entry | undefined {
    return this.#mend(now, () => this.#opened().get(key));
  }

  commit(batch: Batch, now: number): Committed {
    return this.#mend(now, () => {
      const evicted = this.#opened().commit(batch, now);
      return { ...this.#opened().size(), evicted };
    });
  }

  find(digits: string, now: number): Kept | undefined {
    return this.#mend(now, () => this.#opened().find(digits));
  }

  recent(like: Likeness, limit: number, now: number): readonly Kept[] {
    return this.#mend(now, () => this.#opened().recent(like, limit));
  }

  close(): void {
    this.#database.close();
  }

  #opened(): SqliteEntries {
    return this.#database.tables;
  }

  #mend<T>(now: number, act: () => T): T {
    return this.#database.mend(now, act);
  }
}
