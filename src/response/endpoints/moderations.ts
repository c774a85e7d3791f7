/**
 * Answers of moderations: a result for each input.
 */
import type { Unkept } from '../complete.ts';
import { OPENAI_ERRORS } from '../error-dialect.ts';
import { ForeignStreamValidator } from '../foreign-stream.ts';
import { type Json, listOf } from '../json.ts';
import { INPUT_USAGE } from '../usage.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';

export const moderations: ResponseEndpoint = {
  whyNotWhole: ({ results }, { inputs }) => whyNotResults(listOf(results), inputs ?? 1),
  createStreamValidator: () => new ForeignStreamValidator(),
  usage: INPUT_USAGE,
  answerId: () => null,
  errors: OPENAI_ERRORS,
};

function whyNotResults(results: readonly Json[] | null, wanted: number): Unkept | null {
  const isSound =
    results !== null && results.length > 0 && results.every(({ flagged }) => typeof flagged === 'boolean');
  return isSound && results.length === wanted ? null : 'missing-input';
}
