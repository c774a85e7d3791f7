/**
 * Is this answer whole? Decided from its bytes, by endpoint and media type.
 *
 * A stream is *committed* at its terminal event, not at the end of its socket:
 * real clients hang up the moment they read `[DONE]`. A stream that ends, or
 * claims to end, before its answer is whole is *broken*: it must not end
 * cleanly towards anybody. What is whole as HTTP but no answer to keep (an
 * error object, a missing choice, a tool call that breaks off) is relayed as
 * it is and *unkept*.
 */
import type { Endpoint } from '../endpoint.ts';
import type { Usage } from './usage.ts';

/** What a whole answer to this request has. */
export interface Expectation {
  readonly endpoint: Endpoint;
  /** How many choices were asked for. */
  readonly choices: number;
  /** How many vectors or results were asked for; null where the request does not tell. */
  readonly inputs: number | null;
  /** Whether the text of the answer was asked to be JSON. */
  readonly jsonText: boolean;
  /** Whether a response that `max_output_tokens` has cut is whole. */
  readonly incomplete: 'drop' | 'keep';
  /** Whether a stream without `data: [DONE]` counts as broken off. */
  readonly doneMarker: 'required' | 'optional';
  /** Whether an answer is left unkept because its upstream says `Cache-Control: no-store`. */
  readonly noStore: NoStore;
}

export type NoStore = 'obey' | 'ignore';

export type Step =
  | { readonly kind: 'more' }
  | { readonly kind: 'committed' }
  /** Only the first `relay` bytes of the chunk may pass. `told`: they carry the upstream's own error. */
  | { readonly kind: 'broken'; readonly relay: number; readonly why: string; readonly told: boolean };

export type Verdict =
  | { readonly kind: 'whole'; readonly answerId: string | null }
  | { readonly kind: 'unkept'; readonly why: Unkept }
  | { readonly kind: 'broken'; readonly why: string };

export type Unkept =
  | 'status'
  | 'upstream-no-store'
  /** It differs by more than the headers of the request: `Vary: *`. */
  | 'vary'
  | 'encoded'
  | 'content-type'
  | 'not-json'
  | 'error-object'
  | 'unfinished'
  | 'dialect'
  | 'missing-choice'
  | 'missing-input'
  | 'tool-call'
  | 'text-not-json'
  | 'web-search';

export interface Judge {
  /** What the answer took, as far as it has been told; all of it after `end`. */
  readonly usage: Usage | null;
  /** Sees each chunk before it is relayed. */
  push(chunk: Buffer): Step;
  /** May ask for the whole body, once the upstream has ended it. */
  end(body: () => Buffer): Verdict;
}

export const MORE: Step = { kind: 'more' };
