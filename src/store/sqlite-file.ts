/**
 * The database file of the disk tier: a plain synchronous class, run in a
 * thread by `sqlite-service`. A method that throws has let go of the file;
 * `open` tries again.
 */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Entry } from '../response/entry.ts';
import type { Failure } from '../thread/failure.ts';
import type { Unopened } from './encryption.ts';
import type { FileNews } from './file-news.ts';
import type { Gone } from './gone.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { SqliteEntries, type SqliteSize } from './sqlite-entries.ts';
import { STORE_MARK } from './sqlite-mark.ts';
import type { SealingOptions } from './sealing.ts';
import { RowSealing } from './sqlite-sealing.ts';
import { goneBy, ThrownAway } from './thrown-away.ts';
import type { Batch } from './write-buffer.ts';

/** Sent unasked. */
export type StoreNews =
  | FileNews
  /** Other processes threw these away; sent before the reply to the call that found it. */
  | { readonly kind: 'gone'; readonly gone: readonly Gone[] }
  /** The file at the path now cannot be opened. */
  | { readonly kind: 'lost'; readonly failure: Failure };

export interface SqliteFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** How long an expired entry makes room no sooner than others, in seconds; 0 if not given. */
  readonly retention?: number;
  readonly onNews?: (news: StoreNews) => void;
}

export interface Opened extends SqliteSize {
  /** Why nothing is written; null where it is. */
  readonly unwritable: Failure | null;
}

export interface Committed extends SqliteSize {
  /** How many entries made room for others. */
  readonly evicted: number;
}

/** How long another process may hold the file. */
const BUSY_MS = 1_000;

/** Each `now` is in milliseconds since the epoch. */
export class SqliteFile {
  readonly #database: SqliteDatabase<SqliteEntries>;
  readonly #onNews: (news: StoreNews) => void;
  readonly #thrownAway = new ThrownAway();
  readonly #unopened = new Set<Unopened>();
  #sealing = new RowSealing();
  /** Up to which number it has reported what others threw away, of which file, as it was opened. */
  #reported: { readonly file: string | undefined; readonly entries: SqliteEntries; readonly last: number } | null =
    null;

  constructor({ path, maxBytes, retention = 0, onNews = () => {} }: SqliteFileOptions) {
    const writer = randomUUID();
    this.#onNews = onNews;
    const entriesOf = (database: DatabaseSync, isReadOnly: boolean) =>
      new SqliteEntries(database, maxBytes, { writer, retention, isReadOnly, sealing: this.#sealing });
    this.#database = new SqliteDatabase({
      path,
      mark: STORE_MARK,
      busyMs: BUSY_MS,
      layOut: (database) => entriesOf(database, false),
      readOnly: (database) => entriesOf(database, true),
      onNews,
    });
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  /** @param sealing the secret of this process, where rows may be sealed */
  open(now: number, sealing: SealingOptions | null = null): Opened {
    this.#database.release();
    this.#sealing = new RowSealing(sealing, (why) => this.#reportUnopened(why));
    return this.#database.withRecovery(now, () => {
      if (!this.#database.isOpen) this.#database.connect();
      this.#reportGone(now);
      return { ...this.#database.tables.size(), unwritable: this.#database.unwritable };
    });
  }

  get(key: string, now: number): Entry | undefined {
    return this.ask(now, (entries) => entries.get(key));
  }

  commit(batch: Batch, now: number): Committed {
    return this.#database.withRecovery(now, () => {
      this.look(now);
      const entries = this.#database.tables;
      const gone = goneBy(batch);
      this.#thrownAway.note(gone, now);
      const evicted = entries.commit(batch, now, gone);
      return { ...entries.size(), evicted };
    });
  }

  /** The answer of the entries; asked once more where the file had to be set aside. */
  ask<T>(now: number, act: (entries: SqliteEntries) => T): T {
    return this.#database.withRecovery(now, () => act(this.#database.tables));
  }

  /** Opens what is at the path now, where that is another file, and reports what other processes threw away. */
  look(now: number): void {
    if (!this.#database.isOpen) return;
    this.#database.follow();
    this.#reportGone(now);
  }

  close(): void {
    this.#database.close();
  }

  #reportUnopened(why: Unopened): void {
    if (this.#unopened.has(why)) return;
    this.#unopened.add(why);
    this.#onNews({ kind: 'unopened', why });
  }

  /** Of a file that came in place of another, all that it knows of; of the first, nothing of before. */
  #reportGone(now: number): void {
    const { identity: file, tables: entries, unwritable } = this.#database;
    const reported = this.#reported ?? { file, entries, last: entries.lastGone };
    const isOther = reported.file !== file;
    if (isOther && unwritable === null && !this.#thrownAway.isNothing) entries.commit(this.#thrownAway.batch(), now);
    const { gone, last } = entries.goneSince(isOther ? 0 : reported.last, reported.entries !== entries);
    this.#reported = { file, entries, last };
    if (gone.length === 0) return;
    this.#thrownAway.note(gone, now);
    this.#onNews({ kind: 'gone', gone });
  }
}
