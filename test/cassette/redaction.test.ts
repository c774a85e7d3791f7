import { gunzipSync, gzipSync } from 'node:zlib';
import { EventReader } from '../../src/response/sse.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RedactionRule } from '../../src/cassette/cassette-header.ts';
import { createRedaction } from '../../src/cassette/redaction.ts';
import { chatStream, exchangeOf } from './exchanges.ts';

const SECRET = 'tok_7Hq2Zx9Lm4';
const BY_PATTERN: readonly RedactionRule[] = [{ pattern: 'tok_[A-Za-z0-9]+' }];
const type = 'text/event-stream';

async function redactAsked(asked: unknown, ...rules: RedactionRule[]): Promise<string | undefined> {
  return (await createRedaction(rules)).request(exchangeOf({ asked }).request)?.body.toString();
}

async function redactAnswer(parts: Parameters<typeof exchangeOf>[0], ...rules: RedactionRule[]) {
  return (await createRedaction(rules)).answer(exchangeOf(parts).answer);
}

describe('by a pointer', () => {
  test.each([
    ['/a', '{"a":"x","b":"x"}', '{"a":"REDACTED","b":"x"}'],
    ['/a', '{ "a" : 1.50 , "b" : 1.50 }', '{ "a" : "REDACTED" , "b" : 1.50 }'],
    ['/a', '{"a":{"b":["\\u0041"]},"c":"\\u0041"}', '{"a":"REDACTED","c":"\\u0041"}'],
    ['/messages/*/content', '{"messages":[{"content":"x"},{"content":["y"]}]}', null],
    ['/a~1b/c~0d', '{"a/b":{"c~d":"x"}}', '{"a/b":{"c~d":"REDACTED"}}'],
    ['/a', '{"a":"x","a":"y"}', '{"a":"REDACTED","a":"REDACTED"}'],
    ['/a', '{"b":12345678901234567890,"c":1e400}', '{"b":12345678901234567890,"c":1e400}'],
    ['/a', 'no JSON', 'no JSON'],
  ])('%s of %s', async (pointer, asked, redacted) => {
    const expected = redacted ?? '{"messages":[{"content":"REDACTED"},{"content":"REDACTED"}]}';
    expect(await redactAsked(asked, { pointer })).toBe(expected);
  });

  test('a header, by its name', async () => {
    const { request } = exchangeOf({ headers: { 'x-tenant': 'acme' } });
    const redaction = await createRedaction([{ pointer: 'header:X-Tenant' }]);
    expect(redaction.request(request)?.headers).toMatchObject({ 'x-tenant': 'REDACTED' });
  });

  test('in each event of a stream', async () => {
    const answered = chatStream([
      [0, 'one'],
      [0, 'two'],
    ]);
    const redacted = await redactAnswer({ answered, type }, { pointer: '/choices/*/delta/content' });
    expect(redacted?.body.toString()).toBe(answered.replaceAll(/"(one|two)"/g, '"REDACTED"'));
  });
});

describe('by a pattern', () => {
  test.each([
    [`{"a":"my ${SECRET}!"}`, '{"a":"my REDACTED!"}'],
    [`{"a":"\\u0074ok_7Hq2 \\n\\"${SECRET}\\""}`, '{"a":"REDACTED \\n\\"REDACTED\\""}'],
    [
      `{"a":${JSON.stringify(JSON.stringify({ b: `"${SECRET}" 😀`, c: 1 }))}}`,
      '{"a":"{\\"b\\":\\"\\\\\\"REDACTED\\\\\\" 😀\\",\\"c\\":1}"}',
    ],
    [`plain ${SECRET}, ${SECRET}.`, 'plain REDACTED, REDACTED.'],
    [`{"a":"x"}\n{"a":"${SECRET}"}\n`, '{"a":"x"}\n{"a":"REDACTED"}\n'],
  ])('in %s', async (asked, redacted) => {
    expect(await redactAsked(asked, ...BY_PATTERN)).toBe(redacted);
  });

  test('a number with a match is replaced by a string', async () => {
    expect(await redactAsked('{"card":4111111111111111,"n":1}', { pattern: '\\d{16}' })).toBe(
      '{"card":"REDACTED","n":1}',
    );
  });

  test('requests with different secrets become equal, and a second time changes nothing', async () => {
    const [one, two] = await Promise.all(
      ['tok_aaa', 'tok_bbbbbb'].map((secret) => redactAsked({ messages: [{ content: secret }] }, ...BY_PATTERN)),
    );
    expect(one).toBe(two);
    expect(await redactAsked(one, ...BY_PATTERN, { pattern: '[A-Z]{3,}' })).toBe(one);
  });

  test('in path, query and headers, escaped ones too', async () => {
    const { request } = exchangeOf({
      path: `/files/${SECRET}`,
      query: `a=%61&b=x%74ok_9&c`,
      headers: { 'x-note': `see ${SECRET}` },
    });
    const redacted = (await createRedaction(BY_PATTERN)).request(request);
    expect(redacted).toMatchObject({ path: '/files/REDACTED', query: 'a=%61&b=xREDACTED&c' });
    expect(redacted?.headers['x-note']).toBe('see REDACTED');
  });

  test('in bytes that are no text, of which all others stay', async () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0x00, 0x80]), Buffer.from(SECRET), Buffer.from([0xfe, 0x0d])]);
    const { request } = exchangeOf({ asked: bytes, headers: { 'content-type': 'multipart/form-data; boundary=x' } });
    const redacted = (await createRedaction(BY_PATTERN)).request(request)?.body;
    const expected = [Buffer.from([0xff, 0x00, 0x80]), Buffer.from('REDACTED'), Buffer.from([0xfe, 0x0d])];
    expect(redacted).toEqual(Buffer.concat(expected));
  });

  test('in an answer with a content coding, which it loses; its length is told anew', async () => {
    const answered = gzipSync(`{"a":"${SECRET}"}`);
    const answerHeaders = ['Content-Encoding', 'gzip', 'Content-Length', String(answered.length)];
    const redacted = await redactAnswer({ answered, answerHeaders }, ...BY_PATTERN);
    expect(redacted?.body.toString()).toBe('{"a":"REDACTED"}');
    expect(redacted?.head.headers).toEqual(['content-type', 'application/json', 'Content-Length', '16']);
    const untouched = await redactAnswer({ answered: gzipSync('{}'), answerHeaders }, ...BY_PATTERN);
    expect(gunzipSync(untouched?.body ?? '').toString()).toBe('{}');
    expect(await redactAnswer({ answered: 'no gzip', answerHeaders }, ...BY_PATTERN)).toBeNull();
  });

  test('a body without a match is the very same', async () => {
    const { request, answer } = exchangeOf({ asked: '{"a": "\\u0041"}', answered: chatStream([[0, 'x']]), type });
    const redaction = await createRedaction(BY_PATTERN);
    expect(redaction.request(request)?.body).toBe(request.body);
    expect(redaction.answer(answer)?.body).toBe(answer.body);
  });

  test.each([
    [
      'probabilities of its tokens',
      chatStream([[0, '']]).replace('"delta"', `"logprobs":{"content":[{"token":"tok_"},{"token":"7Hq2Zx"}]},"delta"`),
      BY_PATTERN,
    ],
    ['names of members', `data: {"tok_1234567890":1}\n\n`, BY_PATTERN],
    ['more than one value', `data: {"a":1,"b":2}\n\n`, [{ pattern: '"a":1,"b"' }]],
  ])('a match in %s is refused', async (_, answered, rules) => {
    expect(await redactAnswer({ answered, type }, ...rules)).toBeNull();
  });

  test.each(['(', '(a)\\1', '(?<=a)b'])('%s is no pattern', async (pattern) => {
    await expect(createRedaction([{ pattern }])).rejects.toThrow(/^'.*' is no regular expression/);
  });

  test('an expression that would hold up others takes linear time', async () => {
    const start = performance.now();
    await redactAsked({ content: 'a'.repeat(100_000) }, { pattern: '(a+)+$x' });
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('in a stream', () => {
  test('a match is replaced over the events that it spans, wherever it is split; events stay events', async () => {
    const redaction = await createRedaction(BY_PATTERN);
    const text = `Say "${SECRET}" and\n${SECRET}.`;
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 8 });
    const property = fc.property(cuts, (at) => {
      const places = [0, ...at.toSorted((a, b) => a - b), text.length];
      const pieces = places.slice(1).flatMap((end, from): [number, string][] => [
        [1, text.slice(places[from], end)],
        [0, 'tok'],
      ]);
      const { answer } = exchangeOf({ answered: chatStream(pieces), type });
      const before = eventsOf(answer.body);
      const after = eventsOf(redaction.answer(answer)?.body ?? Buffer.alloc(0));
      expect(after).toHaveLength(before.length);
      expect(after.map((each) => textOf(each, 1)).join('')).toBe('Say "REDACTED" and\nREDACTED.');
      expect(after.map((each) => textOf(each, 0)).join('')).toBe(before.map((each) => textOf(each, 0)).join(''));
    });
    fc.assert(property, { numRuns: 200 });
  });

  test('in the arguments of a tool, which stay JSON', async () => {
    const args = JSON.stringify({ key: `"${SECRET}"`, n: [1] });
    const answered = [...args]
      .map((piece) => ({ choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }] }))
      .map((event) => `data: ${JSON.stringify(event)}\n\n`)
      .join('');
    const redacted = await redactAnswer({ answered, type }, ...BY_PATTERN);
    const said = eventsOf(redacted?.body ?? Buffer.alloc(0))
      .map((data) => JSON.parse(data).choices[0].delta.tool_calls[0].function.arguments)
      .join('');
    expect(JSON.parse(said)).toEqual({ key: '"REDACTED"', n: [1] });
  });
});

function eventsOf(body: Buffer): string[] {
  return [...new EventReader().read(body)].map(({ data }) => data);
}

function textOf(data: string, choice: number): string {
  if (data === '[DONE]') return '';
  const { index, delta } = JSON.parse(data).choices[0];
  return index === choice ? delta.content : '';
}

test('what is found in bytes that are no text, as UTF-8 alone, is not recorded', async () => {
  const { request } = exchangeOf({});
  const body = Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('by J\u00f6rg M\u00fcller')]);
  const redaction = await createRedaction([{ pattern: 'M\u00fcller' }]);
  expect(redaction.request({ ...request, body })).toBeNull();
  const other = Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('by J\u00f6rg')]);
  expect(redaction.request({ ...request, body: other })?.body).toEqual(other);
});
