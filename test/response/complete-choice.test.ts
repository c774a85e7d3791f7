import { describe, expect, test } from 'vitest';
import type { Keep } from '../../src/response/complete.ts';
import { chatStream, validateJson, validateStream, type Word } from './validate.ts';

interface Message {
  readonly content?: string | null;
  readonly refusal?: string | null;
  readonly tool_calls?: readonly (ToolCall | null)[];
  readonly function_call?: Called;
}

interface Called {
  readonly name: string;
  readonly arguments?: unknown;
}

type ToolCall =
  | { readonly function: Called }
  | { readonly type: 'custom'; readonly custom: { readonly name: string; readonly input: string } };

/** A message that calls a function with these arguments, once for each. */
const calling = (...texts: readonly unknown[]): Message => {
  return { content: null, tool_calls: texts.map((text) => ({ function: { name: 'depth_of', arguments: text } })) };
};
const customCall: Message = {
  content: null,
  tool_calls: [{ type: 'custom', custom: { name: 'run', input: 'not { JSON' } }],
};
const deprecatedCall = (text: string): Message => ({
  content: null,
  function_call: { name: 'depth_of', arguments: text },
});
const JSON_TEXT = '{"sea": ["Baltic", "🌊"]}';

/** The message as the deltas of a stream, each text of it cut in two. */
function deltasOf({ content, refusal, tool_calls: calls = [], function_call: call }: Message): object[] {
  return [
    { role: 'assistant', content: content === null ? null : '' },
    ...halves(content).map((text) => ({ content: text })),
    ...halves(refusal).map((text) => ({ refusal: text })),
    ...(call ? halves(call.arguments) : []).map((text) => ({ function_call: { arguments: text } })),
    ...calls.flatMap(piecesOf).map((piece) => ({ tool_calls: [piece] })),
  ];
}

function piecesOf(call: ToolCall | null, index: number): (object | null)[] {
  if (call === null) return [null];
  if ('custom' in call) return [{ index, ...call }];
  const { name, arguments: text } = call.function;
  const opening = { index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } };
  return [opening, ...halves(text).map((half) => ({ index, function: { arguments: half } }))];
}

function halves(text: unknown): unknown[] {
  return typeof text === 'string' ? [text.slice(0, text.length / 2), text.slice(text.length / 2)] : [text];
}

function validateBoth(message: Message, reason: string, jsonText: boolean): Word[] {
  const finished = { index: 0, delta: {}, finish_reason: reason };
  const stream = chatStream(...deltasOf(message).map((delta) => ({ index: 0, delta, finish_reason: null })), finished);
  const json = { choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: reason }] };
  return [validateJson(json, { jsonText }), validateStream(stream, { jsonText })];
}

describe('a choice, in JSON and in a stream, that calls a tool', () => {
  test.each<readonly [string, Message, string, Word]>([
    ['with JSON', calling('{"sea":"Baltic"}'), 'tool_calls', 'whole'],
    ['with JSON, and another', calling('{"sea":"Baltic"}', '{"sea":"North"}'), 'tool_calls', 'whole'],
    ['with JSON, and says that it stopped', calling('{}'), 'stop', 'whole'],
    ['with JSON that breaks off', calling('{"sea":"Bal'), 'tool_calls', 'tool-call'],
    ['with JSON that breaks off at the limit', calling('{"sea":"Bal'), 'length', 'tool-call'],
    ['with JSON, and another that breaks off', calling('{"sea":"Baltic"}', '{"sea":'), 'tool_calls', 'tool-call'],
    ['with two JSON texts in one', calling('{"sea":"Baltic"}{"sea":"North"}'), 'tool_calls', 'tool-call'],
    ['without arguments', calling(''), 'tool_calls', 'whole'],
    ['with null for arguments', calling(null), 'tool_calls', 'whole'],
    ['with arguments that were cut before they began', calling(''), 'length', 'tool-call'],
    ['with arguments that are not in a text', calling({ sea: 'Baltic' }), 'tool_calls', 'whole'],
    ['with a number that may have been longer', calling('1'), 'length', 'tool-call'],
    ['in a list with nothing in its place', { content: null, tool_calls: [null] }, 'stop', 'tool-call'],
    ['and does not say which', { content: null }, 'tool_calls', 'tool-call'],
    ['of its own kind, with free text', customCall, 'tool_calls', 'whole'],
    ['in the deprecated way', deprecatedCall('{"sea":"Baltic"}'), 'function_call', 'whole'],
    ['in the deprecated way, with JSON that breaks off', deprecatedCall('{"sea"'), 'function_call', 'tool-call'],
  ])('%s', (_, message, reason, word) => {
    expect(validateBoth(message, reason, false)).toEqual([word, word]);
  });
});

describe('a choice, in JSON and in a stream, that is to be JSON', () => {
  test.each<readonly [string, Message, string, Word]>([
    ['is so', { content: JSON_TEXT }, 'stop', 'whole'],
    ['is so with white space around', { content: `\n ${JSON_TEXT}\n` }, 'stop', 'whole'],
    ['is so when its limit is reached', { content: `${JSON_TEXT}\n\n\n` }, 'length', 'whole'],
    ['is cut by its limit', { content: JSON_TEXT.slice(0, -3) }, 'length', 'text-not-json'],
    ['is cut, and says that it stopped', { content: JSON_TEXT.slice(0, -3) }, 'stop', 'text-not-json'],
    ['is a number', { content: '42' }, 'stop', 'whole'],
    ['is a number that may have been longer', { content: '42' }, 'length', 'text-not-json'],
    ['is prose', { content: 'Salt water.' }, 'stop', 'text-not-json'],
    ['is in a fence', { content: `\`\`\`json\n${JSON_TEXT}\n\`\`\`` }, 'stop', 'text-not-json'],
    ['is empty', { content: '' }, 'stop', 'text-not-json'],
    ['is not there', { content: null }, 'content_filter', 'text-not-json'],
    ['is refused', { content: null, refusal: 'I cannot.' }, 'stop', 'whole'],
    ['is refused after it began', { content: '{"se', refusal: 'I cannot.' }, 'stop', 'text-not-json'],
    ['is a call instead', calling('{}'), 'tool_calls', 'whole'],
    ['is a call of a custom tool instead', customCall, 'tool_calls', 'whole'],
    ['is a call instead, with JSON that breaks off', calling('{'), 'tool_calls', 'tool-call'],
    ['is a call with prose before it', { ...calling('{}'), content: 'Let me see.' }, 'tool_calls', 'text-not-json'],
    ['is a call with JSON before it', { ...calling('{}'), content: JSON_TEXT }, 'tool_calls', 'whole'],
  ])('%s', (_, message, reason, word) => {
    expect(validateBoth(message, reason, true)).toEqual([word, word]);
  });

  test('is judged so only where it was asked', () => {
    expect(validateBoth({ content: 'Salt water.' }, 'length', false)).toEqual(['whole', 'whole']);
  });

  test('in each of several', () => {
    const choices = ['{}', 'prose'].map((content, index) => ({ index, message: { content }, finish_reason: 'stop' }));
    expect(validateJson({ choices }, { choices: 2, jsonText: true })).toBe('text-not-json');
    expect(
      validateStream(chatStream(...choices.map(({ message, ...rest }) => ({ ...rest, delta: message }))), {
        choices: 2,
        jsonText: true,
      }),
    ).toBe('text-not-json');
  });

  test('as a completion of text', () => {
    for (const [text, word] of [
      ['{"sea":1}', 'whole'],
      ['{"sea":', 'text-not-json'],
    ] as const) {
      const choice = { index: 0, text, finish_reason: 'stop' };
      expect(validateJson({ choices: [choice] }, { endpoint: 'completions', jsonText: true })).toBe(word);
      expect(validateStream(chatStream(choice), { endpoint: 'completions', jsonText: true })).toBe(word);
    }
  });
});

describe('a choice, in JSON and in a stream, that ends early or says nothing', () => {
  const STANDARD = new Set<Keep>(['length']);
  test.each<readonly [string, object, string, ReadonlySet<Keep>, Word]>([
    ['at the limit', { content: 'Salt' }, 'length', STANDARD, 'whole'],
    ['at the limit, in other words', { content: 'Salt' }, 'MAX_TOKENS', STANDARD, 'whole'],
    ['at the limit, where that is not kept', { content: 'Salt' }, 'length', new Set(), 'length'],
    ['by a filter', { content: null }, 'content_filter', STANDARD, 'content-filter'],
    ['by a filter, after it began', { content: 'Salt' }, 'content_filter', STANDARD, 'content-filter'],
    [
      'by a filter, where that is kept',
      { content: null },
      'content_filter',
      new Set<Keep>(['content-filter']),
      'whole',
    ],
    ['with an empty text', { content: '' }, 'stop', STANDARD, 'empty'],
    [
      'with null',
      { content: null, refusal: null, tool_calls: [], annotations: [], audio: null, function_call: null },
      'stop',
      STANDARD,
      'empty',
    ],
    [
      'with empty objects of its server',
      { content: '', provider_specific_fields: { refusal: null, list: [{}] } },
      'stop',
      STANDARD,
      'empty',
    ],
    ['with an empty text at the limit', { content: '' }, 'length', STANDARD, 'empty'],
    ['with an empty text, where that is kept', { content: '' }, 'stop', new Set<Keep>(['empty']), 'whole'],
    ['with thoughts alone', { content: '', reasoning_content: 'Salt?' }, 'stop', STANDARD, 'whole'],
    ['with a refusal', { content: null, refusal: 'I cannot.' }, 'stop', STANDARD, 'whole'],
    ['with sound', { content: null, audio: { id: 'audio_1', data: 'AAAA' } }, 'stop', STANDARD, 'whole'],
    ['with an image', { content: '', images: [{ image_url: { url: 'data:' } }] }, 'stop', STANDARD, 'whole'],
    [
      'with a call',
      { content: null, tool_calls: [{ id: 'a', function: { name: 'now', arguments: '' } }] },
      'tool_calls',
      STANDARD,
      'whole',
    ],
    ['with content in parts', { content: [{ type: 'text', text: 'Salt.' }] }, 'stop', STANDARD, 'whole'],
    ['with empty content in parts', { content: [{ type: 'text', text: '' }] }, 'stop', STANDARD, 'empty'],
  ])('%s', (_, message, reason, keep, word) => {
    const json = { choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: reason }] };
    const stream = chatStream(
      { index: 0, delta: { role: 'assistant', ...message } },
      { index: 0, delta: {}, finish_reason: reason },
    );
    expect([validateJson(json, { keep }), validateStream(stream, { keep })]).toEqual([word, word]);
  });

  test('is not empty where nothing was asked for, or its probabilities are there', () => {
    const choice = { index: 0, text: '', finish_reason: 'length' };
    expect(validateJson({ choices: [choice] }, { endpoint: 'completions', keep: STANDARD })).toBe('empty');
    expect(validateJson({ choices: [choice] }, { endpoint: 'completions', keep: STANDARD, output: false })).toBe(
      'whole',
    );
    const logprobs = { tokens: ['x'], token_logprobs: [-1] };
    expect(validateJson({ choices: [{ ...choice, logprobs }] }, { endpoint: 'completions', keep: STANDARD })).toBe(
      'whole',
    );
    expect(
      validateJson({ choices: [{ ...choice, logprobs: { tokens: [] } }] }, { endpoint: 'completions', keep: STANDARD }),
    ).toBe('empty');
  });
});

test('calls of a JSON answer stand each for itself, whatever they are numbered', () => {
  const calls = ['{"sea":1}', '{"sea":2}'].map((text) => ({
    index: 0,
    id: '',
    function: { name: 'depth_of', arguments: text },
  }));
  expect(
    validateJson({ choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'TOOL_CALLS' }] }),
  ).toBe('whole');
});
