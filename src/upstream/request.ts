/**
 * What an upstream is asked.
 */
import type { Readable } from 'node:stream';

export interface UpstreamRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  /** That the upstream is from, as it was written. */
  readonly setting: string;
  readonly method: string;
  /** With its query, as it goes on the request line. */
  readonly path: string;
  readonly headers: string[];
  /** An iterable is sent piece by piece, and again from its beginning where it is asked again. */
  readonly body: Buffer | Iterable<Buffer> | Readable | null;
  /** Whether it may be asked once more where nobody knows if it was heard (RFC 9110, 9.2.2); a stream cannot. */
  readonly repeatable: boolean;
  /** Whether its answer is to be had as it is, whatever coding it comes in. */
  readonly decoded: boolean;
  /** Told of the status before the writer is; `flushed`: nobody reads the body any more, if all of it was taken. */
  readonly onStatus: (status: number, flushed: boolean) => void;
}
