/**
 * Requests on which two readers in a row could disagree where they end: with
 * another reader in front, none may put its bytes before somebody else's
 * request, or its answer in the place of somebody else's. Declares tests.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Proxy, startProxy } from '../harness/proxy.ts';
import { errorCodeOf, type Message, statusOf } from './message.ts';
import { Nginx } from './nginx.ts';
import { bytes, converse, plainAnswer, RawUpstream } from './wire.ts';

const EVIL = 'GET /v1/evil HTTP/1.1\r\nhost: x\r\n\r\n';
const WHOLE = '2\r\nab\r\n0\r\n\r\n';
const post = (lines: string, body = 'ab') => `POST /v1/files HTTP/1.1\r\nhost: x\r\n${lines}\r\n\r\n${body}`;
const get = (lines: string, target = '/v1/a') =>
  `GET ${target} HTTP/1.1\r\nhost: x\r\n${lines}${lines === '' ? '' : '\r\n'}\r\n`;
const chunks = (body: string) => post('transfer-encoding: chunked', body);
const withLengthAnd = (lines: string) => post(`${lines}\r\ncontent-length: ${EVIL.length}`, EVIL);

/** Each hides a request in what one reader takes for a body, a header or the end of either. */
const VECTORS: readonly (readonly [string, string])[] = [
  [
    'a length, then chunks',
    post(`content-length: ${5 + EVIL.length}\r\ntransfer-encoding: chunked`, `0\r\n\r\n${EVIL}`),
  ],
  [
    'chunks, then a length',
    post('transfer-encoding: chunked\r\ncontent-length: 4', `${EVIL.length.toString(16)}\r\n${EVIL}\r\n0\r\n\r\n`),
  ],
  ['two lengths', post(`content-length: ${EVIL.length}\r\ncontent-length: 0`, EVIL)],
  ['two lengths, the other way', post(`content-length: 0\r\ncontent-length: ${EVIL.length}`, EVIL)],
  ['a list of lengths', post(`content-length: ${EVIL.length}, 0`, EVIL)],
  ['a length with a sign', post(`content-length: +${EVIL.length}`, EVIL)],
  ['a length in hexadecimal', post(`content-length: 0x${EVIL.length.toString(16)}`, EVIL)],
  ['a space before the colon of a length', post(`content-length : ${EVIL.length}`, EVIL)],
  ['a length that is cut by NUL', post(`content-length: ${EVIL.length}\0`, EVIL)],
  ['a length with an underscore', post(`content_length: 0\r\ncontent-length: ${EVIL.length}`, EVIL)],
  ['a space before the colon of a coding', withLengthAnd('transfer-encoding : chunked')],
  ['a tab before a coding', withLengthAnd('transfer-encoding:\tchunked')],
  ['a coding behind a vertical tab', withLengthAnd('transfer-encoding: \x0bchunked')],
  ['a coding that is none', withLengthAnd('transfer-encoding: xchunked')],
  ['identity', withLengthAnd('transfer-encoding: identity')],
  ['chunks, then identity', withLengthAnd('transfer-encoding: chunked, identity')],
  ['identity, then chunks', post('transfer-encoding: identity, chunked', WHOLE + EVIL)],
  ['chunks twice', post('transfer-encoding: chunked\r\ntransfer-encoding: chunked', WHOLE + EVIL)],
  ['a coding in quotes', withLengthAnd('transfer-encoding: "chunked"')],
  ['a coding in capitals', post('TRANSFER-ENCODING: CHUNKED', WHOLE)],
  ['a coding with an underscore', withLengthAnd('transfer_encoding: chunked')],
  ['a coding in a folded line', withLengthAnd('transfer-encoding:\r\n chunked')],
  ['a coding in the fold of another header', withLengthAnd('x: y\r\n transfer-encoding: chunked')],
  ['a coding behind a bare LF', withLengthAnd('x: y\ntransfer-encoding: chunked')],
  ['a coding behind a bare CR', withLengthAnd('x: y\rtransfer-encoding: chunked')],
  ['a chunk size that overflows', chunks(`10000000000000002\r\nab\r\n0\r\n\r\n${EVIL}`)],
  ['a chunk size with a sign', chunks(`+2\r\nab\r\n0\r\n\r\n${EVIL}`)],
  ['a chunk size in the dress of C', chunks(`0x2\r\nab\r\n0\r\n\r\n${EVIL}`)],
  ['a chunk that is longer than its size', chunks(`2\r\nabc\r\n0\r\n\r\n${EVIL}`)],
  ['a chunk that ends without CRLF', chunks(`2\r\nab0\r\n\r\n${EVIL}`)],
  ['chunks whose lines end in LF', chunks(`2\nab\n0\n\n${EVIL}`)],
  ['a request in a chunk extension', chunks(`2;x="\r\n${EVIL}"\r\nab\r\n0\r\n\r\n`)],
  ['an LF in a chunk extension', chunks(`2;x\nab\r\n0\r\n\r\n${EVIL}`)],
  ['a length among the trailers', chunks(`2\r\nab\r\n0\r\ncontent-length: ${EVIL.length}\r\n\r\n${EVIL}`)],
  ['a request among the trailers', chunks(`2\r\nab\r\n0\r\n${EVIL}`)],
  ['a length that Connection names', withLengthAnd('connection: content-length')],
  ['a coding that Connection names', post('connection: transfer-encoding\r\ntransfer-encoding: chunked', WHOLE)],
  ['a GET with a request for a body', get(`content-length: ${EVIL.length}`) + EVIL],
  [
    'an upgrade with a request behind it',
    get('connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAM') + EVIL,
  ],
  ['a websocket that is not one', get('connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 0') + EVIL],
  ['an expectation with its body at once', withLengthAnd('expect: 100-continue')],
  ['an expectation that is not known', withLengthAnd('expect: 200-maybe')],
  [
    'HTTP/1.0 with chunks',
    `POST /v1/files HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n${WHOLE}${EVIL}`,
  ],
  ['a line break in the target', get('', '/v1/a HTTP/1.1\r\nx: y')],
  ['an encoded line break in the target', get('', `/v1/a%20HTTP/1.1%0d%0ahost:%20x%0d%0a%0d%0aGET%20/v1/evil`)],
  ['an absolute target', get('', 'http://127.0.0.1/v1/evil')],
  ['two hosts', get('host: y')],
  ['2,100 headers', get(Array.from({ length: 2_100 }, (_, index) => `x-${index}: 1`).join('\r\n'))],
  ['a head of 60 KB', get(`x: ${'y'.repeat(60_000)}`)],
];

/** Answers each request with what it was, so that it shows whose answer a client got. */
const echo = ({ start }: Message) => plainAnswer(start);

export function desyncNobody(): void {
  describe(`with nginx in front, each of ${VECTORS.length} requests is answered once, and for itself alone`, () => {
    let upstream: RawUpstream;
    let proxy: Proxy;
    let nginx: Nginx;
    /** How many of them nginx passed on. */
    let passed = 0;

    beforeAll(async () => {
      upstream = await new RawUpstream(echo).start();
      proxy = await startProxy(upstream.url);
      nginx = await Nginx.start(proxy.url);
    });

    afterEach(() => {
      upstream.requests.length = 0;
      expect(upstream.faults).toEqual([]);
    });

    afterAll(async () => {
      // Else it is nginx that is tried here.
      expect(passed).toBeGreaterThan(VECTORS.length / 4);
      await nginx?.stop();
      await proxy.stop();
      await upstream.stop();
      expect(proxy.lines.filter(({ level }) => level === 'error')).toEqual([]);
    });

    test.each(VECTORS)('%s', async (_what, vector) => {
      // Others use the connection that nginx keeps to the proxy: before, at once, and after.
      const victim = async (name: string) => {
        const { answers, isCut } = await converse(
          nginx.url,
          `GET /v1/${name} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
        );
        expect([answers.map(({ body }) => body.toString()), isCut]).toEqual([[`GET /v1/${name} HTTP/1.1`], false]);
      };
      await victim('before');
      const [{ answers: said }] = await Promise.all([
        converse(nginx.url, `${vector}GET /v1/last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
        victim('meanwhile'),
      ]);
      for (const name of ['after', 'later']) await victim(name);

      // nginx says 100 itself.
      const answers = said.filter((answer) => statusOf(answer) !== 100);
      // Nothing of what nginx refuses comes to us; what it passes on is framed beyond doubt, or refused by us.
      for (const answer of answers)
        expect([200, 400, 405, 408, 411, 413, 414, 417, 426, 431, 494, 501, 505]).toContain(statusOf(answer));
      const asked = upstream.requests.map(({ start }) => start.split(' ')[1] ?? '');
      const own = asked.filter((target) => !/^\/v1\/(before|meanwhile|after|later)$/.test(target));
      expect(own.length).toBeLessThanOrEqual(answers.length);
      passed += own.length > 0 ? 1 : 0;
      expect(asked.length - own.length).toBe(4);
      // Where what is hidden was a request of its own for nginx, it has an answer of its own; else nobody has seen it.
      const told = answers
        .filter((answer) => errorCodeOf(answer) === null)
        .map(({ body }) => body.toString().split(' ')[1]);
      if (asked.includes('/v1/evil')) expect(told).toContain('/v1/evil');
    });

    test('what an upstream smuggles into its answer is not the answer to somebody else', async () => {
      for (const extra of [
        plainAnswer('"poison"'),
        'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n"poi',
        '\r\n\r\n"poison"',
      ]) {
        upstream.reply = (request) => bytes(echo(request) + extra);
        for (let count = 0; count < 10; count += 1) {
          const { answers } = await converse(
            nginx.url,
            `GET /v1/${count} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
          );
          expect(answers.map(({ body }) => body.toString())).toEqual([`GET /v1/${count} HTTP/1.1`]);
        }
      }
      upstream.reply = echo;
    });
  });
}
