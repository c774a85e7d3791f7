/**
 * The database file of the store, as a service of the thread that owns it.
 */
import { failureOf } from '../thread/failure.ts';
import type { RunningService } from '../thread/thread.ts';
import { SqliteFile, type SqliteFileOptions, type StoreNews } from './sqlite-file.ts';
import { memoryOf, type SqliteAnswers, type SqliteCall, type Timed } from './sqlite-message.ts';

/** How often it is looked whether others have thrown something away, or the file itself: well within a second. */
const LOOK_MS = 300;

export function createService(
  options: Pick<SqliteFileOptions, 'path' | 'maxBytes'>,
  onNews: (news: StoreNews) => void,
): RunningService<Timed<SqliteCall>> {
  const file = new SqliteFile({ ...options, onNews });
  setInterval(() => look(file, onNews), LOOK_MS);
  return { answer: (call) => answer(file, call), memoryOf };
}

function look(file: SqliteFile, onNews: (news: StoreNews) => void): void {
  try {
    file.look(Date.now());
  } catch (error) {
    // Trouble that a look alone met with is met with by the next call too, which mends it.
    if (!file.isOpen) onNews({ kind: 'lost', failure: failureOf(error) });
  }
}

function answer(file: SqliteFile, call: Timed<SqliteCall>): SqliteAnswers[SqliteCall['act']] {
  switch (call.act) {
    case 'open':
      return file.open(call.now);
    case 'commit':
      return file.commit(call.batch, call.now);
    case 'close':
      return file.close() as undefined;
    case 'get':
      return file.get(call.key, call.now);
    case 'getMany':
      return file.ask(call.now, (entries) => entries.getMany(call.keys));
    case 'read':
      return file.ask(call.now, (entries) => entries.read(call.key));
    case 'sweep':
      return file.ask(call.now, (entries) => entries.sweep(call.token));
    case 'list':
      return file.ask(call.now, ({ catalogue }) => catalogue.list(call.listing));
    case 'count':
      return file.ask(call.now, ({ catalogue }) => catalogue.count(call.purge, call.after));
    case 'listByPrefix':
      return file.ask(call.now, ({ catalogue }) => catalogue.listByPrefix(call.prefix, call.limit));
    case 'findByPrefix':
      return file.ask(call.now, ({ catalogue }) => catalogue.findByPrefix(call.digits));
    case 'newest':
      return file.ask(call.now, ({ catalogue }) => catalogue.newest(call.like, call.limit));
  }
}
