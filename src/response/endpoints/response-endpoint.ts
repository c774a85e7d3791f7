/**
 * One endpoint, as far as its answers go: when one is whole, what it took, and
 * how an error is written. Its twin, in `request/endpoints/`, reads the requests.
 */
import type { Expectation, Unkept, Validator } from '../complete.ts';
import type { ErrorDialect } from '../error-dialect.ts';
import type { Json } from '../json.ts';
import type { UsageReader } from '../usage.ts';

export interface ResponseEndpoint {
  /** Why a JSON answer is not whole, or nothing. @param answer without an `error` */
  whyNotWhole(answer: Json, expected: Expectation): Unkept | null;
  /** @param delimited whether HTTP marks the body's end; else only the connection's end does */
  createStreamValidator(expected: Expectation, delimited: boolean): Validator;
  readonly usage: UsageReader;
  /** The id by which a later `DELETE` names a whole answer; null where none does. */
  answerId(answer: Json): string | null;
  readonly errors: ErrorDialect;
}
