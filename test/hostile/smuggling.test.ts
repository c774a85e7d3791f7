/**
 * Requests that two readers could take for different ones. Each is followed on
 * its connection by one that nothing is wrong with, which must get its own
 * answer or none: a connection whose framing is in doubt is closed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { errorCodeOf, type Message, valuesOf } from './message.ts';
import { type Proxy, startProxy } from '../harness/proxy.ts';
import { converse, plainAnswer, RawUpstream } from './wire.ts';

const AFTER = 'GET /v1/after HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

let upstream: RawUpstream;
let proxy: Proxy;

beforeAll(async () => {
  upstream = await new RawUpstream(({ start }) => plainAnswer(start)).start();
  proxy = await startProxy(upstream.url);
});

afterEach(() => {
  upstream.requests.length = 0;
  expect(upstream.faults).toEqual([]);
});

afterAll(async () => {
  await proxy.stop();
  await upstream.stop();
  expect(proxy.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

/** A POST of `ab` that says so in these lines. */
const post = (lines: string, body = 'ab') => `POST /v1/files HTTP/1.1\r\nhost: x\r\n${lines}\r\n\r\n${body}`;
const chunks = (body: string) => post('transfer-encoding: chunked', body);
const get = (target: string, lines = 'host: x') => `GET ${target} HTTP/1.1\r\n${lines}\r\n\r\n`;
const WHOLE = '2\r\nab\r\n0\r\n\r\n';

/** The words of each answer: its status and our code, or the request line that the upstream saw. */
const tell = (answer: Message) => errorCodeOf(answer) ?? answer.body.toString();

/** Closed at once, with an answer of ours, and nothing of it goes upstream. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['a length and chunks', post('content-length: 6\r\ntransfer-encoding: chunked', '0\r\n\r\nG')],
  ['chunks and a length', post('transfer-encoding: chunked\r\ncontent-length: 6', '0\r\n\r\nG')],
  ['two lengths', post('content-length: 2\r\ncontent-length: 3')],
  ['a length twice', post('content-length: 2\r\ncontent-length: 2')],
  ['a list of lengths', post('content-length: 2, 2')],
  ...['+2', '-2', '0x2', '2 2', '2.0', '2e0', '', '\x0b2', '2\0', '"2"', '99999999999999999999'].map(
    (length) => [`the length ${JSON.stringify(length)}`, post(`content-length: ${length}`)] as const,
  ),
  ['a space before the colon of a length', post('content-length : 2')],
  ...[
    'chunked, identity',
    'xchunked',
    'chunk',
    'identity',
    'chunked, chunked',
    'chunked;q=1',
    '"chunked"',
    '\x0bchunked',
    'chunked\0',
    'chunked\t',
    'chunked,',
    '',
  ].map((coding) => [`the coding ${JSON.stringify(coding)}`, post(`transfer-encoding: ${coding}`, WHOLE)] as const),
  ['chunks twice', post('transfer-encoding: chunked\r\ntransfer-encoding: chunked', WHOLE)],
  ['chunks, then no chunks', post('transfer-encoding: chunked\r\ntransfer-encoding: identity', WHOLE)],
  ['a space before the colon of a coding', post('transfer-encoding : chunked', WHOLE)],
  ['a coding in a folded line', post('transfer-encoding:\r\n chunked', WHOLE)],
  ['a coding in the fold of another header', post('x: y\r\n transfer-encoding: chunked', WHOLE)],
  ['a coding behind a bare CR', post('x: y\rtransfer-encoding: chunked', WHOLE)],
  ['a coding behind a bare LF', post('x: y\ntransfer-encoding: chunked', WHOLE)],
  ...['ffffffffffffffffff', '10000000000000002', '0x2', '+2', '-2', ' 2', '2 ', 'g', ''].map(
    (size) => [`the chunk size ${JSON.stringify(size)}`, chunks(`${size}\r\nab\r\n0\r\n\r\n`)] as const,
  ),
  ['chunk sizes that end in LF', chunks('2\nab\n0\n\n')],
  ['a chunk that is longer than its size', chunks('2\r\nabc\r\n0\r\n\r\n')],
  ['a chunk without its end', chunks('2\r\nab0\r\n\r\n')],
  ['an LF in a chunk extension', chunks('2;x="\n"\r\nab\r\n0\r\n\r\n')],
  ['a request in the place of trailers', chunks(`2\r\nab\r\n0\r\n${get('/v1/evil')}`)],
  ['a length among the trailers', chunks('2\r\nab\r\n0\r\ncontent-length: 50\r\n\r\n')],
  ['lines that end in LF', 'GET /v1/a HTTP/1.1\nhost: x\n\n'],
  ['one line that ends in LF', get('/v1/a', 'host: x\nx: y')],
  ['lines that end in CR', 'GET /v1/a HTTP/1.1\rhost: x\r\r'],
  ['NUL in a header', get('/v1/a', 'host: x\r\nx: a\0b')],
  ['a space in a header name', get('/v1/a', 'host: x\r\nx y: a')],
  ['a space before the first header', get('/v1/a', ' host: x')],
  ['a header without a colon', get('/v1/a', 'host: x\r\nxyz')],
  ['a header without a name', get('/v1/a', 'host: x\r\n: a')],
  ...['(', '[', '@', '\xe9', '\x7f', '"', '\\', ','].map(
    (byte) => [`${JSON.stringify(byte)} in a header name`, get('/v1/a', `host: x\r\nx${byte}y: a`)] as const,
  ),
  ['a folded header', get('/v1/a', 'host: x\r\nx: a\r\n b')],
  ...[
    '\\evil',
    '@evil',
    '#',
    '?a',
    'x:1',
    'a',
    '',
    '/v1/a b',
    '/v1/a\tb',
    '/v1/a\0b',
    '/v1/\x7f',
    '/v1/\xff',
    '/v1/\xe2\x80\xa5/a',
  ].map((target) => [`the target ${JSON.stringify(target)}`, get(target)] as const),
  ...['get', 'Get', 'FOO', 'PRI', ' GET', 'GET\t', 'G\0T', ''].map(
    (method) => [`the method ${JSON.stringify(method)}`, `${method} /v1/a HTTP/1.1\r\nhost: x\r\n\r\n`] as const,
  ),
  ...['HTTP/1.2', 'HTTP/3.0', 'HTTP/01.1', 'http/1.1', 'HTTP/1.1 ', 'HTTP/1', 'ICE/1.0'].map(
    (version) => [`the version ${JSON.stringify(version)}`, `GET /v1/a ${version}\r\nhost: x\r\n\r\n`] as const,
  ),
  ['HTTP/0.9 and a line more', 'GET /v1/a\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
];

describe('is refused and its connection closed:', () => {
  test.each(REFUSED)('%s', async (_what, request) => {
    const { answers, isCut } = await converse(proxy.url, request + AFTER);
    expect([answers.map(tell), isCut]).toEqual([['400 malformed_request'], false]);
    expect(upstream.requests).toEqual([]);
  });

  test('CONNECT, without a word', async () => {
    for (const target of ['evil.example:443', '/v1/a', '169.254.169.254:80']) {
      expect(await converse(proxy.url, `CONNECT ${target} HTTP/1.1\r\nhost: x\r\n\r\n${AFTER}`)).toEqual({
        answers: [],
        isCut: false,
      });
    }
    expect(upstream.requests).toEqual([]);
  });

  test.each([
    ['HTTP/1.1 without a Host', get('/v1/a', 'x: y'), '400 malformed_request'],
    [
      'HTTP/1.1 without a Host, and with a body',
      'POST /v1/a HTTP/1.1\r\ncontent-length: 2\r\n\r\nab',
      '400 malformed_request',
    ],
    ['a path of 70 KB', get(`/v1/${'a'.repeat(70_000)}`), '431 headers_too_large'],
  ])('%s, and what follows is not answered', async (_what, request, code) => {
    const { answers, isCut } = await converse(proxy.url, request + AFTER);
    expect([answers.map(tell), isCut]).toEqual([[code], false]);
    expect(upstream.requests).toEqual([]);
  });
});

test('HTTP/2.0 is refused by its own status, and its connection closed', async () => {
  const { answers, isCut } = await converse(proxy.url, 'GET /v1/a HTTP/2.0\r\nhost: x\r\n\r\n');
  expect([answers.map(tell), isCut]).toEqual([['505 http_version_unsupported'], false]);
  expect(upstream.requests).toEqual([]);
});

/** Its name, the request, and the answer. */
type Refused = readonly [string, string, string];

const REFUSED_TARGETS: readonly Refused[] = [
  ...[
    '/v1/../../x',
    '/v1/../x',
    '/v1/..',
    '/../a',
    '/v1/%2e%2e/a',
    '/v1/%2E./a',
    '/v1/.%2e/.%2e/a',
    '/v1/./../a',
    '/a/../../b',
    '/v1/a/../../b',
    '/..?x=/v1',
  ].map(
    (target): Refused => [`the target ${target}, which leads out of the base path`, get(target), '400 invalid_target'],
  ),
  ...[
    '/v1/..%2fa',
    '/v1/a%2f..%2f..%2fb',
    '/v1/..\\a',
    '/v1/a\\..\\..\\b',
    '/v1/..;/a',
    '/v1/%2e%2e%5ca',
    '/v1/.;x/a',
  ].map(
    (target): Refused => [`the target ${target}, whose steps only some readers see`, get(target), '400 invalid_target'],
  ),
];

describe('is refused alone, and what follows gets its own answer:', () => {
  const BODY = get('/v1/evil');
  test.each<Refused>([
    ['two Hosts', get('/v1/a', 'host: x\r\nhost: y'), '400 invalid_target'],
    ['the same Host twice', get('/v1/a', 'host: x\r\nhost: x'), '400 invalid_target'],
    ['the absolute form', get('http://evil.example/v1/a'), '400 invalid_target'],
    ['the absolute form, to the upstream', get('HTTPS://api.openai.com/v1/a'), '400 invalid_target'],
    ['another scheme', get('file:///etc/passwd'), '400 invalid_target'],
    ...REFUSED_TARGETS,
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n', '400 invalid_target'],
    [
      'a request in the body of one that is refused by its head',
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-refrain-ttl: soon\r\n` +
        `content-length: ${BODY.length}\r\n\r\n${BODY}`,
      '400 invalid_header',
    ],
    [
      'the same in chunks',
      `POST /v1/files HTTP/1.1\r\nhost: x\r\nx-refrain-ttl: soon\r\ntransfer-encoding: chunked\r\n\r\n` +
        `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
      '400 invalid_header',
    ],
  ])('%s', async (_what, request, code) => {
    const { answers } = await converse(proxy.url, request + AFTER);
    expect(answers.map(tell)).toEqual([code, 'GET /v1/after HTTP/1.1']);
    expect(upstream.requests.map(({ start }) => start)).toEqual(['GET /v1/after HTTP/1.1']);
  });
});

/** The form in which it reaches the upstream: the request line and the body. */
const PASSED: readonly (readonly [string, string, string, string])[] = [
  ['a length with a zero before it', post('content-length: 02'), 'POST /v1/files', 'ab'],
  ['a length with a space behind it', post('content-length: 2 '), 'POST /v1/files', 'ab'],
  ['chunks in capitals', post('Transfer-Encoding:\tChunked', WHOLE), 'POST /v1/files', 'ab'],
  [
    'a coding that only looks like one',
    post('transfer_encoding: chunked\r\ncontent-length: 2'),
    'POST /v1/files',
    'ab',
  ],
  [
    'a coding before chunks, which goes no further',
    post('transfer-encoding: identity, chunked', WHOLE),
    'POST /v1/files',
    'ab',
  ],
  ['chunk extensions, which go no further', chunks('2;x=y\r\nab\r\n000\r\n\r\n'), 'POST /v1/files', 'ab'],
  ['a request in the body', post(`content-length: ${AFTER.length}`, AFTER), 'POST /v1/files', AFTER],
  ['a GET with a body', get('/v1/a', 'host: x\r\ncontent-length: 2') + 'ab', 'GET /v1/a', 'ab'],
  ['empty lines before it', `\r\n\r\n${get('/v1/a')}`, 'GET /v1/a', ''],
  ['HTTP/1.0 that keeps its connection', 'GET /v1/a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n', 'GET /v1/a', ''],
  ['an empty Host', get('/v1/a', 'host:'), 'GET /v1/a', ''],
  ['a Host that names another', get('/v1/a', 'host: evil.example:80@127.0.0.1'), 'GET /v1/a', ''],
  ['slashes at its beginning', get('//evil.example/v1/a'), 'GET /v1/evil.example/v1/a', ''],
  ...['/\\evil', '/v1/@evil', '/v1/a%00b', '/v1/a%0d%0ax:y', '/v1/%2f%2fevil', '/v1/a?x=http://evil/', '/v1/a#b'].map(
    (target) =>
      [`the target ${target}`, get(target), `GET ${target.startsWith('/v1') ? '' : '/v1'}${target}`, ''] as const,
  ),
  ...(
    [
      ['/v1/./x', '/v1/x'],
      ['/./v1/x', '/v1/x'],
      ['/v1/a/../x', '/v1/x'],
      ['/a/../x', '/v1/x'],
      ['/v1/x/.', '/v1/x/'],
      ['/v1/x/..', '/v1/'],
      ['/v1/x/%2e%2E/y', '/v1/y'],
      ['/v1/%2e/x?y=/../z', '/v1/x?y=/../z'],
      ['/v1/.//x', '/v1/x'],
      ['/v1/x/...', '/v1/x/...'],
      ['/v1/..x/.y', '/v1/..x/.y'],
      ['/v1/a.%2e', '/v1/a.%2e'],
      ['/v1/org%2fmodel.;v=1', '/v1/org%2fmodel.;v=1'],
    ] as const
  ).map(([target, path]) => [`the target ${target}`, get(target), `GET ${path}`, ''] as const),
];

describe('passes as one request, and what follows is another:', () => {
  test.each(PASSED)('%s', async (_what, request, line, body) => {
    const { answers } = await converse(proxy.url, request + AFTER);
    expect(answers.map(tell)).toEqual([`${line} HTTP/1.1`, 'GET /v1/after HTTP/1.1']);
    const seen = upstream.requests.map(({ start, body: sent }) => [start, sent.toString()]);
    expect(seen.sort()).toEqual(
      [
        [`${line} HTTP/1.1`, body],
        ['GET /v1/after HTTP/1.1', ''],
      ].sort(),
    );
  });

  test.each([
    ['2,100 headers', Array.from({ length: 2_100 }, (_, index) => [`x-${index}`, String(index)] as const)],
    ['a header of 16 KB', [['x-long', 'y'.repeat(16 * 1024)] as const]],
    [
      'headers that are named as objects have it',
      [
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['tostring', 'c'],
        ['hasownproperty', 'd'],
      ] as const,
    ],
  ])('%s', async (_what, fields) => {
    const { answers } = await converse(
      proxy.url,
      get(
        '/v1/a',
        `host: x\r\nconnection: close\r\n${fields.map(([name, value]) => `${name}: ${value}`).join('\r\n')}`,
      ),
    );
    expect(answers.map(tell)).toEqual(['GET /v1/a HTTP/1.1']);
    const sent = upstream.requests[0]?.fields.filter(([name]) => !['host', 'connection', 'via'].includes(name));
    expect(sent).toEqual(fields);
  });
});

describe('ends its connection, on which nothing else is read:', () => {
  test.each([
    ['HTTP/1.0', 'GET /v1/a HTTP/1.0\r\nhost: x\r\n\r\n'],
    ['HTTP/1.0 with chunks', `POST /v1/a HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${WHOLE}`],
    ['HTTP/0.9', 'GET /v1/a\r\n\r\n'],
    ['Connection: close', get('/v1/a', 'host: x\r\nconnection: close')],
    ['Connection: close among others', get('/v1/a', 'host: x\r\nconnection: x, close')],
  ])('%s', async (_what, request) => {
    const { answers, isCut } = await converse(proxy.url, request + AFTER);
    expect([answers.length, isCut]).toEqual([1, false]);
    expect(upstream.requests.map(({ start }) => start.split(' ')[1])).toEqual(['/v1/a']);
    upstream.requests.length = 0;
    const alone = await converse(proxy.url, request);
    expect(alone.answers.map(tell)).toEqual([`${request.split(' ')[0]} /v1/a HTTP/1.1`]);
  });
});

test('an upgrade that is not taken is one request, and its connection goes on', async () => {
  const head = get('/v1/a', 'host: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAM');
  const { answers } = await converse(proxy.url, head, [], AFTER);
  expect(answers.map(tell)).toEqual(['GET /v1/a HTTP/1.1', 'GET /v1/after HTTP/1.1']);
  expect(valuesOf(upstream.requests[0] as Message, 'upgrade')).toEqual([]);
});
