import { describe, expect, test } from 'vitest';
import type { Keep } from '../../src/response/complete.ts';
import { responseAnswer, responseEvents } from '../harness/answers.ts';
import { dataEvent, validateJson, validateStream, namedEvent, type Wanted, type Word } from './validate.ts';

const text = (value: string) => ({ type: 'output_text', text: value, annotations: [] });
const message = (...content: readonly object[]) => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content,
});
const call = (text: unknown, status = 'completed') => ({
  type: 'function_call',
  status,
  call_id: 'call_1',
  name: 'depth_of',
  arguments: text,
});
const customCall = { type: 'custom_tool_call', call_id: 'call_2', name: 'run', input: 'not { JSON' };
const reasoning = { type: 'reasoning', summary: [] };
const SALT = message(text('Salt.'));
const REFUSAL = message({ type: 'refusal', refusal: 'I cannot.' });
const CUT = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
const FILTERED = { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
const KEEP: ReadonlySet<Keep> = new Set(['incomplete']);
const STANDARD: Wanted = { keep: new Set(['length']) };
const SHORT_CALL = call('{"sea":', 'incomplete');

const response = (output: unknown, others: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  error: null,
  output,
  ...others,
});
const done = (item: unknown) => namedEvent('response.output_item.done', { output_index: 0, item });
const ending = (whole: { readonly status?: unknown }, type = `response.${whole.status}`) =>
  namedEvent(type, { response: whole });

function validateBoth(whole: ReturnType<typeof response>, wanted: Wanted): Word[] {
  const asked: Wanted = { endpoint: 'responses', ...wanted };
  return [
    validateJson(whole, asked),
    validateStream([namedEvent('response.created', { response: {} }), ending(whole)], asked),
  ];
}

describe('a response, as JSON and at the end of a stream,', () => {
  test.each<readonly [string, ReturnType<typeof response>, Word]>([
    ['with a message', response([SALT]), 'whole'],
    ['with thoughts and a message', response([reasoning, SALT]), 'whole'],
    ['with thoughts that are not shown only', response([reasoning]), 'empty'],
    [
      'with thoughts that are shown only',
      response([{ ...reasoning, summary: [{ type: 'summary_text', text: 'Salt.' }] }]),
      'whole',
    ],
    ['with an empty message', response([message(text(''))]), 'empty'],
    ['with nothing in it', response([]), 'empty'],
    ['without output', response(undefined), 'empty'],
    ['with fields of other types', response([SALT], { created_at: 1.5, tools: null }), 'whole'],
    ['with null beside its message', response([SALT, null]), 'unfinished'],
    ['with an error in it', response([SALT], { error: { code: 'server_error' } }), 'error-object'],
    ['that was cancelled', response([SALT], { status: 'cancelled' }), 'unfinished'],
    ['that failed', response([SALT], { status: 'failed' }), 'unfinished'],
    ['with an item that is not completed', response([{ ...SALT, status: 'in_progress' }]), 'unfinished'],
    ['with a search of the web', response([{ type: 'web_search_call' }, SALT]), 'web-search'],
    ['that calls with JSON', response([call('{"sea":"Baltic"}')]), 'whole'],
    ['that calls without arguments', response([call('')]), 'whole'],
    ['that calls with JSON that breaks off', response([call('{"sea":"Bal')]), 'tool-call'],
    ['that calls twice, and breaks off once', response([call('{}'), call('{')]), 'tool-call'],
    ['that calls a custom tool', response([customCall]), 'whole'],
  ])('%s', (_, whole, word) => {
    expect(validateBoth(whole, STANDARD)).toEqual([word, word]);
  });
});

test.each<readonly [string, object, Word]>([
  ['in capitals', { status: 'COMPLETED' }, 'whole'],
  ['that is not there', { status: undefined, error: undefined }, 'whole'],
  [
    'that is not there, of one that is incomplete',
    { status: undefined, incomplete_details: { reason: 'max_output_tokens' } },
    'unfinished',
  ],
  ['that is not there, of what is no response', { status: undefined, output: undefined }, 'unfinished'],
])('the status of a response %s', (_, others, word) => {
  expect(validateJson(response([SALT], others), { endpoint: 'responses' })).toBe(word);
});

describe('a response that is to be JSON, as JSON and at the end of a stream,', () => {
  test.each<readonly [string, ReturnType<typeof response>, Word]>([
    ['is so', response([message(text('{"sea":"Baltic"}'))]), 'whole'],
    ['is so in two parts', response([message(text('{"sea":'), text('"Baltic"}'))]), 'whole'],
    ['is prose', response([SALT]), 'text-not-json'],
    ['is prose before JSON', response([SALT, message(text('{}'))]), 'text-not-json'],
    ['is cut', response([message(text('{"sea"'))]), 'text-not-json'],
    ['is refused', response([REFUSAL]), 'whole'],
    [
      'is refused after it began',
      response([message(text('{"se'), { type: 'refusal', refusal: 'I cannot.' })]),
      'text-not-json',
    ],
    ['is empty', response([message()]), 'text-not-json'],
    ['is a call instead', response([reasoning, call('{}')]), 'whole'],
  ])('%s', (_, whole, word) => {
    expect(validateBoth(whole, { jsonText: true })).toEqual([word, word]);
  });
});

describe('a response that is incomplete', () => {
  test.each<readonly [string, ReturnType<typeof response>, Wanted, Word]>([
    ['is not kept', response([SALT], CUT), {}, 'incomplete'],
    ['is kept where that is set', response([{ ...SALT, status: 'incomplete' }], CUT), { keep: KEEP }, 'whole'],
    ['is kept with its thoughts only', response([reasoning], CUT), { keep: KEEP }, 'whole'],
    ['by a content filter is not kept', response([SALT], FILTERED), { keep: KEEP }, 'content-filter'],
    [
      'by a content filter is kept where that is set',
      response([], FILTERED),
      { keep: new Set(['content-filter']) },
      'whole',
    ],
    ['and says nothing is not kept', response([], CUT), { keep: KEEP }, 'empty'],
    ['without a reason is not kept', response([SALT], { status: 'incomplete' }), { keep: KEEP }, 'unfinished'],
    ['in its call is not kept', response([SHORT_CALL], CUT), { keep: KEEP }, 'tool-call'],
    [
      'before the arguments of its call is not kept',
      response([call('', 'in_progress')], CUT),
      { keep: KEEP },
      'tool-call',
    ],
    [
      'before the arguments of a call without a status is not kept',
      response([{ ...call(''), status: null }], CUT),
      { keep: KEEP },
      'tool-call',
    ],
    [
      'in its JSON is not kept',
      response([message(text('{"se'))], CUT),
      { keep: KEEP, jsonText: true },
      'text-not-json',
    ],
    ['before its JSON is not kept', response([reasoning], CUT), { keep: KEEP, jsonText: true }, 'text-not-json'],
    ['after its JSON is kept', response([message(text('{}\n\n'))], CUT), { keep: KEEP, jsonText: true }, 'whole'],
  ])('%s', (_, whole, wanted, word) => {
    expect(validateBoth(whole, wanted)).toEqual([word, word]);
  });
});

describe('a stream of a response', () => {
  const whole = response([SALT]);
  test.each<readonly [string, readonly string[], Word]>([
    ['as it is', responseEvents(), 'whole'],
    ['with [DONE] at its end', [...responseEvents(), 'data: [DONE]\n\n'], 'whole'],
    ['without names of events', [dataEvent({ type: 'response.completed', response: whole })], 'whole'],
    ['whose last event has no output, after its items', [done(SALT), ending(response([]))], 'whole'],
    [
      'whose last event has no output, after a call that breaks off',
      [done(call('{"sea')), ending(response([]))],
      'tool-call',
    ],
    [
      'whose last event has no output, after a search',
      [done({ type: 'web_search_call' }), done(SALT), ending(response([]))],
      'web-search',
    ],
    ['whose last event has no output, after thoughts', [done(reasoning), ending(response([]))], 'empty'],
    ['whose last event breaks off', [done(SALT), ending(whole).slice(0, -20)], 'not-json'],
    [
      'whose last event has no status',
      [ending(response([SALT], { status: undefined }), 'response.completed')],
      'whole',
    ],
    [
      'that failed without a status',
      [ending(response([SALT], { status: undefined }), 'response.failed')],
      'unfinished',
    ],
    ['with data that is null first', ['data: null\n\n', 'data:\n\n', ...responseEvents()], 'whole'],
    ['of nothing', [': keep-alive\n\n'], 'no-event'],
    ['with an item that is null', [done(null), ending(whole)], 'not-json'],
    [
      'that is completed by name only',
      [ending(response([SALT], { status: 'in_progress' }), 'response.completed')],
      'unfinished',
    ],
    ['that failed by name only', [ending(whole, 'response.failed')], 'unfinished'],
    ['that is done', [ending(whole, 'response.done')], 'whole'],
    ['that ends twice, and fails first', [ending(response([SALT], { status: 'failed' })), ending(whole)], 'unfinished'],
    ['that ends twice, and fails then', [ending(whole), ending(response([SALT], { status: 'failed' }))], 'unfinished'],
    ['with an error after its end', [ending(whole), 'event: error\ndata: {"message":"x"}\n\n'], 'error-object'],
    ['with an error before its end', ['event: error\ndata: {"message":"x"}\n\n', ending(whole)], 'error-object'],
    ['that is ended by [DONE] first', [done(SALT), 'data: [DONE]\n\n', ending(whole)], 'unfinished'],
  ])('%s', (_, events, word) => {
    expect(validateStream(events, { endpoint: 'responses', ...STANDARD })).toBe(word);
    expect(validateStream([events.join('')], { endpoint: 'responses', ...STANDARD })).toBe(word);
  });

  test('whose last event has no output, after a call that was cut before its arguments, is not kept', () => {
    const events = [done(call('', 'incomplete')), ending(response([], CUT))];
    expect(validateStream(events, { endpoint: 'responses', keep: KEEP })).toBe('tool-call');
  });
});

test('of a response as JSON nothing is whole but the whole', () => {
  const answer = responseAnswer('Wäter 🌊');
  expect(validateJson(answer, { endpoint: 'responses' })).toBe('whole');
  for (let end = 0; end < answer.length; end++)
    expect(validateJson(answer.slice(0, end), { endpoint: 'responses' })).toBe('not-json');
});
