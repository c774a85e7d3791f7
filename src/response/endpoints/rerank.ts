/**
 * Answers of rerank: a result for each document, or for the best of them, in
 * the order of relevance.
 */
import type { Unkept } from '../complete.ts';
import { OPENAI_ERRORS } from '../error-dialect.ts';
import { ForeignStreamValidator } from '../foreign-stream.ts';
import { isObject, type Json, listOf } from '../json.ts';
import { OPENAI_USAGE, type Usage } from '../usage.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';

export const rerank: ResponseEndpoint = {
  whyNotWhole: ({ results }, { inputs }) => whyNotResults(listOf(results), inputs),
  createStreamValidator: () => new ForeignStreamValidator(),
  usage: { ...OPENAI_USAGE, read: readUsage, find: findUsage },
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

/** Nothing is written: all tokens are of the input. Jina reports no more than how many there are in all. */
function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const { total_tokens: total, ...others } = value;
  return OPENAI_USAGE.read({ prompt_tokens: total, ...others });
}

/** Cohere reports tokens in `meta`, where it counts any; what it bills is searches. */
function findUsage({ usage, meta }: Json): Usage | null {
  return readUsage(usage) ?? (isObject(meta) ? readUsage(meta.tokens) : null);
}
