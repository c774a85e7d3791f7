/**
 * Answers of rerank, as Cohere, Jina and the servers after them write them.
 */
import { describe, expect, test } from 'vitest';
import { RESPONSE_ENDPOINTS } from '../../src/response/endpoints/table.ts';
import { validateJson, validateStream, type Word } from './validate.ts';

const result = (index: unknown, score: unknown = 0.5, others: object = {}) => ({
  index,
  relevance_score: score,
  ...others,
});

/** As Cohere's second version answers. */
const COHERE = {
  id: '07734bd2-2473-4f07-94e1-0d9f0e6843cf',
  results: [result(1, 0.999071), result(0, 0.32713068)],
  meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
};

/** As Jina's answers. */
const JINA = {
  model: 'jina-reranker-v2-base-multilingual',
  object: 'list',
  usage: { total_tokens: 815 },
  results: [result(1, 0.87, { document: { text: 'Salt.' } }), result(0, -0.12, { document: { text: 'Sand.' } })],
};

describe('an answer of rerank', () => {
  test.each<readonly [string, unknown, number | null, Word]>([
    ['of Cohere', COHERE, 2, 'whole'],
    ['of Jina', JINA, 2, 'whole'],
    ['of which nobody knows how many there should be', JINA, null, 'whole'],
    ['with too few results', { results: [result(0)] }, 2, 'missing-input'],
    ['with too many results', JINA, 1, 'missing-input'],
    ['with none', { results: [] }, 0, 'missing-input'],
    ['with none, of which nobody knows', { results: [] }, null, 'missing-input'],
    ['without results', { data: [result(0)] }, 1, 'missing-input'],
    ['with one document twice', { results: [result(0), result(0)] }, 2, 'missing-input'],
    ['with null in the place of a result', { results: [result(0), null] }, 2, 'missing-input'],
    ['without an index', { results: [result(undefined)] }, 1, 'missing-input'],
    ['with an index below zero', { results: [result(-1)] }, 1, 'missing-input'],
    ['without a score', { results: [result(0, null)] }, 1, 'missing-input'],
    ['with an error', { ...JINA, error: { message: 'overloaded' } }, 2, 'error-object'],
  ])('%s', (_, answer, inputs, word) => {
    expect(validateJson(answer, { endpoint: 'rerank', inputs })).toBe(word);
  });

  test('as a stream, which no server sends', () => {
    expect(validateStream(['data: {"results":[]}\n\n', 'data: [DONE]\n\n'], { endpoint: 'rerank' })).toBe('dialect');
    expect(validateStream(['event: error\ndata: {"message":"x"}\n\n'], { endpoint: 'rerank' })).toBe('error-object');
  });
});

test.each<readonly [string, object, number | null]>([
  ['of Jina', JINA, 815],
  ['of a server that counts as OpenAI does', { usage: { prompt_tokens: 9, total_tokens: 9 } }, 9],
  ['of Cohere, where it counts tokens', { meta: { tokens: { input_tokens: 40, output_tokens: 0 } } }, 40],
  ['of Cohere, where it counts searches', COHERE, null],
])('the usage %s', (_, answer, input) => {
  const { usage } = RESPONSE_ENDPOINTS.rerank;
  const expected = input === null ? null : { input, cachedInput: 0, output: 0, reasoning: 0 };
  expect(usage.find(answer as Record<string, unknown>)).toEqual(expected);
});
