/**
 * Answers of Anthropic's messages: when one is whole, as JSON and as a stream.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RESPONSE_ENDPOINTS } from '../../src/response/endpoints/table.ts';
import { TailUsage } from '../../src/response/tail-usage.ts';
import type { Usage } from '../../src/response/usage.ts';
import { namedEvent, usageOf, validateJson, validateStream, type Wanted, type Word } from './validate.ts';

const DIRECTORY = new URL('../fixtures/messages/', import.meta.url);
const NAMES = readdirSync(DIRECTORY).flatMap((name) => (name.endsWith('.json') ? [name.replace('.json', '')] : []));
const read = (name: string) => readFileSync(new URL(name, DIRECTORY), 'utf8');
const eventsOf = (name: string) => read(`${name}.sse`).split(/(?<=\n\n)/);

const WANTED: Wanted = { endpoint: 'messages', keep: new Set(['length']) };
const validate = (answer: unknown, wanted: Wanted = {}) => validateJson(answer, { ...WANTED, ...wanted });
const validateEvents = (events: readonly string[], wanted: Wanted = {}) =>
  validateStream(events, { ...WANTED, ...wanted });

/** The pairs that are not kept as they stand. */
const UNKEPT: Readonly<Record<string, Word>> = { refusal: 'content-filter' };

describe.each(NAMES)('recorded: %s', (name) => {
  const word = UNKEPT[name] ?? 'whole';

  test('as JSON', () => {
    expect(validate(read(`${name}.json`))).toBe(word);
  });

  test('as a stream, in chunks of any size', () => {
    const bytes = Buffer.from(read(`${name}.sse`));
    for (const size of [1, 7, 64, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(validateStream(chunks, WANTED), `${size}`).toBe(word);
    }
  });

  test('as a stream that ends before its last event', () => {
    const events = eventsOf(name);
    for (let count = 0; count < events.length; count += 1) {
      const kept = count === 0 ? 'no-event' : 'unfinished';
      expect(validateEvents(events.slice(0, count)), `${count}`).toBe(kept);
    }
  });

  test('as a stream without one of the events that matter', () => {
    const events = eventsOf(name);
    for (const [at, event] of events.entries()) {
      if (/event: (message_start|message_delta|message_stop|content_block_start|content_block_stop)\n/.test(event))
        expect(validateEvents(events.toSpliced(at, 1)), event).not.toBe('whole');
    }
  });

  test('as a stream with an error in it', () => {
    const overloaded = namedEvent('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });
    const events = eventsOf(name);
    for (let at = 0; at <= events.length; at += 1)
      expect(validateEvents(events.toSpliced(at, 0, overloaded)), `${at}`).toBe('error-object');
  });
});

const text = (said: string) => ({ type: 'text', text: said });
const call = (input: unknown) => ({ type: 'tool_use', id: 'toolu_1', name: 'f', input });
const message = (content: unknown, ending: unknown = 'end_turn', others: object = {}) => ({
  type: 'message',
  role: 'assistant',
  content,
  stop_reason: ending,
  ...others,
});

describe('a message', () => {
  test.each<readonly [string, unknown, Word]>([
    ['that goes on after a pause', message([text('Salt.')], 'pause_turn'), 'unfinished'],
    ['that does not say why it ends', message([text('Salt.')], null), 'unfinished'],
    ['that ends for a reason nobody knows', message([text('Salt.')], 'tired'), 'unfinished'],
    ['that ends in capitals', message([text('Salt.')], 'END_TURN'), 'whole'],
    ['that ends with a word of chat', message([text('Salt.')], 'stop'), 'whole'],
    ['that is cut with a word of chat', message([text('Sal')], 'length'), 'whole'],
    ['that is filtered with a word of chat', message([text('Sal')], 'content_filter'), 'content-filter'],
    ['that promises a call with a word of chat', message([text('Salt.')], 'tool_calls'), 'tool-call'],
    ['that calls with a word of chat', message([call({})], 'tool_calls'), 'whole'],
    ['that is cut by its length', message([text('Sal')], 'max_tokens'), 'whole'],
    ['that is cut by its window', message([text('Sal')], 'model_context_window_exceeded'), 'whole'],
    ['that is cut in a call', message([text('Sal'), call({ a: 1 })], 'max_tokens'), 'tool-call'],
    ['that is cut after a call', message([call({ a: 1 }), text('Sal')], 'max_tokens'), 'whole'],
    ['that calls a tool', message([call({})], 'tool_use'), 'whole'],
    ['that promises a call', message([text('Salt.')], 'tool_use'), 'tool-call'],
    ['that calls with a list', message([call([1])], 'tool_use'), 'tool-call'],
    ['that calls with nothing', message([call(undefined)], 'tool_use'), 'tool-call'],
    ['that says nothing', message([]), 'empty'],
    ['that says an empty text', message([text('')]), 'empty'],
    ['that only thinks', message([{ type: 'thinking', thinking: 'Hm.', signature: 'x' }]), 'whole'],
    ['that is a summary', message([{ type: 'compaction', content: 'So far …' }], 'compaction'), 'whole'],
    [
      'that searched',
      message([{ type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'sea' } }, text('Salt.')]),
      'web-search',
    ],
    ['with what a search found', message([{ type: 'web_search_tool_result', content: [] }, text('x')]), 'web-search'],
    [
      'that looked for a tool among its own',
      message([{ type: 'server_tool_use', id: 's', name: 'tool_search_tool_regex', input: {} }, call({})], 'tool_use'),
      'whole',
    ],
    ['without content', message(undefined), 'dialect'],
    ['with null for a block', message([null, text('Salt.')]), 'dialect'],
    ['that is an error', { type: 'error', error: { type: 'api_error', message: 'x' } }, 'error-object'],
    ['that is a count of tokens', { input_tokens: 5 }, 'dialect'],
  ])('%s', (_, answer, word) => {
    expect(validate(answer)).toBe(word);
  });

  test.each<readonly [string, unknown, Word]>([
    ['that is JSON', message([text('{"salt":'), text('3.5}')]), 'whole'],
    ['that is none', message([text('Salt.')]), 'text-not-json'],
    ['that is cut', message([text('{"salt":')], 'max_tokens'), 'text-not-json'],
    ['that is missing', message([{ type: 'thinking', thinking: 'Hm.' }]), 'text-not-json'],
    ['in whose place stands a call', message([call({})], 'tool_use'), 'whole'],
  ])('of which JSON was asked, %s', (_, answer, word) => {
    expect(validate(answer, { jsonText: true })).toBe(word);
  });

  test('is kept empty, cut or refused where the operator says so', () => {
    expect(validate(message([]), { keep: new Set(['empty']) })).toBe('whole');
    expect(validate(message([]), { output: false })).toBe('whole');
    expect(validate(message([text('Sal')], 'max_tokens'), { keep: new Set() })).toBe('length');
    expect(validate(read('refusal.json'), { keep: new Set(['content-filter']) })).toBe('whole');
  });
});

describe('a stream', () => {
  const started = namedEvent('message_start', { message: { model: 'm', content: [], usage: { input_tokens: 5 } } });
  const block = (index: number, content: object, ...deltas: object[]) => [
    namedEvent('content_block_start', { index, content_block: content }),
    ...deltas.map((delta) => namedEvent('content_block_delta', { index, delta })),
    namedEvent('content_block_stop', { index }),
  ];
  const ended = (ending: string) => [
    namedEvent('message_delta', { delta: { stop_reason: ending }, usage: { output_tokens: 3 } }),
    namedEvent('message_stop', {}),
  ];
  const json = (partial: string) => ({ type: 'input_json_delta', partial_json: partial });

  test.each<readonly [string, readonly string[], Word]>([
    ['with a call in pieces', [...block(0, call({}), json('{"a"'), json(':1}')), ...ended('tool_use')], 'whole'],
    ['with a call without input', [...block(0, call({})), ...ended('tool_use')], 'whole'],
    ['with a call that breaks off', [...block(0, call({}), json('{"a":')), ...ended('tool_use')], 'tool-call'],
    ['with a call of no object', [...block(0, call({}), json('[1]')), ...ended('tool_use')], 'tool-call'],
    ['cut in a call', [...block(0, call({}), json('{"a":')), ...ended('max_tokens')], 'tool-call'],
    ['cut before a call began', [...block(0, call({})), ...ended('max_tokens')], 'tool-call'],
    ['cut after a call', [...block(0, call({}), json('{}')), ...ended('max_tokens')], 'whole'],
    [
      'of events that nobody knows',
      [namedEvent('message_note', { x: 1 }), ...block(0, text('x')), ...ended('end_turn')],
      'whole',
    ],
    ['with a delta of no block', [namedEvent('content_block_delta', { index: 3, delta: json('x') })], 'unfinished'],
    [
      'with a delta of a block that is over',
      [...block(0, text('x')), namedEvent('content_block_delta', { index: 0, delta: json('x') }), ...ended('end_turn')],
      'dialect',
    ],
    ['with a block twice', [...block(0, text('x')), ...block(0, text('y')), ...ended('end_turn')], 'dialect'],
    ['that ends in [DONE] too', [...block(0, text('x')), ...ended('end_turn'), 'data: [DONE]\n\n'], 'whole'],
    ['that ends in [DONE] alone', [...block(0, text('x')), 'data: [DONE]\n\n'], 'unfinished'],
    [
      'with an event that is not JSON',
      [...block(0, text('x')), 'event: x\ndata: {\n\n', ...ended('end_turn')],
      'not-json',
    ],
    ['that says nothing', ended('end_turn'), 'empty'],
    [
      'whose events have no names',
      [...block(0, text('x')), ...ended('end_turn')].map((event) => event.replace(/^event.*\n/, '')),
      'whole',
    ],
  ])('%s', (_, events, word) => {
    expect(validateEvents([started, ...events])).toBe(word);
  });

  test('as chat has it', () => {
    expect(validateEvents(['data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n', 'data: [DONE]\n\n'])).toBe(
      'dialect',
    );
  });

  test('of JSON, in pieces', () => {
    const delta = (said: string) => ({ type: 'text_delta', text: said });
    const events = (...said: string[]) => [started, ...block(0, text(''), ...said.map(delta)), ...ended('end_turn')];
    expect(validateEvents(events('{"salt"', ':3.5}'), { jsonText: true })).toBe('whole');
    expect(validateEvents(events('{"salt"', ':3.'), { jsonText: true })).toBe('text-not-json');
  });
});

describe('usage', () => {
  const { usage } = RESPONSE_ENDPOINTS.messages;

  test.each<readonly [string, unknown, Usage | null]>([
    ['plain', { input_tokens: 14, output_tokens: 27 }, { input: 14, cachedInput: 0, output: 27, reasoning: 0 }],
    [
      'with what the prefix cache read and wrote',
      { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 1000, output_tokens: 1 },
      { input: 1110, cachedInput: 100, cacheWrite5m: 1000, output: 1, reasoning: 0 },
    ],
    [
      'with what it wrote for an hour',
      {
        input_tokens: 1,
        cache_creation_input_tokens: 30,
        cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
        output_tokens: 1,
      },
      { input: 31, cachedInput: 0, cacheWrite5m: 10, cacheWrite1h: 20, output: 1, reasoning: 0 },
    ],
    [
      'with nulls',
      { input_tokens: 3, cache_read_input_tokens: null, output_tokens: 4 },
      { input: 3, cachedInput: 0, output: 4, reasoning: 0 },
    ],
    [
      'with thoughts',
      { input_tokens: 3, output_tokens: 9, output_tokens_details: { thinking_tokens: 5 } },
      { input: 3, cachedInput: 0, output: 9, reasoning: 5 },
    ],
    ['of output alone', { output_tokens: 15 }, { input: 0, cachedInput: 0, output: 15, reasoning: 0 }],
    ['without numbers', {}, null],
    ['below zero', { input_tokens: -1, output_tokens: 2 }, null],
    ['that is a text', '{"input_tokens":1}', null],
  ])('%s', (_, value, expected) => {
    expect(usage.read(value)).toEqual(expected);
  });

  const THOUGHT = {
    input: 3605,
    cachedInput: 2048,
    cacheWrite5m: 512,
    cacheWrite1h: 1024,
    output: 318,
    reasoning: 256,
  };

  test('of a message and of its stream is the same', () => {
    const [json, sse] = ['thinking.json', 'thinking.sse'].map((name) => Buffer.from(read(name)));
    expect(usageOf([json as Buffer], 'application/json', WANTED)).toEqual(THOUGHT);
    expect(usageOf([sse as Buffer], 'text/event-stream', WANTED)).toEqual(THOUGHT);
    for (const bytes of [json, sse] as Buffer[]) {
      const tail = new TailUsage('messages');
      tail.push(bytes);
      expect(tail.usage()).toEqual(THOUGHT);
      expect(tail.model()).toBe('claude-opus-5-5');
    }
  });

  test('is found at the end of a stream that counts each of its turns', () => {
    const turn = { input_tokens: 1, output_tokens: 2, cache_creation: { ephemeral_1h_input_tokens: 0 } };
    const told = { input_tokens: 7, output_tokens: 9, iterations: [turn, turn] };
    const tail = new TailUsage('messages');
    tail.push(Buffer.from(namedEvent('message_delta', { delta: { stop_reason: 'end_turn' }, usage: told })));
    expect(tail.usage()).toEqual({ input: 7, cachedInput: 0, output: 9, reasoning: 0 });
  });

  test('is put together from the first event and the last', () => {
    const first = usage.read({ input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 });
    expect(usage.later(first, usage.read({ output_tokens: 20 }))).toEqual({
      input: 15,
      cachedInput: 5,
      output: 20,
      reasoning: 0,
    });
    // A server that ran tools of its own has read more by the end.
    const last = usage.read({ input_tokens: 70, cache_read_input_tokens: 5, output_tokens: 20 });
    expect(usage.later(first, last)).toEqual({ input: 75, cachedInput: 5, output: 20, reasoning: 0 });
    expect([usage.later(null, last), usage.later(last, null)]).toEqual([last, last]);
  });
});
