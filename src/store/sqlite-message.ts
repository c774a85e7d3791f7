/**
 * What crosses between the main thread and the one that owns the database
 * file: one reply to each call, in the order called, and news between them.
 *
 * A body crosses by handing over its memory. The main thread hands over a copy,
 * since the memory tier goes on with the original. What arrives is a plain
 * Uint8Array, to be made a Buffer again.
 */
import { compact, type Entry } from '../response/entry.ts';
import type { Batch, Change } from './write-buffer.ts';
import type { FileNews } from './file-news.ts';
import type { Purge } from './filter.ts';
import type { Gone } from './gone.ts';
import type { Listing, EntryRows, EntryRow } from './listing.ts';
import type { CountSlice } from './sqlite-catalogue.ts';
import type { Swept } from './sqlite-entries.ts';
import type { FileFailure } from './sqlite-failure.ts';
import type { Committed, Opened } from './sqlite-file.ts';
import type { Lesson } from './sqlite-keys.ts';
import type { Kept, Likeness } from './store.ts';

/** What the thread is asked to do. Each act is short, so that no lookup waits long behind one. */
export type SqliteCall =
  | { readonly act: 'open'; readonly now: number }
  | { readonly act: 'get'; readonly key: string; readonly now: number }
  | { readonly act: 'commit'; readonly batch: Batch; readonly now: number }
  | { readonly act: 'learn'; readonly now: number }
  | { readonly act: 'sweep'; readonly now: number }
  | { readonly act: 'list'; readonly listing: Listing; readonly now: number }
  | { readonly act: 'count'; readonly purge: Purge; readonly after: number; readonly now: number }
  | { readonly act: 'listByPrefix'; readonly prefix: string; readonly limit: number; readonly now: number }
  | { readonly act: 'read'; readonly key: string; readonly now: number }
  | { readonly act: 'findByPrefix'; readonly digits: string; readonly now: number }
  | { readonly act: 'newest'; readonly like: Likeness; readonly limit: number; readonly now: number }
  | { readonly act: 'close' };

export interface SqliteAnswers {
  readonly open: Opened;
  readonly get: Entry | undefined;
  readonly commit: Committed;
  readonly learn: Lesson;
  readonly sweep: Swept;
  readonly list: EntryRows;
  readonly count: CountSlice;
  readonly listByPrefix: readonly EntryRow[];
  readonly read: Entry | undefined;
  readonly findByPrefix: Kept | undefined;
  readonly newest: readonly Kept[];
  readonly close: undefined;
}

/** News that the thread sends unasked. */
export type StoreNews =
  | FileNews
  | { readonly kind: 'gone'; readonly gone: readonly Gone[] }
  /** The file at the path now cannot be opened. */
  | { readonly kind: 'lost'; readonly failure: FileFailure };

/** A call as it crosses, and the memory that it hands over. */
export function packCall(call: SqliteCall): { packed: SqliteCall; handedOver: ArrayBuffer[] } {
  if (call.act !== 'commit') return { packed: call, handedOver: [] };
  const handedOver: ArrayBuffer[] = [];
  const copy = (change: Change): Change => {
    if (typeof change !== 'object') return change;
    const { entry } = change;
    const body = compact([entry.body], entry.body.length);
    handedOver.push(body.buffer as ArrayBuffer);
    return { ...change, entry: { ...entry, body } };
  };
  const keys = new Map(Array.from(call.batch.keys, ([key, change]) => [key, copy(change)]));
  return { packed: { ...call, batch: { ...call.batch, keys } }, handedOver };
}

/** The memory of an answer's body, to hand over. */
export function bodyOf(answer: SqliteAnswers[SqliteCall['act']]): ArrayBuffer[] {
  return answer !== undefined && 'body' in answer ? [answer.body.buffer as ArrayBuffer] : [];
}

/** An entry that crossed, its body a Buffer again over the same memory. */
export function unpackEntry(entry: Entry): Entry {
  const { buffer, byteOffset, byteLength } = entry.body;
  return { ...entry, body: Buffer.from(buffer, byteOffset, byteLength) };
}
