/**
 * The calls that cross from the main thread to the one that owns the database
 * file, and their answers.
 *
 * A body crosses by handing over its memory. The main thread hands over a copy,
 * since the memory tier goes on with the original. What arrives is a plain
 * Uint8Array, to be made a Buffer again.
 */
import { compact, type Entry } from '../response/entry.ts';
import type { Purge } from './filter.ts';
import type { EntryRow, EntryRows, Listing } from './listing.ts';
import type { CountSlice } from './sqlite-catalogue.ts';
import type { Swept } from './sqlite-entries.ts';
import type { Committed, Opened } from './sqlite-file.ts';
import type { Kept, Likeness } from './catalogue.ts';
import type { Batch, Change } from './write-buffer.ts';

/** Each act is short, so that no lookup waits long behind one. */
export type SqliteCall =
  | { readonly act: 'open' | 'close' }
  | { readonly act: 'sweep'; readonly token: string | undefined }
  | { readonly act: 'get' | 'read'; readonly key: string }
  | { readonly act: 'getMany'; readonly keys: readonly string[] }
  | { readonly act: 'commit'; readonly batch: Batch }
  | { readonly act: 'list'; readonly listing: Listing }
  | { readonly act: 'count'; readonly purge: Purge; readonly after: number }
  | { readonly act: 'listByPrefix'; readonly prefix: string; readonly limit: number }
  | { readonly act: 'findByPrefix'; readonly digits: string }
  | { readonly act: 'newest'; readonly like: Likeness; readonly limit: number };

/** With the time at which it is asked. */
export type Timed<Call> = Call & { readonly now: number };

export interface SqliteAnswers {
  readonly open: Opened;
  readonly get: Entry | undefined;
  readonly getMany: ReadonlyMap<string, Entry>;
  readonly read: Entry | undefined;
  readonly commit: Committed;
  readonly sweep: Swept;
  readonly list: EntryRows;
  readonly count: CountSlice;
  readonly listByPrefix: readonly EntryRow[];
  readonly findByPrefix: Kept | undefined;
  readonly newest: readonly Kept[];
  readonly close: undefined;
}

/** A batch with bodies of its own, and the memory of these. */
export function packBatch({ purges, answers, keys }: Batch): { readonly batch: Batch; readonly memory: ArrayBuffer[] } {
  const memory: ArrayBuffer[] = [];
  const copy = (change: Change): Change => {
    if (typeof change !== 'object') return change;
    const body = compact([change.entry.body], change.entry.body.length);
    memory.push(body.buffer as ArrayBuffer);
    return { ...change, entry: { ...change.entry, body } };
  };
  return {
    batch: { purges, answers, keys: new Map(Array.from(keys, ([key, change]) => [key, copy(change)])) },
    memory,
  };
}

/** The memory of the bodies in an answer, to hand over. */
export function memoryOf(answer: unknown): ArrayBuffer[] {
  const entries = answer instanceof Map ? [...answer.values()] : [answer];
  return entries.flatMap((entry: Partial<Entry> | undefined) =>
    entry?.body ? [entry.body.buffer as ArrayBuffer] : [],
  );
}

/** An entry that crossed, its body a Buffer again over the same memory. */
export function unpackEntry(entry: Entry): Entry {
  const { buffer, byteOffset, byteLength } = entry.body;
  return { ...entry, body: Buffer.from(buffer, byteOffset, byteLength) };
}
