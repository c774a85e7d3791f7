import { describe, expect, test } from 'vitest';
import { chatAnswer, completionAnswer, embeddingsAnswer, moderationAnswer } from '../harness/answers.ts';
import { validateJson, type Wanted, type Word } from './validate.ts';

const choice = (index: unknown, others: object = {}) => ({
  index,
  message: { role: 'assistant', content: 'Salt.' },
  finish_reason: 'stop',
  ...others,
});
const vector = (index: unknown, embedding: unknown = [0.5, -0.25]) => ({ object: 'embedding', index, embedding });

describe('a chat answer', () => {
  test.each<readonly [string, unknown, number, Word]>([
    ['with the choice that was asked for', [choice(0)], 1, 'whole'],
    ['with its choices in another order', [choice(1), choice(0)], 2, 'whole'],
    ['without an index', [choice(undefined)], 1, 'whole'],
    ['with an index that is not of a choice', [choice(1)], 1, 'missing-choice'],
    ['with an index that is a text', [choice('0')], 1, 'missing-choice'],
    ['with the same index twice', [choice(0), choice(0)], 2, 'missing-choice'],
    ['with a gap between its indices', [choice(0), choice(2)], 2, 'missing-choice'],
    ['with one choice of several, as some servers give', [choice(0)], 2, 'whole'],
    ['without the index that is 0', [choice(1), choice(undefined)], 2, 'whole'],
    ['with one choice of several, which has not finished', [choice(0, { finish_reason: null })], 2, 'unfinished'],
    ['with too many choices', [choice(0), choice(1)], 1, 'missing-choice'],
    ['with no choice', [], 1, 'missing-choice'],
    ['with no choice, as it was asked', [], 0, 'missing-choice'],
    ['without choices', undefined, 1, 'missing-choice'],
    ['with null in the place of a choice', [null], 1, 'missing-choice'],
    ['with null beside its choice', [null, choice(0)], 1, 'missing-choice'],
    ['with a choice that has no message', [choice(0, { message: null })], 1, 'missing-choice'],
    ['with a choice that has not finished', [choice(0), choice(1, { finish_reason: null })], 2, 'unfinished'],
    ['with a choice that failed', [choice(0, { error: { code: 502 } })], 1, 'error-object'],
  ])('%s', (_, choices, wanted, word) => {
    expect(validateJson({ object: 'chat.completion', choices }, { choices: wanted })).toBe(word);
  });

  test('with an error beside its choices', () => {
    expect(validateJson({ choices: [choice(0)], error: { message: 'overloaded' } })).toBe('error-object');
  });
});

describe('a list of embeddings', () => {
  test.each<readonly [string, unknown, number, Word]>([
    ['with one vector for each input', [vector(0), vector(1)], 2, 'whole'],
    ['in another order', [vector(1), vector(0)], 2, 'whole'],
    ['in base64', [vector(0, 'AAAAPwAAgL4=')], 1, 'whole'],
    ['with the same index twice', [vector(0), vector(0)], 2, 'missing-input'],
    ['with indices that begin at one', [vector(1), vector(2)], 2, 'missing-input'],
    ['without indices', [vector(undefined), vector(null)], 2, 'whole'],
    ['without the index that is 0', [vector(undefined), vector(1)], 2, 'whole'],
    [
      'with a vector for each token',
      [
        vector(0, [
          [0.5, 1],
          [1, 2],
        ]),
      ],
      1,
      'whole',
    ],
    ['with a vector of nulls for a token', [vector(0, [[0.5, 1], [null]])], 1, 'missing-input'],
    ['with a text in a vector', [vector(0, ['0.5'])], 1, 'missing-input'],
    ['with too few vectors', [vector(0)], 2, 'missing-input'],
    ['with too many vectors', [vector(0), vector(1)], 1, 'missing-input'],
    ['with none', [], 0, 'missing-input'],
    ['with null in the place of one', [vector(0), null], 1, 'missing-input'],
    ['with a vector that is null', [vector(0, null)], 1, 'missing-input'],
    ['with a vector that is empty', [vector(0, [])], 1, 'missing-input'],
    ['with a vector of nulls', [vector(0, [null, null])], 1, 'missing-input'],
    ['with a vector that is empty base64', [vector(0, '')], 1, 'missing-input'],
  ])('%s', (_, data, inputs, word) => {
    expect(validateJson({ object: 'list', data }, { endpoint: 'embeddings', inputs })).toBe(word);
  });
});

describe('moderations', () => {
  test.each<readonly [string, unknown, number | null, Word]>([
    ['with a result for each input', [{ flagged: false }, { flagged: true }], 2, 'whole'],
    ['with too few results', [{ flagged: false }], 2, 'missing-input'],
    ['with too many results', [{ flagged: false }, { flagged: false }], 1, 'missing-input'],
    ['with none', [], 0, 'missing-input'],
    ['with null beside the result', [{ flagged: false }, null], 1, 'missing-input'],
    ['with a result that decides nothing', [{}], 1, 'missing-input'],
  ])('%s', (_, results, inputs, word) => {
    expect(validateJson({ id: 'modr-1', results }, { endpoint: 'moderations', inputs })).toBe(word);
  });
});

test.each<readonly [string, readonly unknown[], number, Word]>([
  [
    'an answer to each of two prompts',
    [
      { index: 0, text: 'a', finish_reason: 'stop' },
      { index: 1, text: 'b', finish_reason: 'stop' },
    ],
    2,
    'whole',
  ],
  ['an answer to one of two prompts', [{ index: 0, text: 'a', finish_reason: 'stop' }], 2, 'missing-choice'],
])('of completions, %s', (_, choices, prompts, word) => {
  expect(validateJson({ choices }, { endpoint: 'completions', choices: prompts * 3, prompts })).toBe(word);
});

test('a completion without text is not kept', () => {
  expect(validateJson({ choices: [{ index: 0, finish_reason: 'stop' }] }, { endpoint: 'completions' })).toBe(
    'missing-choice',
  );
});

describe('of a JSON answer nothing is whole but the whole', () => {
  test.each<readonly [string, string, Wanted]>([
    ['chat', chatAnswer('Wäter 🌊'), {}],
    ['a completion', completionAnswer(), { endpoint: 'completions' }],
    ['embeddings', embeddingsAnswer(2), { endpoint: 'embeddings', inputs: 2 }],
    ['moderations', moderationAnswer(), { endpoint: 'moderations', inputs: 1 }],
  ])('%s', (_, answer, wanted) => {
    expect(validateJson(answer, wanted)).toBe('whole');
    for (let end = 0; end < answer.length; end++) expect(validateJson(answer.slice(0, end), wanted)).toBe('not-json');
  });
});
