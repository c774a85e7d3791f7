/**
 * Marks that show whose a database file is. Ours bear one in their header
 * (https://www.sqlite.org/pragma.html#pragma_application_id); those from before
 * there were marks are known by their version and a table. What is not known
 * for ours is never written, renamed or laid out.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { isStill, openStill } from './read-only.ts';
import { isDamage, NotOursError } from './sqlite-failure.ts';

export interface Mark {
  /** Four letters. */
  readonly id: number;
  /** Files without a mark were of one of the versions up to this. */
  readonly unmarkedUpTo: number;
  readonly table: string;
  readonly columns: readonly [string, string, string];
}

export const STORE_MARK: Mark = {
  id: 0x5266_7273,
  unmarkedUpTo: 3,
  table: 'entries',
  columns: ['answer_id', 'expires_at', 'used'],
};
export const USAGE_MARK: Mark = {
  id: 0x5266_726c,
  unmarkedUpTo: 1,
  // The name in files that exist; it stays.
  table: 'books',
  columns: ['scope', 'endpoint', 'outcome'],
};

/** Where a database file has the mark, and the least that there is of one that has it. */
const MARK_AT = 68;
const MARK_BYTES = 4;

/** All in one statement: between two of them another process may lay it out. */
const LOOK = `
  SELECT (SELECT application_id FROM pragma_application_id) AS id, user_version AS version,
    (SELECT count(*) FROM sqlite_schema) AS tables,
    (SELECT count(*) FROM pragma_table_info(?) WHERE name IN (?, ?, ?)) AS columns
  FROM pragma_user_version
`;

/**
 * Looks at what is at a path, and changes nothing there: not even its log is
 * read, which a process that was killed may have left to be recovered.
 * @throws NotOursError where it is somebody else's, or so damaged that nothing tells that it is ours
 */
export function checkMark(path: string, mark: Mark): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new NotOursError('it is a directory');
  if (found && !found.isFile()) throw new NotOursError('it is not a regular file');
  if (!found || found.size === 0) return;
  const database = openStill(path);
  try {
    if (!isOurs(database, path, mark)) throw new NotOursError('it is a database of another program');
  } finally {
    database.close();
  }
}

/** Marks a database that is ours. In the file itself from the first, where it is not in WAL mode yet. */
export function setMark(database: DatabaseSync, { id }: Mark): void {
  if (idOf(database) !== id) database.exec(`PRAGMA application_id = ${id}`);
}

function idOf(database: DatabaseSync): number {
  return database.prepare('PRAGMA application_id').get()?.application_id as number;
}

interface FileSignature {
  readonly id: number;
  readonly version: number;
  readonly tables: number;
  readonly columns: number;
}

/** @throws NotOursError where it is so damaged that nothing tells */
function isOurs(database: DatabaseSync, path: string, mark: Mark): boolean {
  try {
    // Enough of what another process may be writing to at this moment.
    if (idOf(database) === mark.id) return true;
    const signature = database.prepare(LOOK).get(mark.table, ...mark.columns) as unknown as FileSignature;
    return looksLikeOurs(signature, mark, isStill(path));
  } catch (error) {
    if (!isDamage(error)) throw error;
    // Without its log a file that is sound may look damaged; whether it is shows when it is opened.
    if (markIn(path) === mark.id) return true;
    throw new NotOursError("it is no database of Refrain's, or so damaged that nothing tells");
  }
}

/** @param isWhole nothing is in its log that the file has not */
function looksLikeOurs({ id, version, tables, columns }: FileSignature, mark: Mark, isWhole: boolean): boolean {
  if (id === mark.id) return true;
  // Empty, or begun by a process that was killed at once; ours have their mark before they have a log.
  if (id === 0 && version === 0 && tables === 0) return isWhole;
  // Without a mark, or with one that is damaged.
  return columns === mark.columns.length && version >= 1 && version <= mark.unmarkedUpTo;
}

/**
 * As the bytes have it of a file that SQLite does not read; so nobody has locks on it that an open and a close would
 * drop.
 */
function markIn(path: string): number | null {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(MARK_BYTES);
    return readSync(file, bytes, 0, MARK_BYTES, MARK_AT) === MARK_BYTES ? bytes.readUInt32BE() : null;
  } finally {
    closeSync(file);
  }
}
