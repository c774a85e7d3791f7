/**
 * How the database is laid out.
 *
 * What an entry is listed and found by stands apart from the answer: rows that
 * are short are quick to look through, and a use rewrites no body.
 *
 * The sum of all rows is kept by triggers, so that it is exact whoever writes,
 * and counted anew at each open, so that it is exact whatever happened to the
 * file meanwhile.
 */
import type { DatabaseSync } from 'node:sqlite';

export const SCHEMA_VERSION = 3;

/** Fits a new database, an old one and one that another process lays out at this moment. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice, so that a purge knows what came after it
    key TEXT NOT NULL UNIQUE,
    answer_id TEXT,
    stored_at REAL NOT NULL,
    expires_at REAL,        -- null: never
    used INTEGER NOT NULL,  -- the highest is the most recently used
    hits INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    endpoint TEXT,          -- null: what was asked is not known
    model TEXT,
    scope TEXT,
    tags TEXT,              -- JSON; null: none
    call TEXT               -- JSON; null: not known
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_by_use ON entries (used);
  CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS entries_by_answer ON entries (answer_id) WHERE answer_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS entries_by_likeness ON entries (scope, endpoint, model) WHERE scope IS NOT NULL;
  CREATE INDEX IF NOT EXISTS entries_by_model ON entries (model) WHERE model IS NOT NULL;
  CREATE INDEX IF NOT EXISTS entries_by_endpoint ON entries (endpoint) WHERE endpoint IS NOT NULL;
  CREATE INDEX IF NOT EXISTS entries_by_hits ON entries (hits);
  CREATE INDEX IF NOT EXISTS entries_by_size ON entries (bytes);

  CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY, -- of its entry
    parts TEXT,             -- what was asked but its body, as JSON, to be told to people; null: not kept
    prompt TEXT,            -- that body
    frame BLOB NOT NULL
  ) STRICT;

  CREATE TABLE IF NOT EXISTS tags (tag TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tag, id)) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS purges (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL,
    purge TEXT NOT NULL,      -- JSON
    horizon INTEGER NOT NULL, -- the last entry that it is about
    swept INTEGER NOT NULL    -- up to this entry it has been done
  ) STRICT;

  CREATE TABLE IF NOT EXISTS gone (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice, so that each reader knows what it has read
    writer TEXT NOT NULL,
    what TEXT NOT NULL        -- JSON
  ) STRICT;

  CREATE TABLE IF NOT EXISTS held (entries INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  CREATE TRIGGER IF NOT EXISTS entry_added AFTER INSERT ON entries BEGIN
    UPDATE held SET entries = entries + 1, bytes = bytes + new.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS entry_gone AFTER DELETE ON entries BEGIN
    UPDATE held SET entries = entries - 1, bytes = bytes - old.bytes;
    DELETE FROM answers WHERE id = old.id;
  END;
  CREATE TRIGGER IF NOT EXISTS tags_gone AFTER DELETE ON entries WHEN old.tags IS NOT NULL BEGIN
    DELETE FROM tags WHERE id = old.id AND tag IN (SELECT value FROM json_each(old.tags));
  END;
  DELETE FROM held;
  INSERT INTO held SELECT count(*), ifnull(sum(bytes), 0) FROM entries;

  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * The bytes of a row beyond its frame, key and label: the key and
 * the label once more, the row's places in the indexes, and what is left empty
 * of its last page. Measured by `node test/bench/rows.ts`.
 */
export const ROW_BYTES = 1_280;

/**
 * The bytes that a tag takes beyond its text, once more than in the label: a
 * row of its own, in pages that are partly empty.
 */
export const TAG_BYTES = 32;

/**
 * Lays out the database, or finds that another version did. Writes in any
 * case, so that one that cannot be written shows now. Committed by the caller.
 */
export function layOut(database: DatabaseSync): void {
  database.exec(SCHEMA);
}
