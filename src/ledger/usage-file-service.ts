/**
 * The file of the books, as a service of the thread that owns it.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { FileNews } from '../store/file-news.ts';
import { checkVersion, SqliteDatabase } from '../store/sqlite-database.ts';
import { BOOKS_MARK } from '../store/sqlite-mark.ts';
import type { RunningService } from '../thread/thread.ts';
import type { Reason } from './reasons.ts';
import { readReasons } from './reasons-table.ts';
import type { UsageRow } from './row.ts';
import { summarize } from './stats.ts';
import type { BooksAnswers, BooksCall, PendingRows } from './usage-file-message.ts';
import { BOOKS_VERSION, BooksTables, readRows } from './usage-tables.ts';

interface Tables {
  /** Null in a file that may only be read. */
  readonly books: BooksTables | null;
  readonly rows: () => Iterable<UsageRow>;
  readonly reasons: () => Iterable<Reason>;
}

const readersOf = (database: DatabaseSync) => ({
  rows: () => readRows(database),
  reasons: () => readReasons(database),
});

export function createService(
  { path }: { readonly path: string },
  onNews: (news: FileNews) => void,
): RunningService<BooksCall> {
  const file = new SqliteDatabase<Tables>({
    path,
    mark: BOOKS_MARK,
    layOut: (database) => ({ books: new BooksTables(database), ...readersOf(database) }),
    readOnly(database) {
      checkVersion(database, BOOKS_VERSION);
      return { books: null, ...readersOf(database) };
    },
    onNews,
  });
  return { answer: (call) => answer(file, call) };
}

function answer(file: SqliteDatabase<Tables>, call: BooksCall): BooksAnswers[BooksCall['act']] {
  switch (call.act) {
    case 'open':
      return withTables(file, call.now, () => undefined);
    case 'add':
      return add(file, call, call.now);
    case 'stats':
      return withTables(file, call.now, ({ rows, reasons }) => {
        const { waiting, today } = call;
        return summarize(together(rows(), waiting.rows), today, together(reasons(), waiting.reasons));
      });
    case 'close':
      return file.close() as undefined;
  }
}

/** Opens the file at its first use, and again after each failure and where another has taken its place. */
function withTables<T>(file: SqliteDatabase<Tables>, now: number, act: (tables: Tables) => T): T {
  return file.withRecovery(now, () => {
    if (!file.isOpen) file.connect();
    else file.follow();
    return act(file.tables);
  });
}

function add(file: SqliteDatabase<Tables>, { rows, reasons }: PendingRows, now: number): undefined {
  // It may be writable by now.
  if (file.unwritable) file.release();
  withTables(file, now, ({ books }) => {
    if (books === null) throw Object.assign(new Error(file.unwritable?.message), { code: 'SQLITE_READONLY' });
    books.add(rows, reasons);
  });
}

function* together<T>(rows: Iterable<T>, more: readonly T[]): Iterable<T> {
  yield* rows;
  yield* more;
}
