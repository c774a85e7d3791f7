/**
 * The thread that owns the books' file. `file-thread` is the other end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Word } from '../store/file-thread.ts';
import { checkVersion, type FileNews, SqliteDatabase } from '../store/sqlite-database.ts';
import { failureOf } from '../store/sqlite-failure.ts';
import { BOOKS_MARK } from '../store/sqlite-mark.ts';
import type { BooksAnswers, BooksCall } from './books-message.ts';
import { BOOKS_VERSION, BooksTables, readRows } from './books-tables.ts';
import type { Row } from './row.ts';
import { summarize } from './stats.ts';

if (parentPort === null) throw new Error('this file runs in a worker thread');
const port = parentPort;
const { path } = workerData as { path: string };

const say = (word: Word<BooksAnswers[BooksCall['act']], FileNews>) => port.postMessage(word);

interface Tables {
  /** Null in a file that may only be read. */
  readonly books: BooksTables | null;
  readonly rows: () => Iterable<Row>;
}

const file = new SqliteDatabase<Tables>({
  path,
  mark: BOOKS_MARK,
  layOut: (database) => ({ books: new BooksTables(database), rows: () => readRows(database) }),
  readOnly(database) {
    checkVersion(database, BOOKS_VERSION);
    return { books: null, rows: () => readRows(database) };
  },
  onAside: (failure, movedTo) => say({ aside: { failure, movedTo } }),
  onNews: (news) => say({ news }),
});

/** Opens the file at its first use, and again after each failure and where another has taken its place. */
function withTables<T>(now: number, act: (tables: Tables) => T): T {
  return file.mend(now, () => {
    if (!file.isOpen) file.connect();
    else file.follow();
    return act(file.tables);
  });
}

function add(rows: readonly Row[], now: number): undefined {
  // It may be writable by now.
  if (file.unwritable) file.letGo();
  withTables(now, ({ books }) => {
    if (books === null) throw Object.assign(new Error(file.unwritable?.message), { code: 'SQLITE_READONLY' });
    books.add(rows);
  });
}

function* together(rows: Iterable<Row>, more: readonly Row[]): Iterable<Row> {
  yield* rows;
  yield* more;
}

function answer(call: BooksCall): BooksAnswers[BooksCall['act']] {
  switch (call.act) {
    case 'open':
      return withTables(call.now, () => undefined);
    case 'add':
      return add(call.rows, call.now);
    case 'stats':
      return withTables(call.now, ({ rows }) => summarize(together(rows(), call.waiting), call.today));
    case 'close':
      return file.close() as undefined;
  }
}

port.on('message', ({ id, call }: { id: number; call: BooksCall }) => {
  try {
    say({ id, reply: { answer: answer(call) } });
  } catch (error) {
    say({ id, reply: { failure: failureOf(error) } });
  }
});
