/**
 * The memory that an entry takes of the process that holds it, in bytes.
 */
import type { Entry } from '../response/entry.ts';

/**
 * The bookkeeping of one entry beyond its body and its strings: the objects of
 * the entry, its head, its label and its buffer, and its places in the cache's tables.
 * V8 reports 774 (`node --expose-gc test/bench/bookkeeping.ts`: "heap +
 * buffers" less body and strings); the rest stands for the native half of a
 * buffer and the allocator's own, which only the resident size shows.
 */
export const BOOKKEEPING_BYTES = 940;

/** The bytes more for an entry with figures of its call (measured there too). */
const CALL_BYTES = 128;

export function weigh(key: string, { head, body, answerId, call, arrivals, request }: Entry): number {
  let bytes =
    BOOKKEEPING_BYTES + (call ? CALL_BYTES : 0) + body.length + stringBytes(key) + stringBytes(head.statusText);
  for (const text of head.headers) bytes += stringBytes(text);
  if (arrivals !== undefined) bytes += stringBytes(arrivals);
  if (answerId !== null) bytes += stringBytes(answerId);
  if (request)
    for (const text of [request.model ?? '', request.scope, ...request.tags, ...Object.values(request.parts ?? {})])
      bytes += stringBytes(text);
  return bytes;
}

/** Not in the function: a literal makes an object each time. */
const WIDE = /[^\u0000-\u00ff]/;

/**
 * V8 holds a string as 16 bytes and its characters (one byte each where all
 * are below U+0100, else two), rounded up to 8; 8 more hold the reference.
 */
function stringBytes(text: string): number {
  const width = WIDE.test(text) ? 2 : 1;
  return 24 + Math.ceil((text.length * width) / 8) * 8;
}
