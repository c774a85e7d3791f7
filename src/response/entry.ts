/**
 * An entry is a finished recording, compacted: the head as it is replayed and
 * the whole body in one buffer. Entries are immutable and shared: whoever
 * plays one must not write to its body.
 */

import type { Endpoint } from '../endpoint.ts';
import type { Usage } from './usage.ts';

/** Header names and values in turn, spelled as received: `[name, value, name, value, …]`. */
export type RawHeaders = readonly string[];

/** The status line and headers of an answer. */
export interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
}

/** All values of a header as one list (RFC 9110, 5.3), by its lower-case name. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  let found: string | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const value = headers[at + 1] as string;
    if ((headers[at] as string).toLowerCase() === name) found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/** The headers whose lower-case name `keep` accepts, as spelled. */
export function selectHeaders(raw: RawHeaders, keep: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    if (keep(name.toLowerCase())) kept.push(name, raw[at + 1] as string);
  }
  return kept;
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
  /** Names it among several answers to one question; absent where there is one. */
  readonly variant?: Variant;
  /** The upstream call that brought it; absent where that is not known. */
  readonly call?: Call;
  /** When the events of a stream arrived; see `arrival-times`. Absent where that is not known, or it is no stream. */
  readonly arrivals?: string;
  /** The request for it, where that is at hand: shown to people, never needed to serve the answer. */
  readonly request?: StoredRequest;
  /** The last purge that was known when it was asked for; absent where purges are not logged. */
  readonly purgeMark?: PurgeMark;
  /** The entry that it was made from; absent of what was recorded. Never encoded. */
  readonly derivation?: Derivation;
}

/** The way in which an entry was made from one of another form. */
export interface Derivation {
  readonly form: string;
  /** The form of its source, and the key under which that is stored. */
  readonly from: string;
  readonly key: string;
}

/** A place in the log of purges: what is logged after it may be about this answer. */
export interface PurgeMark {
  /** The log's incarnation. */
  readonly log: string;
  /** Of the last record that was known; 0 where there was none. */
  readonly id: number;
  /** Names that record's own append: a log that lost its end gives the number to another. Empty for 0. */
  readonly record: string;
}

/** Names the request headers by which an answer was chosen, and, by a digest, what was sent of them. */
export interface Variant {
  /** In lower case, sorted. */
  readonly by: readonly string[];
  readonly digest: string;
}

/** The facts by which an answer is listed and purged. */
export interface Label {
  readonly endpoint: Endpoint;
  /** Null where the request did not say. */
  readonly model: string | null;
  /** Of the caller whose answer it is. */
  readonly scope: string;
  /** As the request named them, each once. */
  readonly tags: readonly string[];
}

/** The request that an answer was recorded for. */
export interface StoredRequest extends Label {
  /** The parts of the key; null where they are too long to keep, or are not to be kept. */
  readonly parts: Readonly<Record<string, string>> | null;
}

/** The cost of an answer: tokens and time. */
export interface Call {
  /** Null where the answer does not say. */
  readonly usage: Usage | null;
  /** From the request to the upstream to the head of its answer, in ms. */
  readonly firstByteMs: number;
  /** From the request to the upstream to the end of its answer, in ms. */
  readonly ms: number;
  /** The model that an answer names as its own, where its request names none or was not read. */
  readonly model?: string;
}

/** One buffer of exactly the bytes of `chunks`, outside Node's shared pool so that it holds no more than it counts. */
export function compact(chunks: readonly Buffer[], bytes: number): Buffer {
  const body = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(body, at);
  return body;
}
