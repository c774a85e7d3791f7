/**
 * One request as far as it is known, for its response headers and its usage
 * record: filled in step by step.
 */
import type { MissReason } from '../cache/miss-reason.ts';
import type { HeaderContext } from '../headers/response-headers.ts';

export interface RequestContext extends HeaderContext {
  /** By `performance.now()`, in ms. */
  readonly startedAt: number;
  /** Of its caller; null before that is known. */
  scope: string | null;
  /** As the request named them. */
  tags: readonly string[];
  /** Null where the request was not read, or does not say. */
  model: string | null;
  /** The first words of its question, where lines about requests show them. */
  question: string | null;
  /** Why it was a miss; null before that is known, and for all others. */
  reason: MissReason | null;
}

const NO_TAGS: readonly string[] = [];

export function createContext(requestId: string): RequestContext {
  return {
    requestId,
    startedAt: performance.now(),
    endpoint: null,
    scope: null,
    tags: NO_TAGS,
    model: null,
    question: null,
    key: null,
    why: null,
    items: null,
    reason: null,
  };
}
