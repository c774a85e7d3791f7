import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TailUsage } from '../../src/response/tail-usage.ts';
import { findUsage, readUsage, type Usage } from '../../src/response/usage.ts';
import {
  completionAnswer,
  embeddingsAnswer,
  moderationAnswer,
  rerankAnswer,
  responseAnswer,
} from '../harness/answers.ts';
import { usageOf, type Wanted } from './validate.ts';

const usage = (input: number, cachedInput: number, output: number, reasoning: number): Usage => ({
  input,
  cachedInput,
  output,
  reasoning,
});
const recorded = (path: string) => readFileSync(new URL(`../fixtures/${path}`, import.meta.url));
const pieces = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
const tailUsageOf = (chunks: readonly Buffer[], { endpoint = 'chat' }: Wanted = {}) => {
  const tail = new TailUsage(endpoint);
  for (const chunk of chunks) tail.push(chunk);
  return tail;
};

describe('an object of usage', () => {
  test.each<readonly [string, unknown, Usage | null]>([
    ['of chat', { prompt_tokens: 17, completion_tokens: 10, total_tokens: 27 }, usage(17, 0, 10, 0)],
    [
      'of chat, in detail',
      {
        prompt_tokens: 2006,
        completion_tokens: 300,
        prompt_tokens_details: { cached_tokens: 1920 },
        completion_tokens_details: { reasoning_tokens: 256 },
      },
      usage(2006, 1920, 300, 256),
    ],
    [
      'of responses',
      {
        input_tokens: 36,
        input_tokens_details: { cached_tokens: 12 },
        output_tokens: 87,
        output_tokens_details: { reasoning_tokens: 64 },
      },
      usage(36, 12, 87, 64),
    ],
    ['of embeddings', { prompt_tokens: 8, total_tokens: 8 }, usage(8, 0, 0, 0)],
    [
      'with details that are null',
      {
        prompt_tokens: 1,
        completion_tokens: 1,
        prompt_tokens_details: null,
        completion_tokens_details: { reasoning_tokens: null },
      },
      usage(1, 0, 1, 0),
    ],
    ['with nothing in it', { prompt_tokens: 0, completion_tokens: 0 }, usage(0, 0, 0, 0)],
    [
      'with more reasoning than output',
      { prompt_tokens: 9, completion_tokens: 9, completion_tokens_details: { reasoning_tokens: 94 } },
      usage(9, 0, 9, 9),
    ],
    [
      'of DeepSeek',
      { prompt_tokens: 11, completion_tokens: 40, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 3 },
      usage(11, 8, 40, 0),
    ],
    [
      'of Moonshot',
      { prompt_tokens: 19, completion_tokens: 13, total_tokens: 32, cached_tokens: 12 },
      usage(19, 12, 13, 0),
    ],
    [
      'of a gateway to Anthropic',
      { prompt_tokens: 110, completion_tokens: 3, total_tokens: 113, cache_read_input_tokens: 100 },
      usage(110, 100, 3, 0),
    ],
    [
      'that says twice what a cache held',
      { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 0 }, cached_tokens: 8 },
      usage(9, 0, 1, 0),
    ],
    [
      'of xAI, with what was thought beside the output',
      {
        prompt_tokens: 10120,
        completion_tokens: 1499,
        total_tokens: 14428,
        prompt_tokens_details: { cached_tokens: 128 },
        completion_tokens_details: { reasoning_tokens: 2809 },
        num_sources_used: 0,
      },
      usage(10120, 128, 4308, 2809),
    ],
    [
      'of Gemini, with what was thought in the total alone',
      { prompt_tokens: 20, completion_tokens: 424, total_tokens: 1016 },
      usage(20, 0, 996, 572),
    ],
    [
      'that thinks and says nothing',
      {
        prompt_tokens: 21,
        completion_tokens: 0,
        total_tokens: 81,
        completion_tokens_details: { reasoning_tokens: 60 },
      },
      usage(21, 0, 60, 60),
    ],
    [
      'whose total has what a cache held, too',
      { prompt_tokens: 5, completion_tokens: 3, total_tokens: 108, cache_creation_input_tokens: 100 },
      usage(5, 0, 3, 0),
    ],
    [
      'whose total nobody can explain',
      {
        prompt_tokens: 5,
        completion_tokens: 3,
        total_tokens: 100,
        completion_tokens_details: { reasoning_tokens: 2 },
      },
      usage(5, 0, 3, 2),
    ],
    ['with a total below its parts', { prompt_tokens: 5, completion_tokens: 3, total_tokens: 1 }, usage(5, 0, 3, 0)],
    ['without a number of input', { total_tokens: 4 }, null],
    ['below zero', { prompt_tokens: -1, completion_tokens: 3 }, null],
    ['with a text for a number', { prompt_tokens: '17', completion_tokens: 10 }, null],
    ['with half a token', { prompt_tokens: 1.5, completion_tokens: 10 }, null],
    ['that is not a number', { prompt_tokens: Number.NaN, completion_tokens: 10 }, null],
    ['beyond any model', { prompt_tokens: 1e15, completion_tokens: 10 }, null],
    [
      'with a detail below zero',
      { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: -5 } },
      null,
    ],
    ['that is a list', [1, 2], null],
    ['that is null', null, null],
    ['that is a text', '{"prompt_tokens":1}', null],
  ])('%s', (_, value, expected) => {
    expect(readUsage(value)).toEqual(expected);
  });
});

const RECORDED: readonly (readonly [string, Wanted, Usage | null])[] = [
  ['answers/chat-openai.json', {}, usage(167, 0, 13, 0)],
  ['answers/chat-llama.json', {}, usage(25, 0, 12, 0)],
  ['streams/chat-usage.sse', {}, usage(20, 0, 12, 0)],
  ['streams/chat-reasoning.sse', {}, usage(9, 0, 12, 0)],
  ['streams/chat-llama.sse', {}, usage(25, 0, 8, 0)],
  ['streams/chat-refusal.sse', {}, usage(17, 0, 13, 0)],
  ['streams/completion.sse', { endpoint: 'completions' }, null],
  ['streams/response-text.sse', { endpoint: 'responses' }, usage(11, 0, 9, 0)],
  ['streams/response-tool-call.sse', { endpoint: 'responses' }, usage(11, 0, 9, 0)],
];

const COHERE = rerankAnswer().replace(
  '"usage":{"total_tokens":15}',
  '"meta":{"api_version":{"version":"2"},"tokens":{"input_tokens":15,"output_tokens":1}}',
);

const WRITTEN: readonly (readonly [string, Wanted, string, Usage | null])[] = [
  ['responses', { endpoint: 'responses' }, responseAnswer(), usage(5, 0, 3, 0)],
  ['embeddings', { endpoint: 'embeddings', inputs: 1 }, embeddingsAnswer(), usage(2, 0, 0, 0)],
  [
    'embeddings that say no more than how many there are in all',
    { endpoint: 'embeddings', inputs: 1 },
    embeddingsAnswer().replace('"prompt_tokens":2,', ''),
    usage(2, 0, 0, 0),
  ],
  ['a rerank that counts beside its results', { endpoint: 'rerank', inputs: 2 }, COHERE, usage(15, 0, 1, 0)],
  ['completions', { endpoint: 'completions' }, completionAnswer(), null],
  ['moderations', { endpoint: 'moderations' }, moderationAnswer(), null],
];

const TOLD = { prompt_tokens: 5, completion_tokens: 3 };
const NONE = { prompt_tokens: 0, completion_tokens: 0 };

describe('usage is found', () => {
  test.each<readonly [string, object, Usage | null]>([
    ['at the top', { usage: TOLD }, usage(5, 0, 3, 0)],
    ['in a choice', { choices: [{ index: 0, usage: TOLD }] }, usage(5, 0, 3, 0)],
    ['in a delta', { choices: [{ delta: { content: '', usage: TOLD } }] }, usage(5, 0, 3, 0)],
    ['in a message', { usage: null, choices: [{ message: { content: 'x', usage: TOLD } }] }, usage(5, 0, 3, 0)],
    ['in an object of its vendor', { choices: [], x_groq: { id: 'req_1', usage: TOLD } }, usage(5, 0, 3, 0)],
    ['where it counts, of several', { usage: NONE, x_groq: { usage: TOLD } }, usage(5, 0, 3, 0)],
    ['as zeros, where that is all', { usage: NONE, choices: [{ usage: NONE }] }, usage(0, 0, 0, 0)],
    ['nowhere', { usage: null, choices: [null, { delta: 'x' }], object: 'x' }, null],
  ])('%s', (_, body, expected) => {
    expect(findUsage(body as Readonly<Record<string, unknown>>)).toEqual(expected);
  });

  test('in the last chunk of a stream that counts something', () => {
    const chunk = (told: unknown) => Buffer.from(`data: ${JSON.stringify({ choices: [], usage: told })}\n\n`);
    const chunks = [chunk({ prompt_tokens: 5, completion_tokens: 1 }), chunk(TOLD), chunk(NONE), chunk(null)];
    expect(usageOf(chunks, 'text/event-stream')).toEqual(usage(5, 0, 3, 0));
    expect(tailUsageOf(chunks).usage()).toEqual(usage(5, 0, 3, 0));
  });
});

describe('the usage of an answer', () => {
  test.each(RECORDED)('as it was recorded, %s, in chunks of any size', (path, wanted, expected) => {
    const body = recorded(path);
    const type = path.endsWith('.sse') ? 'text/event-stream' : 'application/json';
    for (const size of [1, 7, 100, 4_096, body.length]) {
      const chunks = pieces(body, size);
      expect(usageOf(chunks, type, wanted), `judged, ${size}`).toEqual(expected);
      expect(tailUsageOf(chunks).usage(), `glanced at, ${size}`).toEqual(expected);
    }
  });

  test.each(WRITTEN)('of %s', (_, wanted, answer, expected) => {
    expect(usageOf([Buffer.from(answer)], 'application/json', wanted)).toEqual(expected);
    expect(tailUsageOf([Buffer.from(answer)], wanted).usage()).toEqual(expected);
  });

  test('is read also where the answer is not to be kept, and not where it is encoded', () => {
    const body = [recorded('streams/chat-usage.sse')];
    expect(usageOf(body, 'text/event-stream', {}, ['cache-control', 'no-store'])).toEqual(usage(20, 0, 12, 0));
    expect(usageOf(body, 'text/event-stream', {}, ['content-encoding', 'gzip'])).toBeNull();
  });
});

describe('a glance', () => {
  const TOLD = '"usage":{"prompt_tokens":17,"completion_tokens":10}';

  test('finds the usage at the end of megabytes, whatever the chunks', () => {
    const body = Buffer.from(`{"model":"gpt-4o-2024-08-06","choices":"${'x'.repeat(3_000_000)}",${TOLD}}`);
    for (const size of [1_000, 10_000, 65_536, body.length]) {
      const tail = tailUsageOf(pieces(body, size));
      expect(tail.usage()).toEqual(usage(17, 0, 10, 0));
      expect(tail.model()).toBe('gpt-4o-2024-08-06');
    }
  });

  test('believes no text that a model says', () => {
    const said = JSON.stringify({ content: `{${TOLD.replace('17', '999')}}` });
    expect(tailUsageOf([Buffer.from(`{"choices":[${said}]}`)]).usage()).toBeNull();
    expect(tailUsageOf([Buffer.from(`{${TOLD},"choices":[${said}]}`)]).usage()).toEqual(usage(17, 0, 10, 0));
  });

  test('takes the last that is one, and passes over nulls and schemas', () => {
    const stream =
      `data: {${TOLD.replace('17', '1')}}\n\ndata: {${TOLD}}\n\ndata: {"usage":null}\n\n` +
      `data: {"usage":{"type":"object"}}\n\n`;
    expect(tailUsageOf([Buffer.from(stream)]).usage()).toEqual(usage(17, 0, 10, 0));
  });

  test('finds usage at the beginning of megabytes too', () => {
    expect(tailUsageOf([Buffer.from(`{${TOLD},"choices":"${'x'.repeat(100_000)}"}`)]).usage()).toEqual(
      usage(17, 0, 10, 0),
    );
  });

  test('sees nothing in nothing', () => {
    expect(tailUsageOf([]).usage()).toBeNull();
    expect(tailUsageOf([Buffer.from('"usage":{')]).usage()).toBeNull();
    expect(tailUsageOf([]).model()).toBeNull();
  });
});
