/**
 * The database file of the store, as a service of the thread that owns it.
 * Each method is short, so that no lookup waits long behind one, and is given
 * the time at which it was asked.
 */
import type { Entry } from '../response/entry.ts';
import { failureOf } from '../thread/failure.ts';
import type { Likeness } from './catalogue.ts';
import type { Purge } from './filter.ts';
import type { Listing } from './listing.ts';
import { SqliteFile, type StoreNews } from './sqlite-file.ts';
import type { SealingOptions } from './sealing.ts';
import type { Batch } from './write-buffer.ts';

export type SqliteService = ReturnType<typeof createService>;

/** How often it is looked whether others have thrown something away, or the file itself: well within a second. */
const LOOK_MS = 300;

export function createService(
  options: { path: string; maxBytes: number; retention: number },
  onNews: (news: StoreNews) => void,
) {
  const file = new SqliteFile({ ...options, onNews });
  setInterval(() => look(file, onNews), LOOK_MS);
  return {
    open: (now: number, sealing: SealingOptions | null) => file.open(now, sealing),
    get: (now: number, key: string) => file.get(key, now),
    getMany: (now: number, keys: readonly string[]) => file.ask(now, (entries) => entries.getMany(keys)),
    read: (now: number, key: string) => file.ask(now, (entries) => entries.read(key)),
    commit: (now: number, batch: Batch) => file.commit(batch, now),
    sweep: (now: number, token?: string) => file.ask(now, (entries) => entries.sweep(token)),
    list: (now: number, listing: Listing) => file.ask(now, ({ catalogue }) => catalogue.list(listing)),
    count: (now: number, purge: Purge, after: number) =>
      file.ask(now, ({ catalogue }) => catalogue.count(purge, after)),
    listByPrefix: (now: number, prefix: string, limit: number) =>
      file.ask(now, ({ catalogue }) => catalogue.listByPrefix(prefix, limit)),
    findByPrefix: (now: number, digits: string) => file.ask(now, ({ catalogue }) => catalogue.findByPrefix(digits)),
    newest: (now: number, like: Likeness, limit: number) =>
      file.ask(now, ({ catalogue }) => catalogue.newest(like, limit)),
    close: () => file.close(),
  };
}

/** The memory of the bodies in an answer, to be handed over with it. */
export function memoryOf(answer: unknown): ArrayBuffer[] {
  const entries = answer instanceof Map ? [...answer.values()] : [answer];
  return entries.flatMap((entry: Partial<Entry> | undefined) =>
    entry?.body ? [entry.body.buffer as ArrayBuffer] : [],
  );
}

function look(file: SqliteFile, onNews: (news: StoreNews) => void): void {
  try {
    file.look(Date.now());
  } catch (error) {
    // Trouble that a look alone met with is met with by the next call too, which mends it.
    if (!file.isOpen) onNews({ kind: 'lost', failure: failureOf(error) });
  }
}
