/**
 * Answers of embeddings: a list with a vector for each input.
 */
import type { Unkept } from '../complete.ts';
import { OPENAI_ERRORS } from '../error-dialect.ts';
import { ForeignStreamValidator } from '../foreign-stream.ts';
import { type Json, listOf } from '../json.ts';
import { isNumbered } from '../numbering.ts';
import { INPUT_USAGE } from '../usage.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';

export const embeddings: ResponseEndpoint = {
  whyNotWhole: ({ data }, { inputs }) => whyNotVectors(listOf(data), inputs),
  createStreamValidator: () => new ForeignStreamValidator(),
  usage: INPUT_USAGE,
  answerId: () => null,
  errors: OPENAI_ERRORS,
};

/** One vector for each input. */
function whyNotVectors(vectors: readonly Json[] | null, wanted: number | null): Unkept | null {
  if (vectors === null || !vectors.every(({ embedding }) => isVector(embedding, 0))) return 'missing-input';
  const count = wanted ?? vectors.length;
  const indices = vectors.map(({ index }) => index);
  return isNumbered(indices, count, count) ? null : 'missing-input';
}

/** A vector for each token, for one server; deeper is no embedding. */
const DEEPEST_VECTOR = 2;

/**
 * Numbers or their base64, or vectors of them. Some servers answer 200 with nulls in the place of numbers (omlx#3507).
 */
function isVector(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value !== '';
  if (!Array.isArray(value) || value.length === 0 || depth > DEEPEST_VECTOR) return false;
  return value.every((item) => typeof item === 'number' || (typeof item === 'object' && isVector(item, depth + 1)));
}
