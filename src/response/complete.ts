/**
 * Is this answer whole? Decided from its bytes, by endpoint and media type.
 *
 * A stream is *committed* at its terminal event, not at the end of its socket:
 * real clients hang up the moment they read `[DONE]`. What an upstream says is
 * relayed as it came and ends as the upstream ended it; the validator decides only
 * whether it is *whole*, so that it may be kept, or *unkept*, and why.
 */
import type { Endpoint } from '../endpoint.ts';
import type { Usage } from './usage.ts';

/** Kinds of answers that are kept where the operator says so. */
export type Keep = 'length' | 'content-filter' | 'empty' | 'incomplete';

/** The properties of a whole answer to a request. */
export interface Expectation {
  readonly endpoint: Endpoint;
  /** How many choices were asked for. */
  readonly choices: number;
  /** How many prompts they answer; a server that ignores `n` gives one choice to each. */
  readonly prompts: number;
  /** How many vectors or results were asked for; null where the request does not say. */
  readonly inputs: number | null;
  /** True where the text of the answer was asked to be JSON. */
  readonly jsonText: boolean;
  /** True where the model was asked to say anything: `max_tokens: 0` asks for nothing. */
  readonly output: boolean;
  /** True where the stream was asked to report its usage. */
  readonly usage: boolean;
  /** The answers that are whole although they end before the model has ended them, or say nothing. */
  readonly keep: ReadonlySet<Keep>;
  /** The need for `data: [DONE]` in a whole stream. */
  readonly doneMarker: 'required' | 'optional';
  /** The effect of `Cache-Control: no-store` from the upstream: `obey` leaves the answer unkept. */
  readonly noStore: NoStore;
}

export type NoStore = 'obey' | 'ignore';

/** `committed`: the terminal event has come with this chunk. */
export type Step = 'more' | 'committed';

export type Verdict =
  | { readonly kind: 'whole'; readonly answerId: string | null }
  | { readonly kind: 'unkept'; readonly why: Unkept };

export type Unkept =
  | Keep
  | 'status'
  | 'upstream-no-store'
  /** It differs by more than the headers of the request: `Vary: *`. */
  | 'vary'
  | 'encoded'
  | 'content-type'
  | 'not-json'
  | 'error-object'
  /** No choice or response says that it has ended by itself. */
  | 'unfinished'
  | 'dialect'
  | 'missing-choice'
  | 'missing-input'
  | 'tool-call'
  | 'text-not-json'
  | 'web-search'
  /** A stream in which no event came. */
  | 'no-event'
  /** A stream without `data: [DONE]` where that is needed. */
  | 'missing-done'
  /** A stream without `data: [DONE]` and without the usage that it was asked for. */
  | 'missing-usage'
  /** A stream without `data: [DONE]` that only its connection's end has ended. */
  | 'connection-close';

export interface Validator {
  /** The tokens of the answer, as far as it has reported them; all of them after `end`. */
  readonly usage: Usage | null;
  /** The model that the answer names as its own, as far as it has come. */
  readonly model: string | null;
  /** True where the last that was said is an error of the upstream's own. */
  readonly saysError: boolean;
  /** How many events with data have come; 0 of what is no stream that may be kept. */
  readonly events: number;
  /** Sees each chunk before it is relayed. */
  push(chunk: Buffer): Step;
  /** May ask for the whole body, once the upstream has ended it. */
  end(body: () => Buffer): Verdict;
}
