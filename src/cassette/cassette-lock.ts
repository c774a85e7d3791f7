/**
 * The lock of a cassette, which one process at a time holds while it writes. SQLite takes it, on an empty file of its
 * own: the system gives it back when a process is killed, so that none is ever left over, to be guessed at by its age.
 */
import { DatabaseSync } from 'node:sqlite';
import { besideCassette, makeFolderOf } from './cassette-paths.ts';

/** How long, in ms, another may take: reading, merging and writing a large file. */
const PATIENCE_MS = 60_000;

export function withLock<T>(path: string, act: () => T): T {
  const file = besideCassette(path, '.lock');
  makeFolderOf(file);
  const database = new DatabaseSync(file, { timeout: PATIENCE_MS });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return act();
  } finally {
    database.close();
  }
}
