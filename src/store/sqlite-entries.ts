/**
 * The entries in an open database: what the SQL is. Synchronous; throws what
 * SQLite throws. Whoever sees a throw lets go of the database.
 *
 * The sum of all rows never exceeds the bound after a commit.
 *
 * Rows that go leave pages that later rows fill, so that the file stays about
 * as large as the bound plus one batch. Only a surplus of free pages (the bound
 * was lowered, much was purged) is handed back, a little at each commit: that
 * is why `auto_vacuum` is incremental, where full would move pages all the time.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { encodeAnswer } from '../response/codec.ts';
import type { Entry } from '../response/entry.ts';
import type { Batch, Put } from './write-buffer.ts';
import { NOTHING, type Totals } from './listing.ts';
import { SqliteCatalogue } from './sqlite-catalogue.ts';
import { checkVersion, transact } from './sqlite-database.ts';
import { type GoneSince, SqliteGone } from './sqlite-gone.ts';
import { setMark, STORE_MARK } from './sqlite-mark.ts';
import { SqlitePurges } from './sqlite-purges.ts';
import { columnsOf, entryOf, LABEL_COLUMNS, type RawRow } from './sqlite-rows.ts';
import { RowSealing } from './sqlite-sealing.ts';
import { layOut, ROW_BYTES, SCHEMA_VERSION, TAG_BYTES } from './sqlite-schema.ts';
import { goneBy } from './thrown-away.ts';

/** The size of what is held, and whether purges are yet to be done. */
export interface SqliteSize extends Totals {
  readonly isPurging: boolean;
}

export interface Swept {
  readonly isDone: boolean;
  /** The totals that were deleted for the order, once it is done. */
  readonly totals: Totals;
  readonly size: SqliteSize;
}

export interface Role {
  /** The name of this process among those that write. */
  readonly writer: string;
  /** True where nothing may be written. */
  readonly isReadOnly: boolean;
  /** How long an expired entry makes room no sooner than others, in seconds; 0 if not given. */
  readonly retention?: number;
  /** Seals and opens rows; if not given, all are in the clear. */
  readonly sealing?: RowSealing;
}

const NEXT_USE = '(SELECT ifnull(max(used), 0) + 1 FROM entries)';

export class SqliteEntries {
  readonly catalogue: SqliteCatalogue;
  readonly #database: DatabaseSync;
  readonly #maxBytes: number;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #purges: SqlitePurges;
  readonly #gone: SqliteGone;
  readonly #isReadOnly: boolean;
  readonly #retentionMs: number;
  readonly #sealing: RowSealing;

  /** Lays out the database where it may be written, or finds that another version did. */
  constructor(
    database: DatabaseSync,
    maxBytes: number,
    { writer, isReadOnly, retention = 0, sealing = new RowSealing() }: Role = { writer: '', isReadOnly: false },
  ) {
    this.#database = database;
    this.#maxBytes = maxBytes;
    this.#isReadOnly = isReadOnly;
    this.#retentionMs = retention * 1000;
    this.#sealing = sealing;
    checkVersion(database, SCHEMA_VERSION);
    if (!isReadOnly) this.#prepareToWrite();
    // In KiB: most of the pages of a million rows' indexes that a change touches.
    database.exec('PRAGMA cell_size_check = ON; PRAGMA cache_size = -16384');
    this.#statements = prepare(database);
    this.#purges = new SqlitePurges(database);
    this.#gone = new SqliteGone(database, writer);
    this.catalogue = new SqliteCatalogue(database, sealing, (row) => this.#purges.has(row));
  }

  /** A frame that is not whole is deleted. */
  get(key: string): Entry | undefined {
    const row = this.#statements.get.get(key);
    return row && this.#decode(key, row);
  }

  getMany(keys: readonly string[]): Map<string, Entry> {
    const all = keys.map((key) => [key, this.get(key)] as const);
    return new Map(all.filter((each): each is [string, Entry] => each[1] !== undefined));
  }

  /** The same with what was asked. */
  read(key: string): Entry | undefined {
    const row = this.#statements.read.get(key);
    return row && this.#decode(key, row);
  }

  /**
   * @param gone all that the batch throws away
   * @returns how many entries made room for others
   */
  commit(batch: Batch, now: number, gone = goneBy(batch)): number {
    const { purges, answers, keys } = batch;
    let evicted = 0;
    // Nothing thrown away may come back, not even after a power cut.
    if (gone.length > 0) this.#database.exec('PRAGMA synchronous = FULL');
    transact(this.#database, () => {
      for (const purge of purges) this.#purges.begin(purge);
      for (const answerId of answers) this.#statements.deleteAnswer.run(...this.#sealing.spellings(answerId));
      for (const [key, change] of keys) {
        if (typeof change === 'number') this.#statements.use.run(change, key);
        else if (change === 'deleted') this.#statements.delete.run(key);
        else this.#put(key, change);
      }
      if (gone.length > 0) this.#gone.note(gone);
      evicted = this.#trim(now);
    });
    if (gone.length > 0) this.#database.exec('PRAGMA synchronous = NORMAL');
    this.#shrink();
    return evicted;
  }

  /** Does a little of what is to be purged. @param token of one order; else of the first */
  sweep(token?: string): Swept {
    transact(this.#database, () => this.#purges.sweep(token));
    this.#shrink();
    const totals = this.#purges.takeDone(token);
    return { isDone: totals !== null, totals: totals ?? NOTHING, size: this.size() };
  }

  /** The number of what was thrown away last, by whomever. */
  get lastGone(): number {
    return this.#gone.last;
  }

  /** The things that others threw away behind a number; none where nobody has written since the last look. */
  goneSince(seen: number, isToLook: boolean): GoneSince {
    if (!this.#gone.hasNews() && !isToLook) return { gone: [], last: seen };
    this.#purges.refresh();
    return this.#gone.since(seen);
  }

  size(): SqliteSize {
    const { entries, bytes } = this.#statements.held.get() as { entries: number; bytes: number };
    return { entries, bytes, isPurging: this.#purges.isPurging };
  }

  #decode(key: string, row: RawRow): Entry | undefined {
    if (this.#purges.has(row)) return undefined;
    const opened = this.#sealing.openRow(key, row);
    // A process that has its secret may still want it.
    if (opened === 'other-secret') return undefined;
    const entry = opened === 'altered' ? undefined : entryOf(key, opened);
    if (entry === undefined && !this.#isReadOnly) this.#statements.delete.run(key);
    return entry;
  }

  #put(key: string, { entry, uses }: Put): void {
    const { answerId, storedAt } = entry;
    const columns = { ...columnsOf(entry), frame: encodeAnswer(key, entry) };
    const { parts, prompt, frame, ...label } = this.#sealing.sealRow(key, storedAt, columns);
    const texts = [key, parts, prompt, ...Object.values(label)];
    const tags = entry.request?.tags ?? [];
    const bytes = ROW_BYTES + frame.length + bytesOf(texts) + bytesOf(tags) + tags.length * TAG_BYTES;
    this.#statements.delete.run(key);
    if (bytes > this.#maxBytes) return;
    const expiresAt = entry.expiresAt === Infinity ? null : entry.expiresAt;
    const { lastInsertRowid: id } = this.#statements.add.run({
      key,
      answerId: this.#sealing.answerId(answerId),
      storedAt,
      expiresAt,
      uses,
      bytes,
      ...label,
    });
    this.#statements.addAnswer.run(id, parts, prompt, frame);
    for (const tag of tags) this.#statements.addTag.run(tag, id);
  }

  /** Expired entries that are not to be retained go first, then those that were used least recently. */
  #trim(now: number): number {
    let evicted = 0;
    while (this.size().bytes > this.#maxBytes) {
      if (this.#statements.deleteExpired.run(now - this.#retentionMs).changes !== 0) continue;
      if (this.#statements.deleteLeastUsed.run().changes === 0) break;
      evicted++;
    }
    return evicted;
  }

  #prepareToWrite(): void {
    this.#database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    setMark(this.#database, STORE_MARK);
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216');
    transact(this.#database, () => layOut(this.#database));
  }

  /** Hands back up to 1 MB of free pages when more than an eighth of the file is free. */
  #shrink(): void {
    const { free, pages } = this.#statements.pages.get() as { free: number; pages: number };
    if (free > 256 && free > pages / 8) this.#database.exec('PRAGMA incremental_vacuum(256)');
  }
}

function prepare(database: DatabaseSync) {
  const deleteFirst = (order: string) =>
    database.prepare(`DELETE FROM entries WHERE id = (SELECT id FROM entries ${order} LIMIT 1)`);
  const select = (columns: string) =>
    database.prepare(`SELECT id, ${LABEL_COLUMNS}, ${columns} FROM entries LEFT JOIN answers USING (id) WHERE key = ?`);
  return {
    get: select('frame'),
    read: select('frame, parts, prompt'),
    add: database.prepare(
      `INSERT INTO entries (key, answer_id, stored_at, expires_at, used, hits, bytes,
                            endpoint, model, scope, tags, call)
       VALUES (:key, :answerId, :storedAt, :expiresAt, ${NEXT_USE}, :uses, :bytes,
               :endpoint, :model, :scope, :tags, :call)`,
    ),
    addAnswer: database.prepare('INSERT OR REPLACE INTO answers (id, parts, prompt, frame) VALUES (?, ?, ?, ?)'),
    addTag: database.prepare('INSERT OR IGNORE INTO tags (tag, id) VALUES (?, ?)'),
    use: database.prepare(`UPDATE entries SET used = ${NEXT_USE}, hits = hits + ? WHERE key = ?`),
    delete: database.prepare('DELETE FROM entries WHERE key = ?'),
    deleteAnswer: database.prepare('DELETE FROM entries WHERE answer_id IN (?, ?)'),
    deleteExpired: deleteFirst('WHERE expires_at <= ? ORDER BY expires_at'),
    deleteLeastUsed: deleteFirst('ORDER BY used'),
    held: database.prepare('SELECT entries, bytes FROM held'),
    pages: database.prepare(
      'SELECT freelist_count AS free, page_count AS pages FROM pragma_freelist_count, pragma_page_count',
    ),
  } satisfies Record<string, StatementSync>;
}

function bytesOf(texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
}
