/**
 * Answers as servers in use spell them, and whether each is kept: a table for tests that relay them in one way or
 * another.
 */
import { constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Overrides } from '../../src/config/config.ts';
import {
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  completionEvents,
  endAfter,
  resetAfter,
  responseAnswer,
  responseEvents,
  sendJson,
} from './answers.ts';
import { MESSAGES, messageEvents } from './anthropic.ts';
import type { Script } from './upstream.ts';

const COMPLETIONS = '/v1/completions';
const EMBEDDINGS = '/v1/embeddings';
const RESPONSES = '/v1/responses';

export interface WireForm {
  readonly what: string;
  readonly path: string;
  /** Without its model. */
  readonly asked: object;
  readonly script: Script;
  /** As a client reads it, decoded. */
  readonly text: string;
  readonly kept: boolean;
  readonly overrides?: Overrides;
  /** Why a cassette does not take it in; absent where it does. */
  readonly unrecorded?: 'error' | 'connection-close';
}

type Others = Partial<Pick<WireForm, 'path' | 'asked' | 'script' | 'overrides' | 'unrecorded'>>;

const STREAM = chatRequest('x', { stream: true });
const DOCUMENT = chatRequest('x');

/** A stream of chat, unless others say otherwise. */
function stream(what: string, text: string, kept: boolean, others: Others = {}): WireForm {
  return { what, path: CHAT, asked: STREAM, script: endAfter(text), text, kept, ...others };
}

/** A document of chat, unless others say otherwise. */
function document(what: string, text: string, kept: boolean, others: Others = {}): WireForm {
  return { what, path: CHAT, asked: DOCUMENT, script: (call) => sendJson(call, text), text, kept, ...others };
}

/** Writes bytes to the connection, and closes it. */
const raw =
  (head: string, body: string | Buffer): Script =>
  ({ response: { socket } }) => {
    socket?.write(`${head.replaceAll('\n', '\r\n')}\r\n\r\n`);
    socket?.end(body);
  };

const sendAs =
  (headers: Record<string, string | number>, body: string | Buffer): Script =>
  ({ response }) =>
    response.writeHead(200, headers).end(body);

const inCoding = (coding: string, body: Buffer | string, type = 'application/json'): Script =>
  sendAs({ 'content-type': type, 'content-encoding': coding }, body);

const DONE = 'data: [DONE]\n\n';
const EVENTS = chatEvents();
const WHOLE = EVENTS.join('');
const ENDED = EVENTS.slice(0, -1).join('');
const [ROLE = '', SALT = ''] = EVENTS;
const LENGTH = `content-length: ${chatAnswer().length}`;

const event = (data: unknown, name = '') => `${name && `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
const chunk = (choice: object, others: object = {}) =>
  event({ object: 'chat.completion.chunk', choices: [choice], ...others });
const pieces = (...choices: readonly object[]) => choices.map((choice) => chunk(choice)).join('');
const says = (index = 0, others: object = {}) => ({
  index,
  delta: { role: 'assistant', content: 'Salt.' },
  finish_reason: null,
  ...others,
});
const ends = (reason: string | null = 'stop', index = 0) => ({ index, delta: {}, finish_reason: reason });
const choiceOf = (message: object, reason = 'stop') =>
  chatAnswer('', { choices: [{ index: 0, message, finish_reason: reason }] });
const embedded = (...data: readonly object[]) => JSON.stringify({ data });

const TWO = { n: 2 };
const UNMARKED = pieces(says(), ends());
const OPTIONAL = { overrides: { doneMarker: 'optional' } } as const;
const WITH_USAGE = { ...OPTIONAL, asked: { ...STREAM, stream_options: { include_usage: true } } };
const RESPONSE = { path: RESPONSES, asked: { input: 'x' } };
const RESPONSE_STREAM = { path: RESPONSES, asked: { input: 'x', stream: true } };
const MESSAGE_STREAM = { path: MESSAGES, asked: { ...STREAM, max_tokens: 100 } };
const EMBEDDING = { path: EMBEDDINGS, asked: { input: 'a' } };
const TWO_EMBEDDINGS = { path: EMBEDDINGS, asked: { input: ['a', 'b'] } };

const TWO_TEXTS = pieces(
  { index: 0, text: 'a', finish_reason: 'stop' },
  { index: 1, text: 'b', finish_reason: 'stop' },
);
const ERROR = event({ error: { message: 'overloaded', type: 'server_error' } });
const NAN = chatAnswer().replace('"logprobs":null', '"logprobs":NaN');
const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const VECTOR = [0.5, -0.25];
const MESSAGE = messageEvents();
const EMPTY_MESSAGE = MESSAGE.filter((text) => !text.includes('text_delta'));
const RESPONSE_EVENTS = responseEvents();
const TEXT_DELTA = RESPONSE_EVENTS[4] as string;
const COMPLETED_EMPTY = event(
  { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: [] } },
  'response.completed',
);

/** Each under the name `message`, as libraries name what has no name. */
const asMessages = (events: readonly string[]) =>
  events.map((text) => text.replace(/^event: .*/, 'event: message')).join('');

const call = (called: object, others: object = {}) => ({
  index: 0,
  delta: { tool_calls: [{ ...others, function: called }] },
  finish_reason: null,
});
const CALLED = pieces(
  call({ name: 'weather', arguments: '' }, { index: 0, id: 'call_1', type: 'function' }),
  call({ arguments: '{"cit' }),
  call({ arguments: 'y":"Oslo"}' }),
  ends('tool_calls'),
);
const call0 = (id: string) => call({ name: id, arguments: '{}' }, { index: 0, id, type: 'function' });
const COUNTED = pieces(
  call({ name: 'weather', arguments: '' }, { index: 0, id: 'call_1', type: 'function' }),
  call({ arguments: '{"city":' }, { index: 1 }),
  call({ arguments: '"Oslo"}' }, { index: 2 }),
  ends('tool_calls'),
);
const SO_FAR = pieces(
  { index: 0, delta: { content: '{"salt":' }, message: { content: '{"salt":' } },
  { index: 0, delta: { content: '1}' }, message: { content: '{"salt":1}' } },
  ends(),
);
const LEAN = JSON.stringify({
  id: 'resp_1',
  object: 'response',
  created_at: 1_700_000_000.25,
  status: 'completed',
  model: 'm',
  output: JSON.parse(responseAnswer()).output,
});
const NO_OUTPUT = JSON.stringify({ ...JSON.parse(responseAnswer()), output: [] });
const MINIMAX_REFUSAL = { status_code: 1026, status_msg: 'sensitive' };

/** Packed, flushed, and never ended. */
const flushed = (text: string) => gzipSync(text, { finishFlush: constants.Z_SYNC_FLUSH });

const WHERE_IT_ENDS: readonly WireForm[] = [
  stream('every chunk has a finish_reason of null, then [DONE]', pieces(says(), ends(null)) + DONE, false),
  stream('the same of a completion', `${completionEvents()[0]}${DONE}`, false, {
    path: COMPLETIONS,
    asked: { prompt: 'x', stream: true },
  }),
  stream(
    'a finish_reason that is empty until the last chunk',
    pieces(says(0, { finish_reason: '' }), ends()) + DONE,
    true,
  ),
  stream('the word null for it until then', pieces(says(0, { finish_reason: 'null' }), ends()) + DONE, true),
  stream('the word null for it to the end', pieces(says(0, { finish_reason: 'null' }), ends('null')) + DONE, false),
  stream('no [DONE], of a server that owes it', UNMARKED, false, { overrides: { doneMarker: 'required' } }),
  stream('no [DONE], in chunks', UNMARKED, true, OPTIONAL),
  stream('no [DONE], with a length', UNMARKED, true, {
    ...OPTIONAL,
    script: sendAs({ 'content-type': 'text/event-stream', 'content-length': Buffer.byteLength(UNMARKED) }, UNMARKED),
  }),
  stream('no [DONE], until the connection ends', UNMARKED, false, {
    ...OPTIONAL,
    script: raw('HTTP/1.1 200 OK\ncontent-type: text/event-stream\nconnection: close', UNMARKED),
    unrecorded: 'connection-close',
  }),
  stream('no [DONE], and no usage that was asked for', UNMARKED, false, WITH_USAGE),
  stream(
    'no [DONE], and the usage that was asked for',
    UNMARKED + event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }),
    true,
    WITH_USAGE,
  ),
  stream('no [DONE], and one choice of two', UNMARKED, false, { ...OPTIONAL, asked: { ...STREAM, ...TWO } }),
  stream('[DONE], and then a reset', WHOLE, true, { script: resetAfter(WHOLE) }),
  stream('[DONE] though nothing has ended, and then a reset', ROLE + SALT + DONE, false, {
    script: resetAfter(ROLE + SALT + DONE),
  }),
  stream('[DONE] in the event done', `${ENDED}event: done\n${DONE}`, true),
  stream('one choice of two never ends, then [DONE]', pieces(says(0), says(1), ends('stop', 0)) + DONE, false, {
    asked: { ...STREAM, ...TWO },
  }),
  document('one choice of two comes, whole', chatAnswer(), true, { asked: { ...DOCUMENT, ...TWO } }),
  stream('one choice of two comes, whole, then [DONE]', WHOLE, true, { asked: { ...STREAM, ...TWO } }),
  document('no choices', chatAnswer('', { choices: [] }), false),
  stream('chunks without choices', event({ choices: [] }) + event({ choices: [] }) + DONE, false),
  ...(
    [
      ['STOP', true],
      ['Stop', true],
      ['end', false],
      ['abort', false],
      ['network_error', false],
      ['insufficient_system_resource', false],
      ['malformed_function_call', false],
    ] as const
  ).flatMap(([reason, kept]) => [
    stream(`the ending ${reason}`, pieces(says(), ends(reason)) + DONE, kept),
    document(`the ending ${reason} of a document`, choiceOf({ content: 'Salt.' }, reason), kept),
  ]),
  stream('an end of the response before its text', RESPONSE_EVENTS.slice(0, -1).join(''), false, RESPONSE_STREAM),
  stream(
    'a message that ends with a word of chat',
    MESSAGE.join('').replace('"end_turn"', '"stop"'),
    true,
    MESSAGE_STREAM,
  ),
  stream('no message_stop', MESSAGE.slice(0, -2).join(''), false, MESSAGE_STREAM),
  stream('a choice that never says how it ended', pieces({ index: 0, delta: { content: 'Salt.' } }) + DONE, false),
  stream('a message_stop and then [DONE]', MESSAGE.join('') + DONE, true, MESSAGE_STREAM),
];

const NOTHING_SAID: readonly WireForm[] = [
  document('a filter that left nothing', choiceOf({ content: null }, 'content_filter'), false),
  stream('the same of a stream', pieces(says(), ends('content_filter')) + DONE, false),
  document('the same, where it is kept', choiceOf({ content: null }, 'content_filter'), true, {
    overrides: { keep: ['content-filter'] },
  }),
  document('an empty text', chatAnswer(''), false),
  document('an empty text where nothing was asked for', choiceOf({ content: '' }, 'length'), true, {
    asked: { ...DOCUMENT, max_tokens: 0 },
  }),
  document('an empty text, where it is kept', chatAnswer(''), true, { overrides: { keep: ['length', 'empty'] } }),
  stream('null for a text', pieces({ index: 0, delta: { role: 'assistant', content: null } }, ends()) + DONE, false),
  document('thoughts alone', choiceOf({ content: '', reasoning_content: 'Salt?' }), true),
  document('thoughts alone, by another name', choiceOf({ content: null, reasoning: 'Salt?' }), true),
  stream('an empty text of a message', EMPTY_MESSAGE.join(''), false, MESSAGE_STREAM),
  document('no output of a response', NO_OUTPUT, false, RESPONSE),
  stream('no output of a response that says nothing', COMPLETED_EMPTY, false, RESPONSE_STREAM),
  stream('no output of a response whose pieces said it', TEXT_DELTA + COMPLETED_EMPTY, true, RESPONSE_STREAM),
  stream('no output of a response that was to be JSON', TEXT_DELTA + COMPLETED_EMPTY, false, {
    path: RESPONSES,
    asked: { input: 'x', stream: true, text: { format: { type: 'json_object' } } },
  }),
];

const ERRORS: readonly WireForm[] = [
  document('an error object', '{"error":{"message":"no"}}', false, { unrecorded: 'error' }),
  document('an object that calls itself an error', '{"object":"error","message":"no","code":400}', false, {
    ...EMBEDDING,
    unrecorded: 'error',
  }),
  document('a status of its own beside a choice', chatAnswer('x', { base_resp: MINIMAX_REFUSAL }), false, {
    unrecorded: 'error',
  }),
  document('a status of its own that is none', chatAnswer('x', { base_resp: { status_code: 0 } }), true),
  ...(
    [
      ['an error event', ERROR],
      ['an event that calls itself an error', event({ object: 'error', message: 'no', code: 50_001 })],
      ['an event of the type error', event({ type: 'error', message: 'no' })],
      ['an error that is a text', event({ error: 'no', error_type: 'validation' })],
    ] as const
  ).flatMap(([what, error]) => [
    stream(`${what}, then more`, ROLE + error + SALT + pieces(ends()) + DONE, false, { unrecorded: 'error' }),
    stream(`${what} at the end`, ENDED + error + DONE, false, { unrecorded: 'error' }),
  ]),
  stream(
    'an error among the events of a response, all of one name',
    asMessages([TEXT_DELTA, event({ type: 'error', message: 'no' }, 'x'), ...RESPONSE_EVENTS.slice(5)]),
    false,
    { ...RESPONSE_STREAM, unrecorded: 'error' },
  ),
  stream('an error that is no event', '{"error":{"code":400}}', false),
];

const EVENTS_SPELLED: readonly WireForm[] = [
  stream('no space after data:', WHOLE.replaceAll('data: ', 'data:'), true),
  stream('CRLF', WHOLE.replaceAll('\n', '\r\n'), true),
  stream('CR', WHOLE.replaceAll('\n', '\r'), true),
  stream('data in several lines', WHOLE.replaceAll(',"choices"', ',\ndata: "choices"'), true),
  stream('a byte order mark', `\ufeff${WHOLE}`, true),
  stream('comments and blank lines between', `: wait\n\n${EVENTS.join('\n\n: wait\n\n')}`, true),
  stream(
    'a name, an id and a time for each event',
    WHOLE.replaceAll('data: {', 'event: message\nid: 1\nretry: 5\ndata: {'),
    true,
  ),
  stream('no blank line after [DONE]', WHOLE.trimEnd(), true),
  stream('one more blank line after [DONE]', `${WHOLE}\n`, true),
  stream('a second [DONE]', WHOLE + DONE, true),
  stream('empty data between', EVENTS.join('data:\n\ndata: \n\n'), true),
  stream('null first, to several prompts', `data: null\n\n${TWO_TEXTS}${DONE}`, true, {
    path: COMPLETIONS,
    asked: { prompt: ['a', 'b'], stream: true },
  }),
  stream('arguments that go on without index and id', CALLED + DONE, true),
  stream('calls that are all number 0', pieces(call0('a'), call0('b'), ends('tool_calls')) + DONE, false),
  stream('a call whose pieces are numbered', COUNTED + DONE, true),
  stream('a call whose pieces are numbered, and that breaks off', COUNTED.replace('\\"Oslo\\"}', '') + DONE, false),
  stream('a text of nothing between', EVENTS.join('event: ping\ndata: ""\n\n'), true),
  stream(
    'a message beside the delta',
    pieces(says(0, { message: { content: 'Salt.' } }), { ...ends(), message: { content: 'Salt.' } }) + DONE,
    true,
  ),
  stream('a message beside the delta that repeats all of the JSON so far', SO_FAR + DONE, true, {
    asked: { ...STREAM, response_format: { type: 'json_object' } },
  }),
  stream('the role in every chunk', pieces(says(), says(), ends()) + DONE, true),
  stream('usage beside an empty delta', pieces(says()) + chunk(ends(), { usage: USAGE }) + DONE, true),
  stream('usage in every chunk', chunk(says(), { usage: USAGE }) + chunk(ends(), { usage: USAGE }) + DONE, true),
  stream(
    'a usage of zeros that nobody asked for',
    UNMARKED + event({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 } }) + DONE,
    true,
  ),
  stream('usage in the choice', pieces(says(), { ...ends(), usage: USAGE }) + DONE, true),
  stream('one name for all events of a response', asMessages(RESPONSE_EVENTS), true, RESPONSE_STREAM),
  stream(
    'no names for the events of a message',
    MESSAGE.join('').replaceAll(/^event: .*\n/gm, ''),
    true,
    MESSAGE_STREAM,
  ),
];

const OTHER_THAN_ASKED: readonly WireForm[] = [
  document('a document although a stream was asked', chatAnswer(), true, { asked: STREAM }),
  stream('a stream although none was asked', WHOLE, true, { asked: DOCUMENT }),
  stream('a stream of a response although none was asked', RESPONSE_EVENTS.join(''), true, RESPONSE),
  stream('a document that is said to be a stream', chatAnswer(), false),
  stream('the same, then [DONE]', `${chatAnswer()}\n\n${DONE}`, false),
  stream('a stream that is said to be a document', WHOLE, false, {
    script: sendAs({ 'content-type': 'application/json' }, WHOLE),
  }),
  document('a document that is said to be a text', chatAnswer(), true, {
    script: sendAs({ 'content-type': 'text/plain; charset=utf-8' }, chatAnswer()),
  }),
  document('a document of which nothing is said', `\n${chatAnswer()}`, true, {
    script: sendAs({}, `\n${chatAnswer()}`),
  }),
  document('half a document of which nothing is said', chatAnswer().slice(0, -1), false, {
    script: sendAs({}, chatAnswer().slice(0, -1)),
  }),
  stream('a stream of which nothing is said', WHOLE, true, { script: sendAs({}, WHOLE) }),
  stream('half a stream of which nothing is said', ROLE + SALT, false, { script: sendAs({}, ROLE + SALT) }),
  document('a document that is said to be a page', chatAnswer(), false, {
    script: sendAs({ 'content-type': 'text/html' }, chatAnswer()),
  }),
  document('NaN of an HTTP/1.0 server', NAN, false, {
    script: raw('HTTP/1.0 200 OK\ncontent-type: application/json', NAN),
    unrecorded: 'connection-close',
  }),
  document('a document of an HTTP/1.0 server', chatAnswer(), true, {
    script: raw('HTTP/1.0 200 OK\ncontent-type: application/json', chatAnswer()),
  }),
  document('a response without optional fields', LEAN, true, RESPONSE),
];

const VECTORS: readonly WireForm[] = [
  document(
    'embeddings without the index that is 0',
    embedded({ embedding: VECTOR }, { index: 1, embedding: VECTOR }),
    true,
    TWO_EMBEDDINGS,
  ),
  document(
    'embeddings without index, object and usage',
    embedded({ embedding: VECTOR }, { embedding: VECTOR }),
    true,
    TWO_EMBEDDINGS,
  ),
  document(
    'embeddings with the index 0 for each',
    embedded({ index: 0, embedding: VECTOR }, { index: 0, embedding: VECTOR }),
    false,
    TWO_EMBEDDINGS,
  ),
  document(
    'embeddings of which one is empty',
    embedded({ index: 0, embedding: VECTOR }, { index: 1, embedding: [] }),
    false,
    TWO_EMBEDDINGS,
  ),
  document('embeddings in base64', embedded({ index: 0, embedding: 'AAAAPw==' }), true, EMBEDDING),
  document('a vector for each token', embedded({ index: 0, embedding: [VECTOR, VECTOR] }), true, EMBEDDING),
];

const ON_THE_WAY: readonly WireForm[] = [
  stream('no-store on a stream', WHOLE, false, {
    script: sendAs({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' }, WHOLE),
  }),
  stream('no-store on a stream of a server where it means nothing', WHOLE, true, {
    script: sendAs({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' }, WHOLE),
    overrides: { noStore: 'ignore' },
  }),
  ...(
    [
      ['deflate without its frame', inCoding('deflate', deflateRawSync(chatAnswer()))],
      ['deflate in its frame', inCoding('deflate', deflateSync(chatAnswer()))],
      ['gzip although identity was asked', inCoding('gzip', gzipSync(chatAnswer()))],
      ['gzip and identity', inCoding('gzip, identity', gzipSync(chatAnswer()))],
      ['gzip without its checksum', inCoding('gzip', gzipSync(chatAnswer()).subarray(0, -8))],
      ['gzip that is never ended', inCoding('gzip', flushed(chatAnswer()))],
      ['the coding none', inCoding('none', chatAnswer())],
      ['the coding UTF-8', inCoding('UTF-8', chatAnswer())],
    ] as const
  ).map(([what, script]) => document(what, chatAnswer(), true, { script })),
  stream('gzip that is never ended, and no [DONE]', UNMARKED, true, {
    ...OPTIONAL,
    script: inCoding('gzip', flushed(UNMARKED), 'text/event-stream'),
  }),
  stream('gzip that is never ended, and no end', ROLE + SALT, false, {
    script: inCoding('gzip', flushed(ROLE + SALT), 'text/event-stream'),
  }),
  stream('the coding none of a stream', WHOLE, true, { script: inCoding('none', WHOLE, 'text/event-stream') }),
  ...[
    '100 Continue',
    '100\nconnection: keep-alive\ncontent-length: 0',
    '102 Processing',
    '103 Early Hints\nlink: </x>; rel=preload',
    '103 Early Hints\n\nHTTP/1.1 100 Continue',
  ].map((interim) =>
    document(`${interim.replaceAll('\n', ' ')} that nobody asked for`, chatAnswer(), true, {
      script: raw(`HTTP/1.1 ${interim}\n\nHTTP/1.1 200 OK\ncontent-type: application/json\n${LENGTH}`, chatAnswer()),
    }),
  ),
  document('bytes after its length', chatAnswer(), true, {
    script: raw(`HTTP/1.1 200 OK\ncontent-type: application/json\n${LENGTH}`, `${chatAnswer()}\r\n`),
  }),
  document('trailers', chatAnswer(), true, {
    script({ response }) {
      response.writeHead(200, { 'content-type': 'application/json', 'trailer': 'x-took' }).write(chatAnswer());
      response.addTrailers({ 'x-took': '5' });
      response.end();
    },
  }),
];

export const WIRE_FORMS: readonly WireForm[] = [
  ...WHERE_IT_ENDS,
  ...NOTHING_SAID,
  ...ERRORS,
  ...EVENTS_SPELLED,
  ...OTHER_THAN_ASKED,
  ...VECTORS,
  ...ON_THE_WAY,
];
