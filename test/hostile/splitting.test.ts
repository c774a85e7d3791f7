/**
 * Answers of an upstream that two readers could take differently. What a client
 * is told is framed by us, says nothing that the upstream put beyond its
 * answer's end, and breaks off where the upstream's answer did.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest } from '../harness/answers.ts';
import { type Proxy, startProxy } from '../harness/proxy.ts';
import { errorCodeOf, type Message, statusOf, valuesOf } from './message.ts';
import { bytes, converse, plainAnswer, RawUpstream } from './wire.ts';

let upstream: RawUpstream;
let proxy: Proxy;
let asked = 0;

/** Lets the upstream say this and hang up, whatever it is asked. */
function say(text: string): void {
  upstream.reply = (_request, socket) => void socket.end(bytes(text));
}

beforeAll(async () => {
  upstream = await new RawUpstream(() => null).start();
  proxy = await startProxy(upstream.url);
});

afterEach(() => expect(upstream.faults).toEqual([]));

afterAll(async () => {
  await proxy.stop();
  await upstream.stop();
  expect(proxy.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

function request(path: string, method = 'POST'): string {
  const body = JSON.stringify(chatRequest(`question ${(asked += 1)}`));
  return (
    `${method} ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
  );
}

const OURS = [
  'cache-control',
  'cache-status',
  'x-cache',
  'x-refrain-request-id',
  'x-refrain-key',
  'connection',
  'date',
  'content-length',
  'transfer-encoding',
  'content-type',
];
/** The headers of an answer that are not ours. */
const theirs = ({ fields }: Message) => fields.filter(([name]) => !OURS.includes(name));

const answer = (fields: string, body = 'ok', start = 'HTTP/1.1 200 OK') => `${start}\r\n${fields}\r\n\r\n${body}`;
const LENGTH = 'content-length: 2';
const CHUNKS = 'transfer-encoding: chunked';
const OK = '2\r\nok\r\n0\r\n\r\n';

/** Nothing of these is told. */
const BROKEN: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['half a head', 'HTTP/1.1 200 OK\r\nconte'],
  ['a body alone', 'ok'],
  ['two lengths', answer('content-length: 2\r\ncontent-length: 3')],
  ['a length twice', answer('content-length: 2\r\ncontent-length: 2')],
  ['a list of lengths', answer('content-length: 2, 2')],
  ...['+2', '-2', '0x2', '2 2', '99999999999999999999'].map(
    (length) => [`the length ${length}`, answer(`content-length: ${length}`)] as const,
  ),
  ['a length and chunks', answer(`${LENGTH}\r\n${CHUNKS}`, OK)],
  ['chunks and a length', answer(`${CHUNKS}\r\n${LENGTH}`, OK)],
  ['lines that end in LF', 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok'],
  ['one line that ends in LF', answer(`x: a\ny: b\r\n${LENGTH}`)],
  ['a CR in a header', answer(`x: a\rset-cookie: b\r\n${LENGTH}`)],
  ['NUL in a header', answer(`x: a\0b\r\n${LENGTH}`)],
  ['a folded header', answer(`x: a\r\n b\r\n${LENGTH}`)],
  ['a space before a colon', answer(`x : a\r\n${LENGTH}`)],
  ['a header without a colon', answer(`xyz\r\n${LENGTH}`)],
  ['a header without a name', answer(`: a\r\n${LENGTH}`)],
  ['a header name with a bracket', answer(`x[]: a\r\n${LENGTH}`)],
  ['a header name beyond ASCII', answer(`x\xe9: a\r\n${LENGTH}`)],
  ['a CR in the reason', answer(LENGTH, 'ok', 'HTTP/1.1 200 a\rb')],
  ...['000', '099', '100', '101', '102', '199', '1000', '20', '2e2', '-20'].map(
    (status) => [`the status ${status}`, answer(LENGTH, 'ok', `HTTP/1.1 ${status} X`)] as const,
  ),
  ['another protocol', answer('upgrade: x\r\nconnection: upgrade', '', 'HTTP/1.1 101 X') + answer(LENGTH)],
  ['ICY', 'ICY 200 OK\r\n\r\nok'],
  ['more than 64 KiB of headers', answer(`x: ${'y'.repeat(70_000)}\r\n${LENGTH}`)],
];

/** How these are told: status, body, and what is left of their headers; null where the answer breaks off. */
const TOLD_AS: readonly (readonly [string, string, readonly [number, string, ...string[]] | null])[] = [
  ['a length', answer(LENGTH), [200, 'ok']],
  ['chunks', answer(CHUNKS, OK), [200, 'ok']],
  ['neither', answer('x: y'), [200, 'ok', 'x: y']],
  ['HTTP/1.0', answer('x: y', 'ok', 'HTTP/1.0 200 OK'), [200, 'ok', 'x: y']],
  ['a body longer than its length', answer(LENGTH, 'ok, and more'), [200, 'ok']],
  ['two answers', answer(LENGTH) + answer(LENGTH, 'no', 'HTTP/1.1 500 No'), [200, 'ok']],
  ['two answers in chunks', answer(CHUNKS, OK) + answer(CHUNKS, OK), [200, 'ok']],
  ['hints before the answer', `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${answer(LENGTH)}`, [200, 'ok']],
  ['100 before the answer, which nobody awaits', `HTTP/1.1 100 Continue\r\nx: y\r\n\r\n${answer(LENGTH)}`, [200, 'ok']],
  [
    '100 and hints before the answer',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n` +
      `${answer(LENGTH)}`,
    [200, 'ok'],
  ],
  ['trailers', answer(`${CHUNKS}\r\ntrailer: set-cookie`, '2\r\nok\r\n0\r\nset-cookie: a\r\n\r\n'), [200, 'ok']],
  ['204 with a body', answer(LENGTH, 'ok', 'HTTP/1.1 204 X'), [204, '']],
  ['204 in chunks', answer(CHUNKS, OK, 'HTTP/1.1 204 X'), [204, '']],
  ['304 with a body', answer(LENGTH, 'ok', 'HTTP/1.1 304 X'), [304, '']],
  ['a status that nobody knows', answer(LENGTH, 'ok', 'HTTP/1.1 999 X'), [999, 'ok']],
  ['NUL in the reason', answer(LENGTH, 'ok', 'HTTP/1.1 200 a\0b'), [200, 'ok']],
  ['control characters in the reason', answer(LENGTH, 'ok', 'HTTP/1.1 200 \x01\x1b[2J\x7f'), [200, 'ok']],
  ['a long reason', answer(LENGTH, 'ok', `HTTP/1.1 200 ${'x'.repeat(5_000)}`), [200, 'ok']],
  ['no reason', answer(LENGTH, 'ok', 'HTTP/1.1 200'), [200, 'ok']],
  [
    'headers that are named as objects have it',
    answer(`__proto__: a\r\nconstructor: b\r\n${LENGTH}`),
    [200, 'ok', '__proto__: a', 'constructor: b'],
  ],
  ['marks that are ours', answer(`x-cache: HIT\r\nx-refrain-key: 0\r\nx-refrain-why: x\r\n${LENGTH}`), [200, 'ok']],
  [
    'headers of its own hop',
    answer(`connection: x-hop, content-length\r\nx-hop: a\r\nkeep-alive: timeout=9\r\nupgrade: x\r\n${LENGTH}`),
    [200, 'ok'],
  ],
  ['a large header', answer(`x: ${'y'.repeat(16 * 1024)}\r\n${LENGTH}`), [200, 'ok', `x: ${'y'.repeat(16 * 1024)}`]],
  ['bytes beyond ASCII', answer(`x: \x80\xff\r\n${LENGTH}`), [200, 'ok', 'x: \x80\xff']],
  ['a body shorter than its length', answer('content-length: 5'), null],
  ['a chunk shorter than its size', answer(CHUNKS, '5\r\nok'), null],
  ['a chunk longer than its size', answer(CHUNKS, '2\r\nokay\r\n0\r\n\r\n'), null],
  ['a chunk size that overflows', answer(CHUNKS, 'ffffffffffffffffff\r\nok\r\n0\r\n\r\n'), null],
  ['chunks without an end', answer(CHUNKS, '2\r\nok\r\n'), null],
];

for (const [path, what] of [
  ['/v1/files', 'on its way'],
  [CHAT, 'on its way to the store'],
] as const) {
  describe(`an answer ${what} that has`, () => {
    test.each(BROKEN)('%s is not told', async (_what, text) => {
      say(text);
      const { answers, isCut } = await converse(proxy.url, request(path));
      expect([answers.map(errorCodeOf), isCut]).toEqual([['502 upstream_cut'], false]);
    });

    test.each(TOLD_AS)('%s is told as we frame it', async (_what, text, told) => {
      say(text);
      const { answers, isCut } = await converse(proxy.url, request(path));
      const [status, body, ...fields] = told ?? [];
      expect(isCut).toBe(told === null);
      const seen = answers.map((one) => ({
        status: statusOf(one),
        body: one.body.toString(),
        fields: theirs(one).map(([name, value]) => `${name}: ${value}`),
      }));
      expect(seen).toEqual(told === null ? [] : [{ status, body, fields }]);
    });
  });
}

test('a body in the answer to HEAD is not told', async () => {
  say(answer(LENGTH));
  const { answers } = await converse(proxy.url, request('/v1/models', 'HEAD'), ['HEAD']);
  expect(answers.map((one) => [statusOf(one), valuesOf(one, 'content-length')])).toEqual([[200, ['2']]]);
});

test('a cut stream says nothing beyond the length that was declared', async () => {
  for (const sent of [chatEvents().join(''), chatEvents()[0] as string, '']) {
    say(answer(`content-type: text/event-stream\r\ncontent-length: ${sent.length + 5}`, sent));
    const { answers, isCut } = await converse(proxy.url, request('/v1/files'));
    expect([answers, isCut]).toEqual([[], true]);
  }
});

describe('what comes after an answer is never the answer to another request:', () => {
  test.each([
    ['a second answer', (first: string) => first + plainAnswer('"poison"')],
    [
      'a second answer in chunks',
      (first: string) => `${first}HTTP/1.1 200 OK\r\n${CHUNKS}\r\n\r\n8\r\n"poison"\r\n0\r\n\r\n`,
    ],
    ['half an answer', (first: string) => `${first}HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n"poison"`],
    ['junk', (first: string) => `${first}\r\n\r\n"poison"\r\n`],
  ])('%s', async (_what, extend) => {
    upstream.reply = ({ body }) =>
      bytes(extend(plainAnswer(chatAnswer(JSON.parse(body.toString()).messages[0].content))));
    for (let count = 0; count < 20; count += 1) {
      const path = count % 2 === 0 ? CHAT : '/v1/files';
      const { answers, isCut } = await converse(proxy.url, request(path));
      expect([answers.map(({ body }) => body.toString()), isCut]).toEqual([[chatAnswer(`question ${asked}`)], false]);
    }
  });
});

test('what is kept is replayed with the headers that it came with, byte for byte, and with no other', async () => {
  const fields =
    'x-request-id: \x80\xff "\t;\r\nopenai-version:\r\ncontent-language: a\r\ncontent-language: b\r\n' +
    'access-control-allow-origin: *\r\nset-cookie: a=b\r\nx-odd: c';
  const body = chatAnswer('kept');
  say(answer(`content-type: application/json\r\n${fields}\r\ncontent-length: ${body.length}`, body));
  const question = request(CHAT);
  await converse(proxy.url, question);
  say('');
  const {
    answers: [hit],
  } = await converse(proxy.url, question);
  expect(
    hit && {
      cache: valuesOf(hit, 'x-cache'),
      body: hit.body.toString(),
      theirs: theirs(hit).filter(([name]) => name !== 'age'),
    },
  ).toEqual({
    cache: ['HIT'],
    body,
    theirs: [
      ['x-request-id', '\x80\xff "\t;'],
      ['openai-version', ''],
      ['content-language', 'a'],
      ['content-language', 'b'],
      ['access-control-allow-origin', '*'],
    ],
  });
});

test('no byte in a header or a reason phrase brings about a defect of ours', async () => {
  const places = [
    (byte: string) => answer(`x${byte}y: a\r\n${LENGTH}`),
    (byte: string) => answer(`x: a${byte}b\r\n${LENGTH}`),
    (byte: string) => answer(LENGTH, 'ok', `HTTP/1.1 200 a${byte}b`),
  ];
  const told = new Map<string, number>();
  for (const place of places) {
    for (let byte = 0; byte < 256; byte += 1) {
      say(place(String.fromCharCode(byte)));
      const {
        answers: [only],
      } = await converse(proxy.url, request('/v1/files'));
      const what = only ? (errorCodeOf(only) ?? only.body.toString()) : 'nothing';
      told.set(what, (told.get(what) ?? 0) + 1);
    }
  }
  expect([...told.keys()].sort()).toEqual(['502 upstream_cut', 'ok']);
  expect(told.get('ok')).toBeGreaterThan(450);
});
