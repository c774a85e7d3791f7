/**
 * The words in which an endpoint's clients expect to read of an error.
 */
import { errorBody, errorEvent, type RefrainError } from '../errors.ts';

export interface ErrorDialect {
  /** A JSON document. */
  body(error: RefrainError): string;
  /** The event that ends a stream which broke off. */
  event(error: RefrainError): string;
}

export const OPENAI_ERRORS: ErrorDialect = { body: errorBody, event: errorEvent };
