/**
 * Answers as servers in use spell them: each is relayed as it was sent and ends
 * as it ended, and is kept or not.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import {
  CHAT,
  chatAnswer,
  chatChunk,
  chatEvents,
  chatRequest,
  completionEvents,
  endAfter,
  responseAnswer,
  responseEvents,
  sendJson,
} from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import type { Script } from '../harness/upstream.ts';

const COMPLETIONS = '/v1/completions';
const EMBEDDINGS = '/v1/embeddings';
const RESPONSES = '/v1/responses';
const DONE = 'data: [DONE]\n\n';
const EVENTS = chatEvents();
const WHOLE = EVENTS.join('');
const [ROLE = '', SALT = ''] = EVENTS;

const STREAM = chatRequest('x', { stream: true });
const JSON_ASKED = chatRequest('x');
const TWO = { n: 2 };

const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
const pieces = (...choices: readonly object[]) =>
  choices.map((choice) => event({ object: 'chat.completion.chunk', choices: [choice] })).join('');
const says = (index = 0, others: object = {}) => ({
  index,
  delta: { role: 'assistant', content: 'Salt.' },
  finish_reason: null,
  ...others,
});
const ends = (reason: string | null = 'stop', index = 0) => ({ index, delta: {}, finish_reason: reason });
const choiceOf = (message: object, reason = 'stop') =>
  chatAnswer('', { choices: [{ index: 0, message, finish_reason: reason }] });
const embedded = (data: readonly object[], others: object = {}) => JSON.stringify({ data, ...others });

/** Two answers at once, after an event that has nothing in it. */
const TWO_CHOICES = [
  { index: 0, text: 'a', finish_reason: 'stop' },
  { index: 1, text: 'b', finish_reason: 'stop' },
];
const NULL_BEFORE_TWO = `data: null\n\n${pieces(...TWO_CHOICES)}${DONE}`;

/** Writes bytes to the connection, and closes it. */
const raw =
  (head: string, body: string | Buffer): Script =>
  ({ response: { socket } }) => {
    socket?.write(`${head.replaceAll('\n', '\r\n')}\r\n\r\n`);
    socket?.end(body);
  };
const json =
  (text: string): Script =>
  (call) =>
    sendJson(call, text);
const stream = endAfter;
const withLength =
  (text: string): Script =>
  ({ response }) =>
    response
      .writeHead(200, { 'content-type': 'text/event-stream', 'content-length': Buffer.byteLength(text) })
      .end(text);
const encoded =
  (coding: string, body: Buffer): Script =>
  ({ response }) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding }).end(body);

const UNMARKED = pieces(says(), ends());
const OPTIONAL: Overrides = { doneMarker: 'optional' };
const REQUIRED: Overrides = { doneMarker: 'required' };
const ERROR = event({ error: { message: 'overloaded', type: 'server_error' } });
const NAN = chatAnswer().replace('"logprobs":null', '"logprobs":NaN');
const LENGTHS = '{"city":"Oslo"}';
const CALLED = pieces(
  {
    index: 0,
    delta: { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }] },
    finish_reason: null,
  },
  ...[LENGTHS.slice(0, 5), LENGTHS.slice(5)].map((text) => ({
    index: 0,
    delta: { tool_calls: [{ function: { arguments: text } }] },
    finish_reason: null,
  })),
  ends('tool_calls'),
);
const LEAN = JSON.stringify({
  id: 'resp_1',
  object: 'response',
  created_at: 1_700_000_000.25,
  status: 'completed',
  model: 'm',
  output: JSON.parse(responseAnswer()).output,
});
const VECTOR = [0.5, -0.25];
const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

type Form = readonly [
  what: string,
  path: string,
  asked: object,
  script: Script,
  text: string,
  kept: boolean,
  overrides?: Overrides,
];

const RELAYED: readonly Form[] = [
  [
    'every chunk has a finish_reason of null, then [DONE]',
    CHAT,
    STREAM,
    stream(pieces(says(), ends(null)) + DONE),
    pieces(says(), ends(null)) + DONE,
    false,
  ],
  [
    'the same of a completion',
    COMPLETIONS,
    { prompt: 'x', stream: true },
    stream(`${completionEvents()[0]}${DONE}`),
    `${completionEvents()[0]}${DONE}`,
    false,
  ],
  [
    'a finish_reason that is empty until the last chunk',
    CHAT,
    STREAM,
    stream(pieces(says(0, { finish_reason: '' }), ends()) + DONE),
    pieces(says(0, { finish_reason: '' }), ends()) + DONE,
    true,
  ],
  ['no [DONE], of a server that owes it', CHAT, STREAM, stream(UNMARKED), UNMARKED, false, REQUIRED],
  ['no [DONE], in chunks', CHAT, STREAM, stream(UNMARKED), UNMARKED, true, OPTIONAL],
  ['no [DONE], with a length', CHAT, STREAM, withLength(UNMARKED), UNMARKED, true, OPTIONAL],
  [
    'no [DONE], until the connection ends',
    CHAT,
    STREAM,
    raw('HTTP/1.1 200 OK\ncontent-type: text/event-stream\nconnection: close', UNMARKED),
    UNMARKED,
    false,
    OPTIONAL,
  ],
  [
    'no [DONE], and no usage that was asked for',
    CHAT,
    { ...STREAM, stream_options: { include_usage: true } },
    stream(UNMARKED),
    UNMARKED,
    false,
    OPTIONAL,
  ],
  [
    'no [DONE], and the usage that was asked for',
    CHAT,
    { ...STREAM, stream_options: { include_usage: true } },
    stream(UNMARKED + event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })),
    UNMARKED + event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }),
    true,
    OPTIONAL,
  ],
  ['no [DONE], and one choice of two', CHAT, { ...STREAM, ...TWO }, stream(UNMARKED), UNMARKED, false, OPTIONAL],
  [
    'one choice of two never ends, then [DONE]',
    CHAT,
    { ...STREAM, ...TWO },
    stream(pieces(says(0), says(1), ends('stop', 0)) + DONE),
    pieces(says(0), says(1), ends('stop', 0)) + DONE,
    false,
  ],
  ['one choice of two comes, whole', CHAT, { ...JSON_ASKED, ...TWO }, json(chatAnswer()), chatAnswer(), true],
  ['one choice of two comes, whole, then [DONE]', CHAT, { ...STREAM, ...TWO }, stream(WHOLE), WHOLE, true],
  ['no choices', CHAT, JSON_ASKED, json(chatAnswer('', { choices: [] })), chatAnswer('', { choices: [] }), false],
  [
    'chunks without choices',
    CHAT,
    STREAM,
    stream(event({ choices: [] }) + event({ choices: [] }) + DONE),
    event({ choices: [] }) + event({ choices: [] }) + DONE,
    false,
  ],
  ...(
    [
      ['STOP', true],
      ['Stop', true],
      ['end', false],
      ['abort', false],
      ['network_error', false],
    ] as const
  ).map(
    ([reason, kept]): Form => [
      `the ending ${reason}`,
      CHAT,
      STREAM,
      stream(pieces(says(), ends(reason)) + DONE),
      pieces(says(), ends(reason)) + DONE,
      kept,
    ],
  ),
  ...['end', 'abort', 'network_error'].map(
    (reason): Form => [
      `the ending ${reason} of a document`,
      CHAT,
      JSON_ASKED,
      json(choiceOf({ content: 'Salt.' }, reason)),
      choiceOf({ content: 'Salt.' }, reason),
      false,
    ],
  ),
  [
    'a filter that left nothing',
    CHAT,
    JSON_ASKED,
    json(choiceOf({ content: null }, 'content_filter')),
    choiceOf({ content: null }, 'content_filter'),
    false,
  ],
  [
    'the same, where it is kept',
    CHAT,
    JSON_ASKED,
    json(choiceOf({ content: null }, 'content_filter')),
    choiceOf({ content: null }, 'content_filter'),
    true,
    { keep: ['content-filter'] },
  ],
  ['an empty text', CHAT, JSON_ASKED, json(chatAnswer('')), chatAnswer(''), false],
  [
    'an empty text where nothing was asked for',
    CHAT,
    { ...JSON_ASKED, max_tokens: 0 },
    json(choiceOf({ content: '' }, 'length')),
    choiceOf({ content: '' }, 'length'),
    true,
  ],
  [
    'an empty text, where it is kept',
    CHAT,
    JSON_ASKED,
    json(chatAnswer('')),
    chatAnswer(''),
    true,
    { keep: ['length', 'empty'] },
  ],
  [
    'null for a text',
    CHAT,
    STREAM,
    stream(pieces({ index: 0, delta: { role: 'assistant', content: null } }, ends()) + DONE),
    pieces({ index: 0, delta: { role: 'assistant', content: null } }, ends()) + DONE,
    false,
  ],
  [
    'no output of a response',
    RESPONSES,
    { input: 'x' },
    json(JSON.stringify({ ...JSON.parse(responseAnswer()), output: [] })),
    JSON.stringify({ ...JSON.parse(responseAnswer()), output: [] }),
    false,
  ],
  ['an error object', CHAT, JSON_ASKED, json('{"error":{"message":"no"}}'), '{"error":{"message":"no"}}', false],
  [
    'an error event, then more',
    CHAT,
    STREAM,
    stream(ROLE + ERROR + SALT + pieces(ends()) + DONE),
    ROLE + ERROR + SALT + pieces(ends()) + DONE,
    false,
  ],
  [
    'no space after data:',
    CHAT,
    STREAM,
    stream(WHOLE.replaceAll('data: ', 'data:')),
    WHOLE.replaceAll('data: ', 'data:'),
    true,
  ],
  ['CRLF', CHAT, STREAM, stream(WHOLE.replaceAll('\n', '\r\n')), WHOLE.replaceAll('\n', '\r\n'), true],
  [
    'data in several lines',
    CHAT,
    STREAM,
    stream(WHOLE.replaceAll(',"choices"', ',\ndata: "choices"')),
    WHOLE.replaceAll(',"choices"', ',\ndata: "choices"'),
    true,
  ],
  ['a byte order mark', CHAT, STREAM, stream(`\ufeff${WHOLE}`), `\ufeff${WHOLE}`, true],
  [
    'comments and blank lines between',
    CHAT,
    STREAM,
    stream(`: wait\n\n${EVENTS.join('\n\n: wait\n\n')}`),
    `: wait\n\n${EVENTS.join('\n\n: wait\n\n')}`,
    true,
  ],
  ['no blank line after [DONE]', CHAT, STREAM, stream(WHOLE.trimEnd()), WHOLE.trimEnd(), true],
  ['one more blank line after [DONE]', CHAT, STREAM, stream(`${WHOLE}\n`), `${WHOLE}\n`, true],
  ['a second [DONE]', CHAT, STREAM, stream(WHOLE + DONE), WHOLE + DONE, true],
  [
    'empty data between',
    CHAT,
    STREAM,
    stream(EVENTS.join('data:\n\ndata: \n\n')),
    EVENTS.join('data:\n\ndata: \n\n'),
    true,
  ],
  [
    'null first, to several prompts',
    COMPLETIONS,
    { prompt: ['a', 'b'], stream: true },
    stream(NULL_BEFORE_TWO),
    NULL_BEFORE_TWO,
    true,
  ],
  ['arguments that go on without index and id', CHAT, STREAM, stream(CALLED + DONE), CALLED + DONE, true],
  [
    'a message beside the delta',
    CHAT,
    STREAM,
    stream(pieces(says(0, { message: { content: 'Salt.' } }), { ...ends(), message: { content: 'Salt.' } }) + DONE),
    pieces(says(0, { message: { content: 'Salt.' } }), { ...ends(), message: { content: 'Salt.' } }) + DONE,
    true,
  ],
  [
    'the role in every chunk',
    CHAT,
    STREAM,
    stream(pieces(says(), says(), ends()) + DONE),
    pieces(says(), says(), ends()) + DONE,
    true,
  ],
  ...(
    [
      ['usage beside an empty delta', pieces(says()) + event({ choices: [ends()], usage: USAGE })],
      ['usage in every chunk', event({ choices: [says()], usage: USAGE }) + event({ choices: [ends()], usage: USAGE })],
      [
        'a usage of zeros that nobody asked for',
        pieces(says(), ends()) + event({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 } }),
      ],
    ] as const
  ).map(([what, text]): Form => [what, CHAT, STREAM, stream(text + DONE), text + DONE, true]),
  [
    'usage in the choice',
    CHAT,
    STREAM,
    stream(pieces(says(), { ...ends(), usage: { prompt_tokens: 1, completion_tokens: 1 } }) + DONE),
    pieces(says(), { ...ends(), usage: { prompt_tokens: 1, completion_tokens: 1 } }) + DONE,
    true,
  ],
  ['a document although a stream was asked', CHAT, STREAM, json(chatAnswer()), chatAnswer(), true],
  ['a stream although none was asked', CHAT, JSON_ASKED, stream(WHOLE), WHOLE, true],
  [
    'a stream of a response although none was asked',
    RESPONSES,
    { input: 'x' },
    stream(responseEvents().join('')),
    responseEvents().join(''),
    true,
  ],
  ['a document that is said to be a stream', CHAT, STREAM, stream(chatAnswer()), chatAnswer(), false],
  ['the same, then [DONE]', CHAT, STREAM, stream(`${chatAnswer()}\n\n${DONE}`), `${chatAnswer()}\n\n${DONE}`, false],
  [
    'NaN of an HTTP/1.0 server',
    CHAT,
    JSON_ASKED,
    raw('HTTP/1.0 200 OK\ncontent-type: application/json', NAN),
    NAN,
    false,
  ],
  [
    'a document of an HTTP/1.0 server',
    CHAT,
    JSON_ASKED,
    raw('HTTP/1.0 200 OK\ncontent-type: application/json', chatAnswer()),
    chatAnswer(),
    true,
  ],
  [
    'embeddings without the index that is 0',
    EMBEDDINGS,
    { input: ['a', 'b'] },
    json(embedded([{ embedding: VECTOR }, { index: 1, embedding: VECTOR }])),
    embedded([{ embedding: VECTOR }, { index: 1, embedding: VECTOR }]),
    true,
  ],
  [
    'embeddings without index, object and usage',
    EMBEDDINGS,
    { input: ['a', 'b'] },
    json(embedded([{ embedding: VECTOR }, { embedding: VECTOR }])),
    embedded([{ embedding: VECTOR }, { embedding: VECTOR }]),
    true,
  ],
  [
    'a vector for each token',
    EMBEDDINGS,
    { input: 'a' },
    json(embedded([{ index: 0, embedding: [VECTOR, VECTOR] }])),
    embedded([{ index: 0, embedding: [VECTOR, VECTOR] }]),
    true,
  ],
  ['a response without optional fields', RESPONSES, { input: 'x' }, json(LEAN), LEAN, true],
  [
    'no-store on a stream',
    CHAT,
    STREAM,
    ({ response }) =>
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).end(WHOLE),
    WHOLE,
    false,
  ],
  ['deflate without its frame', CHAT, JSON_ASKED, encoded('deflate', deflateRawSync(chatAnswer())), chatAnswer(), true],
  ['deflate in its frame', CHAT, JSON_ASKED, encoded('deflate', deflateSync(chatAnswer())), chatAnswer(), true],
  ['gzip although identity was asked', CHAT, JSON_ASKED, encoded('gzip', gzipSync(chatAnswer())), chatAnswer(), true],
  ...[
    '100 Continue',
    '102 Processing',
    '103 Early Hints\nlink: </x>; rel=preload',
    '103 Early Hints\n\nHTTP/1.1 100 Continue',
  ].map(
    (interim): Form => [
      `${interim.replaceAll('\n', ' ')} that nobody asked for`,
      CHAT,
      JSON_ASKED,
      raw(
        `HTTP/1.1 ${interim}\n\nHTTP/1.1 200 OK\ncontent-type: application/json\n` +
          `content-length: ${chatAnswer().length}`,
        chatAnswer(),
      ),
      chatAnswer(),
      true,
    ],
  ),
];

describe('an answer with', () => {
  for (const [what, path, asked, script, text, kept, overrides] of RELAYED) {
    story(`${what} is relayed as it was sent, and is ${kept ? '' : 'not '}kept`, async ({ upstream, open }) => {
      const proxy = await open(overrides);
      upstream.script = script;
      const body = { model: 'm', ...asked };
      for (const word of ['MISS', kept ? 'HIT' : 'MISS']) {
        expect(await ask(proxy.url + path, { body })).toMatchObject({
          status: 200,
          text,
          broken: false,
          headers: { 'x-cache': word },
        });
      }
      expect(upstream.calls).toHaveLength(kept ? 1 : 2);
    });
  }

  story('100 Continue in pieces, on a connection that is used again', async ({ open }) => {
    const bytes =
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/json\r\n` +
      `content-length: ${chatAnswer().length}\r\n\r\n${chatAnswer()}`;
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.setNoDelay(true).on('error', () => {}));
      socket.on('data', async (chunk: Buffer) => {
        if (!chunk.toString().endsWith('}')) return;
        for (const byte of bytes) await new Promise((written) => socket.write(byte, written));
      });
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const proxy = await open({ upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
    for (const question of ['a', 'b', 'c'])
      expect((await ask(proxy.url + CHAT, { body: chatRequest(question) })).text).toBe(chatAnswer());
    expect(sockets).toHaveLength(1);
  });

  story('its connection closed after it, unannounced, harms none that follows', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = ({ response }) => {
      const { socket } = response;
      response.on('finish', () => socket?.destroySoon());
      response.writeHead(200, { 'content-type': 'text/event-stream', connection: 'keep-alive' }).end(WHOLE);
    };
    for (let at = 0; at < 20; at++)
      expect(await ask(proxy.url + CHAT, { body: chatRequest(String(at), { stream: true }) })).toMatchObject({
        status: 200,
        text: WHOLE,
        broken: false,
      });
    expect((await ask(proxy.url + CHAT, { body: chatRequest('0', { stream: true }) })).headers['x-cache']).toBe('HIT');
  });
});

describe('an error that is said to be encoded', () => {
  const RETRY = {
    'retry-after': '7',
    'retry-after-ms': '7000',
    'x-should-retry': 'true',
    'x-ratelimit-reset-requests': '1s',
  };
  for (const [what, body, text] of [
    ['and is empty', Buffer.alloc(0), ''],
    ['and is', gzipSync('{"error":{}}'), '{"error":{}}'],
    ['and is not', Buffer.from('{"error":{}}'), '{"error":{}}'],
    ['and breaks off', gzipSync('{"error":{}}').subarray(0, -4), '{"error":{}}'],
  ] as const) {
    story(`${what}, passes with its headers`, async ({ upstream, open }) => {
      const proxy = await open();
      for (const length of [true, false]) {
        upstream.script = ({ response }) =>
          response
            .writeHead(429, {
              'content-type': 'application/json',
              'content-encoding': 'gzip',
              ...RETRY,
              ...(length && { 'content-length': body.length }),
            })
            .end(body);
        expect(await ask(proxy.url + CHAT, { body: JSON_ASKED })).toMatchObject({
          status: 429,
          text,
          broken: false,
          headers: RETRY,
        });
      }
    });
  }
});

describe('an answer that is not in the coding that it is said to be in', () => {
  for (const coding of ['gzip', 'deflate', 'br', 'zstd']) {
    story(`passes as it came (${coding})`, async ({ upstream, open }) => {
      const proxy = await open();
      const body = Buffer.from('\xff\xfe<html>', 'latin1');
      upstream.script = encoded(coding, body);
      for (let time = 0; time < 2; time++) {
        const answer = await ask(proxy.url + CHAT, { body: JSON_ASKED });
        expect(answer).toMatchObject({
          status: 200,
          broken: false,
          headers: { 'content-encoding': coding, 'x-cache': 'MISS' },
        });
        expect(answer.body.equals(body)).toBe(true);
      }
    });
  }

  story('passes as it came, also where its head came first', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).flushHeaders();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      response.end(chatAnswer());
    };
    expect(await ask(proxy.url + CHAT, { body: JSON_ASKED })).toMatchObject({ text: chatAnswer(), broken: false });
  });
});

story('a stream in gzip that is reset: what had come of it is delivered first', async ({ upstream, open }) => {
  const proxy = await open();
  const packed = gzipSync(ROLE + SALT.repeat(50) + chatChunk({}, 'stop'));
  upstream.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    response.write(packed, () => response.socket?.resetAndDestroy());
  };
  const { text, broken } = await ask(proxy.url + CHAT, { body: STREAM });
  expect(broken).toBe(true);
  expect(text.startsWith(ROLE + SALT.repeat(50) + chatChunk({}, 'stop'))).toBe(true);
  expect(text.endsWith('\n\n')).toBe(true);
  expect(text).toContain('"code":"upstream_cut"');
});
