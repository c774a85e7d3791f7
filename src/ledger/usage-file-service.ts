/**
 * The file of the books, as a service of the thread that owns it.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { FileNews } from '../store/file-news.ts';
import { checkVersion, SqliteDatabase } from '../store/sqlite-database.ts';
import { BOOKS_MARK } from '../store/sqlite-mark.ts';
import type { Reason } from './reasons.ts';
import { readReasons } from './reasons-table.ts';
import type { UsageRow } from './row.ts';
import { summarize } from './stats.ts';
import { BOOKS_VERSION, BooksTables, readRows } from './usage-tables.ts';

/** Rows and reasons that are not in the file. */
export interface PendingRows {
  readonly rows: readonly UsageRow[];
  readonly reasons: readonly Reason[];
}

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

export type UsageFileService = ReturnType<typeof createService>;

export function createService({ path }: { readonly path: string }, onNews: (news: FileNews) => void) {
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
  return {
    /** Finds why the file cannot be opened, where it cannot. */
    open: (now: number) => withTables(file, now, () => {}),
    add: (now: number, pending: PendingRows) => add(file, now, pending),
    /** @param waiting what is yet to be added */
    stats: (now: number, today: string, waiting: PendingRows) =>
      withTables(file, now, ({ rows, reasons }) =>
        summarize(together(rows(), waiting.rows), today, together(reasons(), waiting.reasons)),
      ),
    close: () => file.close(),
  };
}

/** Opens the file at its first use, and again after each failure and where another has taken its place. */
function withTables<T>(file: SqliteDatabase<Tables>, now: number, act: (tables: Tables) => T): T {
  return file.withRecovery(now, () => {
    if (!file.isOpen) file.connect();
    else file.follow();
    return act(file.tables);
  });
}

function add(file: SqliteDatabase<Tables>, now: number, { rows, reasons }: PendingRows): void {
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
