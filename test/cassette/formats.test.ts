import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ForeignFile } from '../../src/cassette/formats/foreign-exchange.ts';
import { type FormatName, formatOf, readForeign } from '../../src/cassette/formats/foreign-file.ts';
import { readHar } from '../../src/cassette/formats/har.ts';
import { exchangeLine, readExchangeLines } from '../../src/cassette/formats/json-lines.ts';
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';

const bytesOf = (name: string) => readFileSync(new URL(`../fixtures/cassettes/${name}`, import.meta.url));

function read(name: string, model: string | null = null): Promise<ForeignFile> {
  const bytes = bytesOf(name);
  return readForeign(bytes.toString(), formatOf(bytes) as Exclude<FormatName, 'jsonl' | 'sqlite'>, model);
}

const said = (file: ForeignFile) =>
  file.exchanges.map(({ exchange: { method, url, status, requestBody } }) => {
    const { messages } = requestBody.length === 0 ? {} : JSON.parse(requestBody.toString());
    return [method, new URL(url).pathname, status, messages?.at(-1).content];
  });

describe('a cassette of vcrpy', () => {
  test('is read with errors, streams, bytes and content codings', async () => {
    const file = await read('vcrpy.yaml');
    expect(file.leftOut).toEqual([]);
    expect(said(file)).toEqual([
      ['POST', '/v1/chat/completions', 200, 'hi'],
      ['POST', '/v1/chat/completions', 200, 'zipped'],
      ['POST', '/v1/chat/completions', 200, 'hi'],
      ['POST', '/v1/chat/completions', 200, 'stream'],
      ['POST', '/v1/chat/completions', 429, 'too much'],
      ['GET', '/v1/models', 200, undefined],
      ['POST', '/v1/audio/speech', 200, undefined],
    ]);
    const [, zipped, , stream, , , speech] = file.exchanges.map(({ exchange }) => exchange);
    expect(zipped?.headers).toContain('gzip');
    expect([...(zipped?.body.subarray(0, 2) ?? [])]).toEqual([0x1f, 0x8b]);
    expect(stream?.body.toString()).toMatch(/^data: \{.*Grüße.* aus Köln.*data: \[DONE\]\n\n$/s);
    expect(speech?.body).toEqual(Buffer.from([0xff, 0xfb, 0x90, 0x00, 0x80, 0x01, 0xfe]));
  });

  test('may be JSON', async () => {
    expect(said(await read('vcrpy.json'))).toEqual([['POST', '/v1/chat/completions', 200, 'zipped']]);
  });

  test('has parts that are none left out, by their place', async () => {
    const text = 'version: 1\ninteractions:\n- request: {method: GET, uri: "http://a/v1/models"}\n- 5\n';
    const { leftOut } = await readForeign(text, 'vcr', null);
    expect(leftOut.map(({ place }) => place)).toEqual(['interaction 1', 'interaction 2']);
    await expect(readForeign('interactions: [', 'vcr', null)).rejects.toThrow(/in line 1$/);
    await expect(readForeign('a: 1', 'vcr', null)).rejects.toThrow('it has no interactions of version 1');
  });
});

describe('an HTTP Archive', () => {
  test('of Polly is read, with the order of equal requests and chunks in base64', async () => {
    const file = await read('polly.har');
    expect(file.leftOut).toEqual([]);
    expect(said(file)).toEqual([
      ['POST', '/v1/chat/completions', 200, 'hi'],
      ['POST', '/v1/chat/completions', 200, 'zipped'],
      ['POST', '/v1/chat/completions', 200, 'hi'],
      ['POST', '/v1/chat/completions', 429, 'too much'],
      ['POST', '/v1/chat/completions', 200, 'stream'],
      ['GET', '/v1/models', 200, undefined],
      ['POST', '/v1/audio/speech', 200, undefined],
      ['POST', '/v1/chat/completions', 200, 'zipped twice'],
    ]);
    const all = file.exchanges.map(({ exchange }) => exchange);
    expect(all[6]?.body).toEqual(Buffer.from([0xff, 0xfb, 0x90, 0x00, 0x80, 0x01, 0xfe]));
    expect([...(all[7]?.body.subarray(0, 2) ?? [])]).toEqual([0x1f, 0x8b]);
    expect(all[0]?.timing?.ms).toBeGreaterThan(0);
  });
});

describe('fixtures of aimock', () => {
  test('are exchanges where they say all of a request, and else left out with the reason', async () => {
    const { exchanges, leftOut } = await read('aimock.json');
    const made = exchanges.map(({ exchange }) => [
      JSON.parse(exchange.requestBody.toString()),
      exchange.status,
      exchange.sample,
    ]);
    expect(made).toEqual([
      [{ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'stream' }] }, 200, undefined],
      [{ model: 'text-embedding-3-small', input: 'hello' }, 200, undefined],
      [{ model: 'gpt-4o', messages: [{ role: 'user', content: 'weather' }] }, 200, 2],
    ]);
    expect(leftOut.map(({ place, why }) => [place, why.split(',')[0]])).toEqual([
      ['fixture 1', 'it was recorded of a request with a system message or tools'],
      ['fixture 2', 'it was recorded of a request with a system message or tools'],
      ['fixture 4', 'it names no model; say which by --model'],
      ['fixture 5', 'it names no model; say which by --model'],
      ['fixture 6', 'it names no model; say which by --model'],
      ['fixture 7', 'it fits requests by toolCallId'],
      ['fixture 8', 'it fits requests by toolName'],
    ]);
  });

  test('take a model that is given, and their answers are those of the API', async () => {
    const { exchanges } = await read('aimock.json', 'gpt-4o');
    const calls = exchanges.map(({ exchange }) => JSON.parse(exchange.body.toString()));
    expect(calls[1].choices[0]).toMatchObject({ message: { content: 'Hello! How can I help you today?' } });
    expect(calls.at(-1).choices[0]).toMatchObject({
      message: { tool_calls: [{ function: { name: 'get_weather', arguments: '{"location":"Rome"}' } }] },
      finish_reason: 'tool_calls',
    });
    expect(calls.at(-2).data[0].embedding).toEqual([0.1, 0.2]);
  });
});

describe('JSON Lines', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    text.map((each) => Buffer.from(each)),
  );
  const exchange: fc.Arbitrary<RecordedExchange> = fc.record({
    sample: fc.integer({ min: 1, max: 9 }),
    request: fc.record({
      upstream: fc.option(text, { nil: null }),
      dialect: fc.constantFrom('openai', 'anthropic', 'compatible', 'engine'),
      method: text,
      path: text,
      query: text,
      headers: fc.dictionary(text, text, { noNullPrototype: true }),
      body,
    }),
    answer: fc.record({
      head: fc.record({
        status: fc.integer({ min: 200, max: 599 }),
        statusText: text,
        headers: fc.array(fc.tuple(text, text)).map((pairs) => pairs.flat()),
      }),
      body,
      timing: fc.record({ firstByteMs: fc.nat(), ms: fc.nat(), arrivals: fc.base64String() }),
    }),
  });

  test('give back what was written', () => {
    const property = fc.property(fc.array(exchange, { minLength: 1, maxLength: 3 }), (all) => {
      const read = readExchangeLines(all.map((each) => `${exchangeLine(each)}\n`).join(''));
      expect(read.leftOut).toEqual([]);
      expect(read.exchanges.map((each) => each.exchange)).toEqual(all);
    });
    fc.assert(property, { numRuns: 100 });
  });

  test('give back a header of whatever name', () => {
    const [one] = fc.sample(exchange, 1) as [RecordedExchange];
    const headers = Object.fromEntries(['__proto__', 'constructor', 'x-a'].map((name) => [name, 'a']));
    const asked = { ...one, request: { ...one.request, headers } };
    const [read] = readExchangeLines(exchangeLine(asked)).exchanges;
    expect(Object.entries(read?.exchange.request.headers ?? {})).toEqual(Object.entries(headers));
  });

  test('leave out what is no exchange', () => {
    const [line] = fc.sample(exchange, 1).map(exchangeLine);
    const { exchanges, leftOut } = readExchangeLines(`${line}\n\n{"a":1}\nno JSON\n`);
    expect([exchanges.length, leftOut.map(({ place }) => place)]).toEqual([1, ['line 3', 'line 4']]);
    expect(() => readExchangeLines('{}')).toThrow('no line in it is an exchange');
  });
});

test.each([
  ['{"interactions":[],"version":1}', 'vcr'],
  ['version: 1\ninteractions: []\n', 'vcr'],
  ['{"log":{}}', 'har'],
  ['{"fixtures":[]}', 'aimock'],
  ['{"request":{},"answer":{}}\n{}', 'jsonl'],
  ['SQLite format 3\0…', 'sqlite'],
])('%s is known for its format', (text, format) => {
  expect(formatOf(Buffer.from(text))).toBe(format);
});

test.each(['', 'text', '[]', '{"a":1}', '---\nformat: refrain-cassette\n'])(
  '%j is of no format that is known',
  (text) => {
    expect(() => formatOf(Buffer.from(text))).toThrow('it is no cassette of vcrpy');
  },
);

test('parts that are none of HTTP are left out, and the others read', () => {
  const entryOf = (url: string, content: object) => ({
    request: { method: 'GET', url },
    response: { status: 200, content },
  });
  const entries = [
    entryOf('/v1/models', { text: 'a' }),
    entryOf('data:text/plain,a', { text: 'a' }),
    entryOf('https://api.openai.com/v1/models', { text: '[not JSON', encoding: 'base64' }),
    entryOf('https://api.openai.com/v1/models', { text: 'b' }),
  ];
  const { exchanges, leftOut } = readHar({ log: { entries } });
  expect(exchanges.map(({ place }) => place)).toEqual(['entry 4']);
  expect(leftOut.map(({ why }) => why)).toEqual([
    'its URL is none of HTTP',
    'its URL is none of HTTP',
    'its body is no base64',
  ]);
});
