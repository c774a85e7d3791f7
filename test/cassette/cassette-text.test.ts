import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_HEADER, type CassetteHeader } from '../../src/cassette/cassette-header.ts';
import { cassetteText, documentOf, inOrder, readDocument, splitCassette } from '../../src/cassette/cassette-text.ts';
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';
import { anyExchange, answerOf, exchangeOf, oddText, realExchanges, requestOf } from './exchange-fixtures.ts';

const HEADER: CassetteHeader = {
  upstreams: { default: 'openai', anthropic: 'anthropic' },
  redact: [{ pointer: '/messages/*/content' }, { pattern: '\\d{4} "\u2028' }],
};
const NEW = { header: EMPTY_HEADER, headerText: '', hasCrLf: false };

function textOf(exchanges: readonly RecordedExchange[], header = HEADER): string {
  return cassetteText(NEW, header, inOrder(exchanges.map((exchange) => documentOf(exchange, header))));
}

function read(source: string) {
  const parts = splitCassette('test.cassette', source);
  return { parts, documents: parts.chunks.map((chunk) => readDocument('test.cassette', chunk, parts.header)) };
}

/** Read, and written again with nothing new. */
function again(source: string): string {
  const { parts, documents } = read(source);
  return cassetteText(parts, parts.header, inOrder(documents));
}

const exchangesIn = (source: string) => read(source).documents.map(({ exchange }) => exchange);
const inFileOrder = (exchanges: readonly RecordedExchange[]) =>
  inOrder(exchanges.map((exchange) => documentOf(exchange, HEADER))).map(({ exchange }) => exchange);

describe('a cassette, written and read', () => {
  test('has what was recorded, and is the same text when it is written again, with CRLF too', () => {
    fc.assert(
      fc.property(fc.array(anyExchange, { maxLength: 4 }), (exchanges) => {
        const text = textOf(exchanges);
        expect(exchangesIn(text)).toEqual(inFileOrder(exchanges));
        expect(read(text).parts.header).toEqual(HEADER);
        expect(again(text)).toBe(text);
        const checkedOut = text.replaceAll('\n', '\r\n');
        expect(exchangesIn(checkedOut)).toEqual(inFileOrder(exchanges));
        expect(again(checkedOut)).toBe(checkedOut);
      }),
      { numRuns: 150 },
    );
  });

  test('has every real answer byte for byte, as text that people read', () => {
    const exchanges = realExchanges();
    expect(exchanges.length).toBeGreaterThan(20);
    const text = textOf(exchanges);
    expect(exchangesIn(text)).toEqual(inFileOrder(exchanges));
    expect(again(text)).toBe(text);
    expect(text).not.toContain('!!binary');
    expect(text).not.toContain('body: "');
  });

  test('is the same whatever the order in which it was recorded', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(oddText, fc.integer({ min: 1, max: 3 })), { maxLength: 8, selector: String }),
        fc.infiniteStream(fc.nat()),
        (asked, random) => {
          const exchanges = asked.map(([text, sample]) => exchangeOf(text, { sample }));
          const shuffled = exchanges
            .map((exchange) => ({ exchange, at: random.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ exchange }) => exchange);
          expect(textOf(shuffled)).toBe(textOf(exchanges));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('keeps the text of documents that did not change, and what people wrote there', () => {
    const before = textOf([exchangeOf('a'), exchangeOf('c')])
      .replace('request:', '# asked by the weather tests\nrequest:')
      .replace('---\n', '# Recorded on purpose.\n---\n');
    const { parts, documents } = read(before);
    const after = cassetteText(parts, HEADER, inOrder([...documents, documentOf(exchangeOf('b'), HEADER)]));
    expect(after).toContain('# asked by the weather tests');
    expect(after.startsWith('# Recorded on purpose.\n---\n')).toBe(true);
    const added = documentOf(exchangeOf('b'), HEADER).text;
    // One place differs.
    expect(after.replace(added, '')).toBe(before);
    expect(before.startsWith(after.slice(0, after.indexOf(added)))).toBe(true);
  });

  test('looks like this', () => {
    const stream = 'data: {"n":1}\n\ndata: [DONE]\n\n';
    const text = textOf(
      [
        exchangeOf('', {
          request: requestOf({
            upstream: 'anthropic',
            dialect: 'anthropic',
            path: '/messages',
            headers: { b: '1\n2', a: '' },
          }),
          answer: answerOf(stream, { timing: { firstByteMs: 5, ms: 9, arrivals: 'BQE=' } }),
          sample: 2,
        }),
        exchangeOf('', {
          request: requestOf({ method: 'GET', path: '/models', query: 'a=1', body: Buffer.alloc(0) }),
          answer: {
            head: { status: 200, statusText: '', headers: [] },
            body: Buffer.from([0xff, 0xfe, 0x00]),
          },
        }),
        exchangeOf('', {
          request: requestOf({ method: 'GET', path: '/z', dialect: 'engine', body: Buffer.from('{\n  "a": 1\n}') }),
          answer: answerOf('a\r\n  b \r\n'),
        }),
      ],
      { ...HEADER, redact: [] },
    );
    expect(text).toBe(`---
format: refrain-cassette
version: 1
upstreams:
  anthropic: anthropic
  default: openai
...
---
sample: 2
request:
  method: POST
  path: /messages
  upstream: anthropic
  headers: |-
    a:
    b: 1
    b: 2
  body: |-
    {"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}
answer:
  status: 200 OK
  headers: |-
    Content-Type: application/json
  timing: { firstByteMs: 5, ms: 9, arrivals: "BQE=" }
  body: |+
    data: {"n":1}

    data: [DONE]

...
---
request:
  method: GET
  path: /models
  query: a=1
answer:
  status: 200
  body: !!binary |-
    //4A
...
---
request:
  method: GET
  path: /z
  dialect: engine
  body: |-
    {
      "a": 1
    }
answer:
  status: 200 OK
  headers: |-
    Content-Type: application/json
  timing: { firstByteMs: 12, ms: 34 }
  body: "a\\r\\n\\
    \\  b \\r\\n"
...
`);
  });
});

test('the documentation shows a cassette as it is written', () => {
  const page = readFileSync(new URL('../../docs/cassettes.md', import.meta.url), 'utf8');
  const shown = /^```yaml\n(---\n.*?)^```/ms.exec(page)?.[1] as string;
  const { parts, documents } = read(shown);
  const anew = documents.map(({ exchange }) => documentOf(exchange, parts.header));
  expect(cassetteText(NEW, parts.header, inOrder(anew))).toBe(shown);
});

describe('a cassette that cannot be read', () => {
  const good = textOf([exchangeOf('a'), exchangeOf('b')], { upstreams: { default: 'openai' }, redact: [] });
  const broken = (from: string | RegExp, to: string) => () => read(good.replace(from, to));

  test('says where, and what was expected', () => {
    expect(() => read(good)).not.toThrow();
    expect(broken('format: refrain-cassette', 'format: vcr')).toThrow(
      'test.cassette:2: expected "format" to be "refrain-cassette"',
    );
    expect(broken('version: 1', 'version: 2')).toThrow('test.cassette:3: expected "version" to be 1');
    expect(() => read('[{"a": 1}]')).toThrow(/^test.cassette:1: expected the members of a header/);
    expect(broken('default: openai', 'default: oops')).toThrow(
      'test.cassette:5: expected "upstreams.default" to be one of',
    );
    expect(broken('method: POST', 'methud: POST')).toThrow(/^test.cassette:(8|9): expected /);
    expect(broken('path: /chat', 'path: [/chat')).toThrow(/^test.cassette:\d+: expected YAML, but here is /);
    expect(broken('answer:', 'answers:')).toThrow(/^test.cassette:\d+: expected /);
    expect(broken('status: 200 OK', 'status: fine')).toThrow(
      'test.cassette:14: expected "answer.status" to be a status, such as "200 OK"',
    );
    expect(broken(/firstByteMs: 12/, 'firstByteMs: soon')).toThrow(
      'test.cassette:17: expected "answer.timing.firstByteMs" to be a number of milliseconds',
    );
    expect(broken('answer:', 'answer:\n  colour: red')).toThrow('expected no member "colour" here');
    expect(broken(/Content-Type: .*/, 'no header')).toThrow('to be a header on each line');
  });

  test('names the conflict that a merge left, and takes the documents of both sides', () => {
    const end = good.lastIndexOf('---\n');
    const [before, after] = [good.slice(0, end), good.slice(end)];
    const left = `${before}<<<<<<< HEAD\n${after}=======\n${after.replace('path: ', 'path: /v2')}>>>>>>> theirs\n`;
    for (const text of [left, left.replaceAll('\n', '\r\n')])
      expect(() => read(text)).toThrow(
        `test.cassette:${before.split('\n').length}: expected no conflict of a merge; keep the documents of both sides`,
      );
    expect(exchangesIn(left.replaceAll(/^(<{7}|={7}|>{7}).*\n/gm, ''))).toHaveLength(3);
    expect(() => read(textOf([exchangeOf('=======\n<<<<<<< HEAD\n')]))).not.toThrow();
  });

  test('may be ended, spaced and commented by people', () => {
    const edited = good
      .replaceAll('...\n', '...\n\n# a comment\n\n')
      .replace('body: |-', 'body: |-\n    # not a comment');
    expect(exchangesIn(edited)).toHaveLength(2);
    expect(exchangesIn(good.replaceAll('...\n', ''))).toEqual(exchangesIn(good));
    expect(exchangesIn(`\n\n${good}\n\n`)).toEqual(exchangesIn(good));
    for (const empty of ['', '\n', '# to be recorded\n']) expect(exchangesIn(empty)).toEqual([]);
  });
});

test.each([
  ['answer: {status: 101}', 'a status'],
  ['answer: {status: "200 O\\nK"}', 'a status'],
  ['answer: {status: 200, headers: "bad name: x"}', 'a header on each line'],
  ['answer: {status: 200, headers: "a: \\e[2J"}', 'a header on each line'],
  ['answer:\n  status: 200\n  headers: |\n    a: b\n    Content-Length: 99', 'no header that frames', 10],
  ['answer: {status: 200, headers: "transfer-encoding: chunked"}', 'no header that frames', 6],
])('what would hang or break a client is no document: %s', (answer, expected, line?: number) => {
  const source = `---\nformat: refrain-cassette\nversion: 1\n---\nrequest: {method: GET, path: /x}\n${answer}\n`;
  expect(() => read(source)).toThrow(new RegExp(`test.cassette:${line ?? 6}: expected .*${expected}`));
});

test('what people write of a request has the names of headers as the wire has them', () => {
  const source = '---\nformat: refrain-cassette\nversion: 1\n---\n';
  const [exchange] = exchangesIn(
    `${source}request: {method: GET, path: /x, headers: "Accept: text/plain"}\nanswer: {status: 200}\n`,
  );
  expect(exchange?.request.headers).toEqual({ accept: 'text/plain' });
});
