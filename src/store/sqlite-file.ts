/**
 * The database file of the disk tier: a plain synchronous class, run by
 * `sqlite.worker`. A method that throws has let go of the file; `open` tries
 * again.
 */
import type { Entry } from '../response/entry.ts';
import type { Batch } from './changes.ts';
import { type DatabaseOptions, SqliteDatabase } from './sqlite-database.ts';
import { SqliteEntries, type SqliteSize } from './sqlite-entries.ts';
import type { Standing } from './sqlite-keys.ts';

export interface SqliteFileOptions extends Pick<DatabaseOptions<SqliteEntries>, 'path' | 'onAside'> {
  readonly maxBytes: number;
}

export interface Committed extends SqliteSize, Standing {
  /** How many entries made room for others. */
  readonly evicted: number;
}

export class SqliteFile {
  readonly #database: SqliteDatabase<SqliteEntries>;

  constructor({ maxBytes, ...options }: SqliteFileOptions) {
    this.#database = new SqliteDatabase({ ...options, layOut: (database) => new SqliteEntries(database, maxBytes) });
  }

  open(now: number): SqliteSize {
    this.#database.letGo();
    return this.#mend(now, () => {
      if (!this.#database.isOpen) this.#database.connect();
      return this.#opened().size();
    });
  }

  get(key: string, now: number): Entry | undefined {
    return this.ask(now, (entries) => entries.get(key));
  }

  commit(batch: Batch, now: number): Committed {
    return this.ask(now, (entries) => {
      const evicted = entries.commit(batch, now);
      return { ...entries.size(), evicted, ...entries.keys.keep(keysPutBy(batch)) };
    });
  }

  /** What the entries say; asked once more where the file had to be set aside. */
  ask<T>(now: number, act: (entries: SqliteEntries) => T): T {
    return this.#mend(now, () => act(this.#opened()));
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

function keysPutBy({ keys }: Batch): Iterable<string> {
  return keys.entries().filter(([, change]) => typeof change === 'object').map(([key]) => key);
}
