/**
 * The thread that owns the books' file. `file-thread` is the other end.
 */
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { FileNews } from '../store/file-news.ts';
import type { ThreadMessage } from '../store/file-thread.ts';
import { checkVersion, SqliteDatabase } from '../store/sqlite-database.ts';
import { failureOf } from '../store/sqlite-failure.ts';
import { BOOKS_MARK } from '../store/sqlite-mark.ts';
import type { BooksAnswers, BooksCall, PendingRows } from './usage-file-message.ts';
import { BOOKS_VERSION, BooksTables, readRows } from './usage-tables.ts';
import type { Reason } from './reasons.ts';
import { readReasons } from './reasons-table.ts';
import type { UsageRow } from './row.ts';
import { summarize } from './stats.ts';

if (parentPort === null) throw new Error('this file runs in a worker thread');
const port = parentPort;
const { path } = workerData as { path: string };

const say = (word: ThreadMessage<BooksAnswers[BooksCall['act']], FileNews>) => port.postMessage(word);

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

const file = new SqliteDatabase<Tables>({
  path,
  mark: BOOKS_MARK,
  layOut: (database) => ({ books: new BooksTables(database), ...readersOf(database) }),
  readOnly(database) {
    checkVersion(database, BOOKS_VERSION);
    return { books: null, ...readersOf(database) };
  },
  onQuarantine: (failure, movedTo) => say({ quarantined: { failure, movedTo } }),
  onNews: (news) => say({ news }),
});

/** Opens the file at its first use, and again after each failure and where another has taken its place. */
function withTables<T>(now: number, act: (tables: Tables) => T): T {
  return file.withRecovery(now, () => {
    if (!file.isOpen) file.connect();
    else file.follow();
    return act(file.tables);
  });
}

function add({ rows, reasons }: PendingRows, now: number): undefined {
  // It may be writable by now.
  if (file.unwritable) file.release();
  withTables(now, ({ books }) => {
    if (books === null) throw Object.assign(new Error(file.unwritable?.message), { code: 'SQLITE_READONLY' });
    books.add(rows, reasons);
  });
}

function* together<T>(rows: Iterable<T>, more: readonly T[]): Iterable<T> {
  yield* rows;
  yield* more;
}

function answer(call: BooksCall): BooksAnswers[BooksCall['act']] {
  switch (call.act) {
    case 'open':
      return withTables(call.now, () => undefined);
    case 'add':
      return add(call, call.now);
    case 'stats':
      return withTables(call.now, ({ rows, reasons }) => {
        const { waiting, today } = call;
        return summarize(together(rows(), waiting.rows), today, together(reasons(), waiting.reasons));
      });
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
