import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/endpoint.ts';
import { keyFor as keyForRequest, rulesWith } from '../harness/naming.ts';

const PATHS: Record<Endpoint, string> = {
  chat: '/v1/chat/completions', completions: '/v1/completions', embeddings: '/v1/embeddings', moderations: '/v1/moderations', responses: '/v1/responses',
};
const STANDARD = ['default'];

/** The key of a body, or why it has none. */
function keyFor(body: string | Buffer, { endpoint = 'chat', ignore = STANDARD }: { endpoint?: Endpoint; ignore?: readonly string[] } = {}): string {
  return keyForRequest({ path: PATHS[endpoint], body }, rulesWith(ignore));
}

const bodyWith = (content: string) => `{"model":"m","messages":[{"role":"user","content":${content}}]}`;

describe('one key for all spellings of an envelope', () => {
  const SAME: readonly (readonly [string, string])[] = [
    ['{"a":1,"b":[1,2]}', ' {\n"b" : [ 1 ,2 ],\t"a":1}\r\n'],
    [bodyWith('"é/A"'), bodyWith('"\\u00e9\\/\\u0041"')],
    ['{"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}', '{"messages":[{"content":[{"text":"x","type":"text"}],"role":"user"}]}'],
    ['{"model":"m"}', '{"model":"m","stream":false}'],
    ['{"model":"m"}', '{"model":"m","stream":null,"user":"u","safety_identifier":"s","prompt_cache_key":"k","metadata":{"a":"b"}}'],
    ['{"\\u0061":1}', '{"a":1}'],
  ];
  for (const [one, other] of SAME) test(other, () => expect(keyFor(other)).toBe(keyFor(one)));
});

describe('different keys for what a model may see differently', () => {
  const DIFFERENT: readonly (readonly [string, string])[] = [
    ['{"tools":[{"type":"function","function":{"a":1,"b":2}}]}', '{"tools":[{"type":"function","function":{"b":2,"a":1}}]}'],
    ['{"response_format":{"json_schema":{"a":1,"b":2}}}', '{"response_format":{"json_schema":{"b":2,"a":1}}}'],
    ['{"unheard_of":{"a":1,"b":2}}', '{"unheard_of":{"b":2,"a":1}}'],
    ['{"stop":["a","b"]}', '{"stop":["b","a"]}'],
    ['{"seed":9007199254740992}', '{"seed":9007199254740993}'],
    ['{"temperature":1}', '{"temperature":1.0}'],
    ['{"temperature":0}', '{"temperature":-0}'],
    ['{"temperature":0.1}', '{"temperature":0.1000000000000000055}'],
    ['{"x":1e400}', '{"x":1e401}'],
    ['{"x":null}', '{}'],
    ['{"x":"1"}', '{"x":1}'],
    ['{"__proto__":1}', '{}'],
    ['{"__proto__":1}', '{"constructor":1}'],
    [bodyWith('"\u00e9"'), bodyWith('"e\u0301"')],
    [bodyWith('"a b"'), bodyWith('"a  b"')],
    [bodyWith('"\\ud800"'), bodyWith('"\\ud801"')],
    [bodyWith('"\\ud800"'), bodyWith('"\\ufffd"')],
    [bodyWith('"[CIRCULAR:1]"'), bodyWith('[{"x":1}]')],
    ['{"x":{"a":1,"a":2}}', '{"x":{"a":2,"a":1}}'],
    ['{"x":{"a":1,"a":2}}', '{"x":{"a":2}}'],
    ['{"stream":"yes"}', '{}'],
    ['{"stream":true,"stream_options":{"new_option":1}}', '{"stream":true,"stream_options":{"new_option":2}}'],
    ['{"stream_options":{"include_usage":true}}', '{}'],
    ['{"top_p":0,"Top_P":1}', '{"Top_P":1,"top_p":0}'],
    ['{"messages":[{"content":"a","Content":"b"}]}', '{"messages":[{"Content":"b","content":"a"}]}'],
    ['{"service_tier":"flex"}', '{"service_tier":"auto"}'],
  ];
  for (const [one, other] of DIFFERENT) test(`${one} and ${other}`, () => expect(keyFor(other)).not.toBe(keyFor(one)));

  test('bytes that are not UTF-8', () => {
    const bodies = [[0xff], [0xfe], [0xf0, 0x9f, 0x98], [0xef, 0xbf, 0xbd]].map((bytes) =>
      Buffer.concat([Buffer.from('{"x":"'), Buffer.from(bytes), Buffer.from('"}')]),
    );
    const keys = bodies.map((body) => keyFor(body));
    expect(new Set(keys).size).toBe(bodies.length);
    expect(bodies.map((body) => keyFor(body))).toEqual(keys);
  });

  test('any one leaf that differs', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(json, json, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(keyFor(`{"x":${JSON.stringify(one)}}`)).not.toBe(keyFor(`{"x":${JSON.stringify(other)}}`));
      }),
      { numRuns: 2_000 },
    );
  });

  test('white space anywhere between tokens changes nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(1, 2, '\t', ' \n'), (value, space) => {
        expect(keyFor(JSON.stringify({ x: value }, null, space))).toBe(keyFor(JSON.stringify({ x: value })));
      }),
      { numRuns: 1_000 },
    );
  });

  test('streaming fields of an endpoint that does not stream', () => {
    expect(keyFor('{"stream":true}', { endpoint: 'embeddings' })).not.toBe(keyFor('{}', { endpoint: 'embeddings' }));
  });
});

describe('a body that two readers may understand differently', () => {
  const deep = (depth: number) => `{"messages":${'['.repeat(depth)}${']'.repeat(depth)}}`;

  test('is named by its raw bytes: equal bytes have one key, and nothing else has it', () => {
    for (const body of ['{"x":{"a":1,"a":2}}', bodyWith('"\\udc00"'), deep(200)]) {
      expect(keyFor(body)).toMatch(/^[0-9a-f]{64}\.json$/);
      expect(keyFor(body)).toBe(keyFor(body));
      expect(keyFor(`${body} `)).not.toBe(keyFor(body));
    }
  });

  test('has no key where the doubt is about a name that decides', () => {
    expect(keyFor('{"stream":true,"stream":false}')).toBe('ambiguous');
    expect(keyFor('{"model":"a","Model":"b"}')).toBe('ambiguous');
    expect(keyFor('{"\u017ftore":true}')).toBe('ambiguous');
    expect(keyFor(`{"tools":${'['.repeat(200)}${']'.repeat(200)}}`)).toBe('ambiguous');
  });

  test('is nested without end: refused without recursion', () => {
    expect(keyFor('['.repeat(1_000_000))).toBe('not-object');
    expect(keyFor(`{"x":${'['.repeat(1_000_000)}`)).toBe('not-json');
    expect(keyFor(deep(1_000_000))).toMatch(/^[0-9a-f]{64}\.json$/);
  });
});

test('what is not JSON has no key, and is never taken for JSON without its white space', () => {
  for (const body of ['', '{', '{"a":1 2}', '{"a" 1}', '{"a":1,}', '{,}', '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":1.}', '{"a":tru e}', '{"a":"\t"}', '{"a":"\\x"}', '{"a":1}{}', "{'a':1}", '\ufeff{}', '{"a":NaN}', '{"a":"\\u12g4"}', '{"a":-}']) {
    expect(keyFor(body), body).toMatch(/^not-(json|object)$/);
  }
});

test('the ignored fields may be extended and emptied', () => {
  const body = (user: string, trace: number) => `{"user":"${user}","metadata":{"trace":${trace},"b/c":1},"messages":[{"name":"n${trace}","content":"x"}]}`;
  expect(keyFor(body('a', 1), { ignore: [] })).not.toBe(keyFor(body('b', 1), { ignore: [] }));
  const ignore = ['/metadata/trace', '/messages/0/name'];
  expect(keyFor(body('a', 1), { ignore })).toBe(keyFor(body('a', 2), { ignore }));
  expect(keyFor(body('a', 1), { ignore })).not.toBe(keyFor(body('b', 1), { ignore }));
  expect(keyFor('{"a/b":1}', { ignore: ['/a~1b'] })).toBe(keyFor('{"a/b":2}', { ignore: ['/a~1b'] }));
});
