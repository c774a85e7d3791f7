/**
 * Bodies as they cross between the main thread and the one that owns the
 * database file: by handing over their memory. The main thread hands over a
 * copy, since the memory tier goes on with the original. What arrives is a
 * plain Uint8Array, to be made a Buffer again.
 */
import { compact, type Entry } from '../response/entry.ts';
import type { Batch, Change } from './write-buffer.ts';

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

/** An entry that crossed, its body a Buffer again over the same memory. */
export function unpackEntry(entry: Entry): Entry {
  const { buffer, byteOffset, byteLength } = entry.body;
  return { ...entry, body: Buffer.from(buffer, byteOffset, byteLength) };
}
