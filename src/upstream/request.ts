/**
 * A request to an upstream.
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
  /** True where it may be sent once more, if nobody knows whether it arrived (RFC 9110, 9.2.2); a stream cannot. */
  readonly repeatable: boolean;
  /** True where its answer is decoded, whatever coding it comes in. */
  readonly decoded: boolean;
  /** Called before the writer is; `flushed`: nobody reads the body any more, if all of it was taken. */
  readonly onStatus: (status: number, flushed: boolean) => void;
}
