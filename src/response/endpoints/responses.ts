/**
 * Answers of the Responses API, which a client may delete by their id.
 */
import { whyNotResponse } from '../complete-response.ts';
import { ResponseStreamValidator } from '../complete-response-stream.ts';
import { OPENAI_ERRORS } from '../error-dialect.ts';
import { OPENAI_USAGE } from '../usage.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';

export const responses: ResponseEndpoint = {
  whyNotWhole: (answer, expected) => whyNotResponse(answer, expected, false),
  createStreamValidator: (expected) => new ResponseStreamValidator(expected),
  usage: OPENAI_USAGE,
  answerId: ({ id }) => (typeof id === 'string' ? id : null),
  errors: OPENAI_ERRORS,
};
