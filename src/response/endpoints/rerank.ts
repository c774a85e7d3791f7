/**
 * Answers of rerank: a result for each document, or for the best of them, in
 * the order of relevance.
 */
import type { Unkept } from '../complete.ts';
import { OPENAI_ERRORS } from '../error-dialect.ts';
import { ForeignStreamValidator } from '../foreign-stream.ts';
import { isObject, type Json, listOf } from '../json.ts';
import { INPUT_USAGE, type Usage } from '../usage.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';

export const rerank: ResponseEndpoint = {
  whyNotWhole: ({ results }, { inputs }) => whyNotResults(listOf(results), inputs),
  createStreamValidator: () => new ForeignStreamValidator(),
  usage: { ...INPUT_USAGE, find: findUsage },
  answerId: () => null,
  errors: OPENAI_ERRORS,
};

/** Each names another document, and how relevant it is. */
function whyNotResults(results: readonly Json[] | null, wanted: number | null): Unkept | null {
  if (results === null || results.length === 0 || !results.every(isResult)) return 'missing-input';
  const documents = new Set(results.map(({ index }) => index));
  return documents.size === results.length && results.length === (wanted ?? results.length) ? null : 'missing-input';
}

function isResult({ index, relevance_score: score }: Json): boolean {
  return Number.isInteger(index) && (index as number) >= 0 && typeof score === 'number';
}

/** Cohere reports tokens in `meta`, where it counts any; what it bills is searches. */
function findUsage(body: Json): Usage | null {
  return INPUT_USAGE.find(body) ?? (isObject(body.meta) ? INPUT_USAGE.read(body.meta.tokens) : null);
}
