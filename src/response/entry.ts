/**
 * An entry is a finished recording, compacted: the head as it is replayed and
 * the whole body in one buffer. Entries are immutable and shared: whoever
 * plays one must not write to its body.
 */

/** Header names and values in turn, spelled as received: `[name, value, name, value, …]`. */
export type RawHeaders = readonly string[];

/** The status line and headers of an answer. */
export interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
}

/** The first value of a header, by its lower-case name. */
export function headerOf(head: Head, name: string): string | undefined {
  for (let at = 0; at + 1 < head.headers.length; at += 2) {
    if (head.headers[at]?.toLowerCase() === name) return head.headers[at + 1];
  }
  return undefined;
}

export interface Entry {
  readonly head: Head;
  readonly body: Buffer;
  /** When the answer was recorded, in milliseconds since the epoch. */
  readonly storedAt: number;
  /** When it stops being served, in milliseconds since the epoch; `Infinity` for never. */
  readonly expiresAt: number;
  /** The `id` inside the answer, by which a later `DELETE` names it; null where it has none. */
  readonly answerId: string | null;
}

/** One buffer of exactly the bytes of `chunks`, outside Node's shared pool so that it holds no more than it counts. */
export function compact(chunks: readonly Buffer[], bytes: number): Buffer {
  const body = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(body, at);
  return body;
}
