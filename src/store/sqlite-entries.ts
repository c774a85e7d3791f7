/**
 * The entries in an open database: what the SQL is. Synchronous; throws what
 * SQLite throws. Whoever sees a throw lets go of the database.
 *
 * The sum of all rows never exceeds the bound after a commit. It is kept by
 * triggers, so that it is exact whoever writes, and counted anew at each open,
 * so that it is exact whatever happened to the file meanwhile.
 *
 * Rows that go leave pages that later rows fill, so that the file stays about
 * as large as the bound plus one batch. Only a surplus of free pages (the bound
 * was lowered, much was purged) is handed back, a little at each commit: that
 * is why `auto_vacuum` is incremental, where full would move pages all the time.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { decode, encode } from '../response/codec.ts';
import type { Entry } from '../response/entry.ts';
import type { Batch } from './changes.ts';
import { OtherSchemaError } from './sqlite-failure.ts';
import type { Kept, Likeness, StoreSize } from './store.ts';

const SCHEMA_VERSION = 2;

/** Fits a new database, an old one and one that another process lays out at this moment. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    answer_id TEXT,
    expires_at REAL,        -- null: never
    used INTEGER NOT NULL,  -- the highest is the most recently used
    bytes INTEGER NOT NULL,
    frame BLOB NOT NULL,
    endpoint TEXT,          -- what was asked, to be told to people; null: not known
    model TEXT,
    scope TEXT,
    parts TEXT              -- JSON
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_by_use ON entries (used, bytes);
  CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS entries_by_answer ON entries (answer_id) WHERE answer_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS entries_by_likeness ON entries (scope, endpoint, model) WHERE scope IS NOT NULL;

  CREATE TABLE IF NOT EXISTS held (entries INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  CREATE TRIGGER IF NOT EXISTS entry_added AFTER INSERT ON entries BEGIN
    UPDATE held SET entries = entries + 1, bytes = bytes + new.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS entry_gone AFTER DELETE ON entries BEGIN
    UPDATE held SET entries = entries - 1, bytes = bytes - old.bytes;
  END;
  DELETE FROM held;
  INSERT INTO held SELECT count(*), ifnull(sum(bytes), 0) FROM entries;

  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * What a row takes of the file beyond its frame and key: the key once more and
 * the row's places in the indexes, and what is left empty of its last page.
 * Measured by `node test/bench/rows.ts`.
 */
const ROW_BYTES = 1_024;

const SELECT_KEPT = 'SELECT key, endpoint, model, scope, parts FROM entries';
const NEXT_USE = '(SELECT ifnull(max(used), 0) + 1 FROM entries)';

export class SqliteEntries {
  readonly #database: DatabaseSync;
  readonly #maxBytes: number;
  readonly #statements: ReturnType<typeof prepare>;

  /** Lays out the database, or finds that another version did. Writes in any case, so that one that cannot be written shows now. */
  constructor(database: DatabaseSync, maxBytes: number) {
    this.#database = database;
    this.#maxBytes = maxBytes;
    checkVersion(database);
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    database.exec('PRAGMA journal_size_limit = 16777216; PRAGMA cell_size_check = ON');
    this.#transact(() => database.exec(SCHEMA));
    this.#statements = prepare(database);
  }

  /** A frame that is not whole is deleted. */
  get(key: string): Entry | undefined {
    const row = this.#statements.get.get(key);
    if (row === undefined) return undefined;
    // In a damaged page a column may be of any type.
    const entry = row.frame instanceof Uint8Array ? decode(key, row.frame) : undefined;
    if (entry === undefined) this.#statements.delete.run(key);
    return entry;
  }

  /** @returns how many entries made room for others */
  commit({ everything, answers, keys }: Batch, now: number): number {
    let evicted = 0;
    this.#transact(() => {
      if (everything) this.#statements.deleteAll.run();
      for (const answerId of answers) this.#statements.deleteAnswer.run(answerId);
      for (const [key, change] of keys) {
        if (change === 'used') this.#statements.use.run(key);
        else if (change === 'deleted') this.#statements.delete.run(key);
        else this.#put(key, change);
      }
      evicted = this.#trim(now);
    });
    this.#shrink();
    return evicted;
  }

  find(digits: string): Kept | undefined {
    // Every key that begins with hexadecimal digits is below that with a letter beyond them.
    const row = this.#statements.find.get(digits, `${digits}g`);
    return row && keptOf(row);
  }

  recent({ scope, endpoint, model }: Likeness, limit: number): readonly Kept[] {
    return this.#statements.recent.all(scope, endpoint, model, limit).map(keptOf);
  }

  size(): StoreSize {
    const { entries, bytes } = this.#statements.held.get() as { entries: number; bytes: number };
    return { entries, bytes };
  }

  #put(key: string, entry: Entry): void {
    const frame = encode(key, entry);
    const parts = entry.asked?.parts ? JSON.stringify(entry.asked.parts) : null;
    const bytes = frame.length + Buffer.byteLength(key) + Buffer.byteLength(parts ?? '') + ROW_BYTES;
    this.#statements.delete.run(key);
    if (bytes > this.#maxBytes) return;
    const expiresAt = entry.expiresAt === Infinity ? null : entry.expiresAt;
    const { endpoint = null, model = null, scope = null } = entry.asked ?? {};
    this.#statements.add.run(key, entry.answerId, expiresAt, bytes, frame, endpoint, model, scope, parts);
  }

  /** What has expired goes first, then what was used least recently. */
  #trim(now: number): number {
    let evicted = 0;
    while (this.size().bytes > this.#maxBytes) {
      if (this.#statements.deleteExpired.run(now).changes !== 0) continue;
      if (this.#statements.deleteLeastUsed.run().changes === 0) break;
      evicted++;
    }
    return evicted;
  }

  /** Hands back up to 1 MB of free pages when more than an eighth of the file is free. */
  #shrink(): void {
    const { free, pages } = this.#statements.pages.get() as { free: number; pages: number };
    if (free > 256 && free > pages / 8) this.#database.exec('PRAGMA incremental_vacuum(256)');
  }

  #transact(act: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    act();
    this.#database.exec('COMMIT');
  }
}

function checkVersion(database: DatabaseSync): void {
  const version = database.prepare('PRAGMA user_version').get()?.user_version;
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count;
  if (version !== SCHEMA_VERSION && (version !== 0 || tables !== 0)) throw new OtherSchemaError(version);
}

function keptOf({ key, endpoint, model, scope, parts }: Record<string, unknown>): Kept {
  return { key, asked: { endpoint, model, scope, parts: readParts(parts) } } as Kept;
}

/** Parts that are damaged are none: nothing is served by them. */
function readParts(text: unknown): unknown {
  try {
    return JSON.parse(text as string);
  } catch {
    return null;
  }
}

function prepare(database: DatabaseSync) {
  const deleteFirst = (order: string) => database.prepare(`DELETE FROM entries WHERE id = (SELECT id FROM entries ${order} LIMIT 1)`);
  return {
    get: database.prepare('SELECT frame FROM entries WHERE key = ?'),
    add: database.prepare(`INSERT INTO entries (key, answer_id, expires_at, used, bytes, frame, endpoint, model, scope, parts) VALUES (?, ?, ?, ${NEXT_USE}, ?, ?, ?, ?, ?, ?)`),
    find: database.prepare(`${SELECT_KEPT} WHERE key >= ? AND key < ? AND scope IS NOT NULL ORDER BY key LIMIT 1`),
    recent: database.prepare(`${SELECT_KEPT} WHERE scope = ? AND endpoint = ? AND model IS ? ORDER BY id DESC LIMIT ?`),
    use: database.prepare(`UPDATE entries SET used = ${NEXT_USE} WHERE key = ?`),
    delete: database.prepare('DELETE FROM entries WHERE key = ?'),
    deleteAnswer: database.prepare('DELETE FROM entries WHERE answer_id = ?'),
    deleteAll: database.prepare('DELETE FROM entries'),
    deleteExpired: deleteFirst('WHERE expires_at <= ? ORDER BY expires_at'),
    deleteLeastUsed: deleteFirst('ORDER BY used'),
    held: database.prepare('SELECT entries, bytes FROM held'),
    pages: database.prepare('SELECT freelist_count AS free, page_count AS pages FROM pragma_freelist_count, pragma_page_count'),
  } satisfies Record<string, StatementSync>;
}
