/**
 * The thread that owns the books' file. `file-thread` is the other end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Word } from '../store/file-thread.ts';
import { SqliteDatabase } from '../store/sqlite-database.ts';
import { failureOf } from '../store/sqlite-failure.ts';
import type { BooksAnswers, BooksCall } from './books-message.ts';
import { BooksTables, readRows } from './books-tables.ts';
import { readReasons } from './reasons-table.ts';
import { summarize } from './stats.ts';

if (parentPort === null) throw new Error('this file runs in a worker thread');
const port = parentPort;
const { path } = workerData as { path: string };

const say = (word: Word<BooksAnswers[BooksCall['act']]>) => port.postMessage(word);

const file = new SqliteDatabase({
  path,
  layOut: (database) => ({
    books: new BooksTables(database),
    rows: () => readRows(database),
    reasons: () => readReasons(database),
  }),
  onAside: (failure, movedTo) => say({ aside: { failure, movedTo } }),
});

/** Opens the file at its first use, and again after each failure. */
function withTables<T>(now: number, act: (tables: typeof file.tables) => T): T {
  return file.mend(now, () => {
    if (!file.isOpen) file.connect();
    return act(file.tables);
  });
}

function answer(call: BooksCall): BooksAnswers[BooksCall['act']] {
  switch (call.act) {
    case 'add':
      return withTables(call.now, ({ books }) => books.add(call.rows, call.reasons)) as undefined;
    case 'stats':
      return withTables(call.now, ({ rows, reasons }) => summarize(rows(), call.today, reasons()));
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
