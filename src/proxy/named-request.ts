/**
 * A request once its second step is done: with the name of its answer, or why it has none.
 */
import type { RecordedRequest } from '../cassette/recorded-exchange.ts';
import type { KeyContext, KeyedRequest } from '../request/key.ts';
import type { WholeBody } from '../request/whole-body.ts';
import type { ReceivedHead } from './head-memo.ts';
import type { PassingBody } from './passing-body.ts';

/** A request for an answer that may be kept. */
export interface NamedRequest {
  readonly head: ReceivedHead;
  readonly keyContext: KeyContext;
  readonly keyed: KeyedRequest;
  readonly body: WholeBody;
  /** The number of its sample, where it wants one of several; its key is that sample's. */
  readonly sample?: number;
  /** As a cassette has it, redacted; absent where that is yet to be made. */
  readonly recorded?: RecordedRequest;
}

/** A request that goes to its upstream for its caller alone. */
export interface NamelessRequest {
  readonly head: ReceivedHead;
  readonly keyed: null;
  readonly why: string;
  readonly body: WholeBody | PassingBody | null;
  /** By which a cassette has its exchange; null or absent where none can have it. */
  readonly exactKey?: string | null;
  /** The same as in `NamedRequest`. */
  readonly recorded?: RecordedRequest;
}

/** The name of the answer to a request; null where there is none. */
export function keyOf(request: NamedRequest | NamelessRequest): string | null {
  return request.keyed === null ? (request.exactKey ?? null) : request.keyed.key;
}
