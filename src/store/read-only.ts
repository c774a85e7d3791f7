/**
 * A database opened to be looked at by somebody to whom it does not belong, or
 * where it may not be written: nothing is created, changed or mended, and
 * whoever writes to it is not held up.
 */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { realPath } from './real-path.ts';

const BUSY_TIMEOUT_MS = 1_000;

/** @throws what SQLite throws, also where there is no file */
export function openReadOnly(path: string): DatabaseSync {
  // Even a reader makes the files beside a database in WAL mode where they are missing, and leaves them there. Without
  // a log nobody is writing, and the file can be read as one that nobody writes
  // (https://www.sqlite.org/uri.html#uriimmutable).
  if (isStill(path)) return openStill(path);
  return new DatabaseSync(pathToFileURL(path), { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

/**
 * The file alone, whatever its log has and whoever writes: good for what stands in its header, and for a look at
 * somebody else's.
 */
export function openStill(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
}

/** Tests whether the file has all that was committed, and nobody is writing. */
export function isStill(path: string): boolean {
  return (statSync(`${realPath(path)}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
}
