/**
 * The files of a proxy that does not run. Nothing in them is changed.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../clock.ts';
import type { Filter } from '../config/commands.ts';
import { readBooks } from '../ledger/read-books.ts';
import type { Position } from '../store/listing.ts';
import { failureOf } from '../store/sqlite-failure.ts';
import { SqliteReader } from '../store/sqlite-reader.ts';
import type { Books, Detail, Page } from './books.ts';
import { CommandError } from './failure.ts';
import { toldEntry, toldRow } from './told.ts';

/** The file of the books, beside that of the store. */
const LEDGER = 'ledger.sqlite';

/**
 * @param path the file of the store
 * @param why no proxy is asked
 * @param tell told in one line which file is read
 */
export function booksIn(path: string, why: string, tell: (line: string) => void): Books {
  const now = systemClock.now();
  const reading = <T>(file: string, read: () => T | Promise<T>) => readFile(file, why, tell, read);
  const inStore = <T>(read: (store: SqliteReader) => Promise<T>) => reading(path, () => readStore(path, read));
  const ledger = join(dirname(path), LEDGER);
  return {
    stats: () => reading(ledger, () => readBooks(ledger, now)),
    list: (filter, limit) => inStore((store) => list(store, filter, limit, now)),
    entry: (key) => inStore((store) => findEntry(store, key, now)),
  };
}

async function readFile<T>(file: string, why: string, tell: (line: string) => void, read: () => T | Promise<T>): Promise<T> {
  if (!existsSync(file)) throw new CommandError(`${why}, and there is no ${file}`);
  tell(`refrain: ${why}; reading ${file}`);
  try {
    return await read();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code, message } = failureOf(error);
    throw new CommandError(`${file} cannot be read (${code === 'OTHER_SCHEMA' ? `${message}, which is another Refrain's` : code})`);
  }
}

async function readStore<T>(path: string, read: (store: SqliteReader) => Promise<T>): Promise<T> {
  const store = SqliteReader.open(path);
  try {
    return await read(store);
  } finally {
    store.close();
  }
}

async function list(store: SqliteReader, { sort = 'newest', cursor, olderThan, newerThan, ...criteria }: Filter, limit: number, now: number): Promise<Page> {
  const filter = {
    ...criteria,
    ...(olderThan === undefined ? {} : { storedUpTo: now - olderThan * 1_000 }),
    ...(newerThan === undefined ? {} : { storedFrom: now - newerThan * 1_000 }),
  };
  const { rows, next } = await store.list({ filter, sort, limit, after: cursor === undefined ? null : positionAt(cursor) });
  return { entries: rows.map((row) => toldRow(row, now)), next: next && cursorOf(next) };
}

/** Two are enough to know that there are several. */
const TOLD_APART = 2;

async function findEntry(store: SqliteReader, key: string, now: number): Promise<Detail> {
  const [row, other] = await store.named(key, TOLD_APART);
  if (row === undefined) throw new CommandError(`nothing is kept under ${key}`);
  if (other !== undefined && row.key !== key) throw new CommandError(`${key} fits several answers: ${row.key} and ${other.key} are two of them`);
  const entry = await store.read(row.key);
  if (entry === undefined) throw new CommandError(`what is kept under ${key} is damaged`);
  return toldEntry(row, entry, now);
}

function cursorOf({ at, id }: Position): string {
  return `${at}-${id}`;
}

function positionAt(cursor: string): Position {
  const [, at, id] = /^(\d+(?:\.\d+)?)-(\d+)$/.exec(cursor) ?? [];
  if (id === undefined) throw new CommandError('--cursor is not what an earlier list ended with');
  return { at: Number(at), id: Number(id) };
}
