/**
 * A recorded exchange: one request and its answer, as a cassette holds them. No credential is in it, no date and no
 * key: keys are computed from the requests when a cassette is read.
 */
import type { Dialect } from '../dialect.ts';
import type { Head } from '../response/entry.ts';

export interface RecordedExchange {
  readonly request: RecordedRequest;
  readonly answer: RecordedAnswer;
  /** Its place among the answers to equal requests, from 1 on. */
  readonly sample: number;
}

export interface RecordedRequest {
  /** The name of the upstream that was asked; null for the standard one. Its address is not kept. */
  readonly upstream: string | null;
  readonly dialect: Dialect;
  readonly method: string;
  /** Relative to the base of the upstream, less one leading `/v1`. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  /** Those by which answers differ, by lower-case name; several values are on a line each. None is a credential. */
  readonly headers: Readonly<Record<string, string>>;
  /** As received, but decoded and redacted; multipart has a fixed boundary. Empty where there is none. */
  readonly body: Buffer;
}

export interface RecordedAnswer {
  readonly head: Head;
  readonly body: Buffer;
  /** In ms since the upstream was asked; absent where that is not known. */
  readonly timing?: Timing;
}

export interface Timing {
  readonly firstByteMs: number;
  readonly ms: number;
  /** When the events of a stream arrived; see `response/arrival-times`. */
  readonly arrivals?: string;
}
