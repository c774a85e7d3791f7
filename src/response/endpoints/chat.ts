/**
 * Answers of chat completions.
 */
import { whyNotChoices } from '../choices.ts';
import { ChoiceStreamValidator } from '../complete-choice-stream.ts';
import { OPENAI_ERRORS } from '../error-dialect.ts';
import { listOf } from '../json.ts';
import { OPENAI_USAGE } from '../usage.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';

export const chat: ResponseEndpoint = {
  whyNotWhole: ({ choices }, expected) => whyNotChoices(expected, listOf(choices)),
  createStreamValidator: (expected, delimited) => new ChoiceStreamValidator(expected, delimited),
  usage: OPENAI_USAGE,
  answerId: () => null,
  errors: OPENAI_ERRORS,
};
