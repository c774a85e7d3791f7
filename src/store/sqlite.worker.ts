/**
 * The thread that owns the database file: does one call at a time, in the
 * order asked, and replies to each. `sqlite-thread` is the other end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadMessage } from './file-thread.ts';
import { failureOf } from './sqlite-failure.ts';
import { SqliteFile, type SqliteFileOptions } from './sqlite-file.ts';
import { type SqliteAnswers, bodyOf, type SqliteCall, type StoreNews } from './sqlite-message.ts';

if (parentPort === null) throw new Error('this file runs in a worker thread');
const port = parentPort;
const { path, maxBytes, retention } = workerData as SqliteFileOptions;

/** How often it is looked whether others have thrown something away, or the file itself: well within a second. */
const LOOK_MS = 300;

const say = (word: ThreadMessage<SqliteAnswers[SqliteCall['act']], StoreNews>, handedOver: ArrayBuffer[] = []) =>
  port.postMessage(word, handedOver);

const file = new SqliteFile({
  path,
  maxBytes,
  retention,
  onQuarantine: (failure, movedTo) => say({ quarantined: { failure, movedTo } }),
  onNews: (news) => say({ news }),
  onGone: (gone) => say({ news: { kind: 'gone', gone } }),
});

function look(): void {
  try {
    file.look();
  } catch (error) {
    // Trouble that a look alone met with is met with by the next call too, which mends it.
    if (!file.isOpen) say({ news: { kind: 'lost', failure: failureOf(error) } });
  }
}

function answer(call: SqliteCall): SqliteAnswers[SqliteCall['act']] {
  switch (call.act) {
    case 'open':
      return file.open(call.now);
    case 'get':
      return file.get(call.key, call.now);
    case 'commit':
      return file.commit(call.batch, call.now);
    case 'learn':
      return file.ask(call.now, ({ keys }) => keys.learn());
    case 'sweep':
      return file.ask(call.now, (entries) => entries.sweep());
    case 'list':
      return file.ask(call.now, ({ catalogue }) => catalogue.list(call.listing));
    case 'count':
      return file.ask(call.now, ({ catalogue }) => catalogue.count(call.purge, call.after));
    case 'listByPrefix':
      return file.ask(call.now, ({ catalogue }) => catalogue.listByPrefix(call.prefix, call.limit));
    case 'read':
      return file.ask(call.now, (entries) => entries.read(call.key));
    case 'findByPrefix':
      return file.ask(call.now, ({ catalogue }) => catalogue.findByPrefix(call.digits));
    case 'newest':
      return file.ask(call.now, ({ catalogue }) => catalogue.newest(call.like, call.limit));
    case 'close':
      file.close();
      return undefined;
  }
}

port.on('message', ({ id, call }: { id: number; call: SqliteCall }) => {
  try {
    const done = answer(call);
    say({ id, reply: { answer: done } }, bodyOf(done));
  } catch (error) {
    say({ id, reply: { failure: failureOf(error) } });
  }
});
setInterval(look, LOOK_MS);
