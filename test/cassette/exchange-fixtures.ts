/**
 * Recorded exchanges to be written and read again: plain ones, real ones, and any at all.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { RecordedAnswer, RecordedExchange, RecordedRequest } from '../../src/cassette/recorded-exchange.ts';
import { DIALECTS } from '../../src/dialect.ts';

export function requestOf(more: Partial<RecordedRequest> & { readonly text?: string } = {}): RecordedRequest {
  const { text = 'hello', ...others } = more;
  return {
    upstream: null,
    dialect: 'openai',
    method: 'POST',
    path: '/chat/completions',
    query: '',
    headers: {},
    body: Buffer.from(JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: text }] })),
    ...others,
  };
}

export function answerOf(text: string, more: Partial<RecordedAnswer> = {}): RecordedAnswer {
  const head = { status: 200, statusText: 'OK', headers: ['Content-Type', 'application/json'] };
  return { head, body: Buffer.from(text), timing: { firstByteMs: 12, ms: 34 }, ...more };
}

export function exchangeOf(text: string, more: Partial<RecordedExchange> = {}): RecordedExchange {
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
  const body = { id: 'chatcmpl-1', object: 'chat.completion', choices: [{ message: { content: text } }], usage };
  return { request: requestOf({ text }), answer: answerOf(JSON.stringify(body)), sample: 1, ...more };
}

const FIXTURES = new URL('../fixtures/', import.meta.url).pathname;

/** Every answer that was recorded from a real upstream. */
export function realExchanges(): readonly RecordedExchange[] {
  const files = ['answers', 'messages', 'streams'].flatMap((folder) =>
    readdirSync(join(FIXTURES, folder)).map((name) => join(FIXTURES, folder, name)),
  );
  return files.map((file, index) =>
    exchangeOf(`question ${index}`, { answer: answerOf('', { body: readFileSync(file) }) }),
  );
}

const ODD_PIECES = [
  '\n',
  '\r\n',
  '\r',
  ' ',
  '\t',
  '---',
  '...',
  '- ',
  ': ',
  '#',
  '"',
  "'",
  '\\',
  '\\n',
  '|',
  '>',
  '&a',
  '*a',
  '!!binary',
  '%',
  '@',
  '`',
  '{',
  '}',
  '[',
  ']',
  ',',
  '\u0000',
  '\u0007',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\ufffd',
  '\ufffe',
  '\uffff',
  '\u{10ffff}',
  'é',
  'e\u0301',
  '海',
  '🌊',
  'data: {"x":1}\n\n',
  'null',
  'true',
  '1.0',
  '~',
];

/** Any text that UTF-8 can hold, most of it hard for YAML. */
export const oddText = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...ODD_PIECES), fc.string({ maxLength: 5 })), { maxLength: 12 })
    .map((some) => some.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.json().map((text) => JSON.stringify(JSON.parse(text), null, 2)),
);

const bodyBytes = fc.oneof(
  { arbitrary: oddText.map((text) => Buffer.from(text)), weight: 4 },
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

/** As Node reads it from the wire: Latin-1 without controls, and no blank around it. */
const headerValue = fc
  .string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((unit) => String.fromCharCode(unit)), maxLength: 20 })
  .map((text) => text.replaceAll('\u007f', '').trim());
const headerName = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);

export const anyRequest: fc.Arbitrary<RecordedRequest> = fc.record({
  upstream: fc.option(fc.stringMatching(/^[a-z0-9_-]{1,8}$/)),
  dialect: fc.constantFrom(...DIALECTS),
  method: fc.constantFrom('GET', 'POST', 'DELETE', 'PROPFIND'),
  path: fc.oneof(fc.constantFrom('/chat/completions', '/models', '/files/file-1/content', '/a b/%20:é#'), oddText),
  query: fc.oneof(fc.constantFrom('', 'limit=2&after=x', 'a=%20+b&c=:#'), oddText),
  headers: fc.dictionary(
    headerName.map((name) => name.toLowerCase()),
    fc.array(headerValue, { minLength: 1, maxLength: 3 }).map((values) => values.join('\n')),
    { maxKeys: 4 },
  ),
  body: bodyBytes,
});

const anyAnswer: fc.Arbitrary<RecordedAnswer> = fc
  .record({
    head: fc.record({
      status: fc.integer({ min: 200, max: 999 }),
      statusText: headerValue,
      headers: fc.array(fc.tuple(headerName, headerValue), { maxLength: 6 }).map((pairs) => pairs.flat()),
    }),
    body: bodyBytes,
    timing: fc.option(
      fc
        .record({
          firstByteMs: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e7, noNaN: true })),
          ms: fc.nat(),
          arrivals: fc.option(fc.base64String()),
        })
        .map(({ arrivals, ...times }) => ({ ...times, ...(arrivals !== null && { arrivals }) })),
    ),
  })
  .map(({ timing, ...answer }) => ({ ...answer, ...(timing && { timing }) }));

export const anyExchange: fc.Arbitrary<RecordedExchange> = fc.record({
  request: anyRequest,
  answer: anyAnswer,
  sample: fc.integer({ min: 1, max: 12 }),
});

/** One of many, long enough to be half-written. */
export function numbered(name: string, number: number): RecordedExchange {
  return exchangeOf(`${name} ${String(number).padStart(5, '0')} ${'. '.repeat(2_000)}`);
}
