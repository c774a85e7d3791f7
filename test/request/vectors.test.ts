/**
 * Bodies that other caches took for one another, or told apart for nothing.
 * Each group is told by what it shows.
 */
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/endpoint.ts';
import { keyFor, rulesWith } from '../harness/keys.ts';
import { PATHS } from './bodies.ts';

type Body = string | Buffer;
type Group = readonly [why: string, ...bodies: Body[]];

const keyOf = (body: Body, endpoint: Endpoint = 'chat') => keyFor({ path: PATHS[endpoint], body });
const isKey = (key: string) => /^[0-9a-f]{64}\.[a-z+]+$/.test(key);
const says = (content: string) => `{"model":"m","messages":[{"role":"user","content":${content}}]}`;
const bytes = (...inside: number[]) => Buffer.concat([Buffer.from('{"x":"'), Buffer.from(inside), Buffer.from('"}')]);
/** `{"x":[[…]]}`, so many levels deep in all. */
const deep = (levels: number, space = '') => `{"x":${space}${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

const ONE_KEY: readonly Group[] = [
  ['white space between tokens', '{"a":1,"b":[1,2]}', ' {\n"b" : [ 1 ,2 ],\t"a":1}\r\n'],
  [
    'escapes of the same code units',
    says('"\u00e9/A\u2028"'),
    says('"\\u00e9\\/\\u0041\\u2028"'),
    says('"\\u00E9/A\u2028"'),
  ],
  ['short and long escapes', says('"\\n\\"\\b"'), says('"\\u000a\\u0022\\u0008"'), says('"\\u000A\\u0022\\b"')],
  [
    'a pair of surrogates, written or escaped',
    says('"\ud83d\ude00"'),
    says('"\\ud83d\\ude00"'),
    says('"\\uD83D\\uDE00"'),
  ],
  ['an escaped name', '{"\\u0061":1}', '{"a":1}'],
  ['members of the body', '{"model":"m","temperature":1}', '{"temperature":1,"model":"m"}'],
  ['members of the body, by names and not by their spelling', '{"a\\"":1,"aA":2}', '{"aA":2,"a\\u0022":1}'],
  [
    'members of a message',
    '{"messages":[{"role":"user","content":"x"}]}',
    '{"messages":[{"content":"x","role":"user"}]}',
  ],
  ['members of a content part', says('[{"type":"text","text":"x"}]'), says('[{"text":"x","type":"text"}]')],
  ['members of the body, many of them', `{${letters('a', 'z')}}`, `{${letters('z', 'a')}}`],
  [
    'no stream, in each of its spellings',
    '{"model":"m"}',
    '{"model":"m","stream":false}',
    '{"model":"m","stream":null}',
    '{"stream":false,"stream_options":null,"model":"m"}',
  ],
  [
    'a stream with what it has anyway',
    '{"stream":true}',
    '{"stream":true,"stream_options":{}}',
    '{"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":true}}',
  ],
  [
    'labels',
    '{"model":"m"}',
    '{"model":"m","user":"u","safety_identifier":"s"}',
    '{"model":"m","prompt_cache_key":"k","metadata":{"a":[{}]},"client_metadata":1}',
  ],
];

const OWN_KEYS: readonly Group[] = [
  [
    'order in tools',
    '{"tools":[{"type":"function","function":{"a":1,"b":2}}]}',
    '{"tools":[{"type":"function","function":{"b":2,"a":1}}]}',
  ],
  [
    'order in a schema',
    '{"response_format":{"json_schema":{"a":1,"b":2}}}',
    '{"response_format":{"json_schema":{"b":2,"a":1}}}',
  ],
  ['order in what nobody knows', '{"unheard_of":{"a":1,"b":2}}', '{"unheard_of":{"b":2,"a":1}}'],
  [
    'order in what only looks like messages',
    '{"x":[{"role":"a","content":"b"}]}',
    '{"x":[{"content":"b","role":"a"}]}',
  ],
  [
    'order below a content part',
    says('[{"image_url":{"url":"u","detail":"low"}}]'),
    says('[{"image_url":{"detail":"low","url":"u"}}]'),
  ],
  ['order in messages that are no list', '{"messages":{"a":1,"b":2}}', '{"messages":{"b":2,"a":1}}'],
  ['order of items', '{"stop":["a","b"]}', '{"stop":["b","a"]}'],
  ['numbers beyond 2^53', '{"seed":9007199254740992}', '{"seed":9007199254740993}', '{"seed":9007199254740992.0}'],
  ['numbers beyond a double', '{"x":1e400}', '{"x":1e401}', '{"x":-1e400}', '{"x":null}'],
  [
    'spellings of a number, which a server may tell apart',
    '{"x":1}',
    '{"x":1.0}',
    '{"x":1e0}',
    '{"x":1E0}',
    '{"x":10e-1}',
    '{"x":"1"}',
    '{"x":[1]}',
    '{"x":true}',
  ],
  ['zero and its negative', '{"x":0}', '{"x":-0}', '{"x":0.0}', '{"x":-0.0}'],
  ['decimals of one double', '{"x":0.1}', '{"x":0.10}', '{"x":0.1000000000000000055}'],
  [
    'nothing in its kinds',
    '{}',
    '{"x":null}',
    '{"x":{}}',
    '{"x":[]}',
    '{"x":""}',
    '{"x":false}',
    '{"x":0}',
    '{"":{}}',
    '{"":null}',
  ],
  [
    'names that objects have of their own',
    '{}',
    '{"__proto__":1}',
    '{"constructor":1}',
    '{"prototype":1}',
    '{"toString":1}',
    '{"hasOwnProperty":1}',
  ],
  [
    'what a prototype would hide',
    '{"x":{"__proto__":{"a":1}}}',
    '{"x":{"__proto__":{"a":2}}}',
    '{"x":{"a":1}}',
    '{"x":{}}',
  ],
  [
    'names like indices keep their order',
    '{"x":{"2":0,"1":0}}',
    '{"x":{"1":0,"2":0}}',
    '{"x":{"01":0,"2":0}}',
    '{"x":[0,0]}',
  ],
  ['composed and decomposed letters', says('"\u00e9"'), says('"e\u0301"'), says('"e"')],
  ['composed and decomposed names', '{"\u00e9":1}', '{"e\u0301":1}'],
  ['white space and case of a text', says('"a b"'), says('"a  b"'), says('"a b "'), says('"A b"'), says('"a\u00a0b"')],
  ['case of a name', '{"top_k":1}', '{"Top_K":1}', '{"TOP_K":1}'],
  [
    'halves of a pair of surrogates, and what a decoder makes of them',
    says('"\\ud800"'),
    says('"\\ud801"'),
    says('"\\udc00"'),
    says('"\\udc00\\ud800"'),
    says('"\\ufffd"'),
    says('"?"'),
  ],
  ['the same in a name', '{"\\ud800":1}', '{"\\ud801":1}', '{"\\ufffd":1}'],
  [
    'bytes that are not UTF-8, and decode alike',
    bytes(0xff),
    bytes(0xfe),
    bytes(0xc0, 0x80),
    bytes(0xed, 0xa0, 0x80),
    bytes(0xf0, 0x9f, 0x98),
    bytes(0xef, 0xbf, 0xbd),
    bytes(0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xbd),
  ],
  ['a byte that is not UTF-8, and the letter that it is in Latin-1', bytes(0xff), '{"x":"\u00ff"}'],
  [
    'what object-hash writes for a circle',
    says('"[CIRCULAR:1]"'),
    says('[{"x":1}]'),
    says('"[CIRCULAR:0]"'),
    says('["[CIRCULAR:1]"]'),
  ],
  [
    'text that looks like the next member',
    '{"a":"1\\",\\"b\\":\\"2"}',
    '{"a":"1","b":"2"}',
    '{"a\\":\\"1\\",\\"b":"2"}',
  ],
  [
    'text that looks like another message',
    says('"x\\"},{\\"role\\":\\"user\\",\\"content\\":\\"y"'),
    '{"model":"m","messages":[{"role":"user","content":"x"},{"role":"user","content":"y"}]}',
  ],
  [
    'an unheard-of stream, and text that looks like one',
    '{"stream":"yes"}',
    '{"stream":1}',
    '{"stream":"yes","stream_options":1}',
    '{"stream":"yes stream_options=1"}',
    '{"x":"} stream=\\"yes\\" stream_options="}',
    '{"x":"}"}',
  ],
  [
    'options of a stream that nobody knows',
    '{"stream":true}',
    '{"stream":true,"stream_options":{"new":1}}',
    '{"stream":true,"stream_options":{"new":2}}',
    '{"stream":true,"stream_options":{"include_usage":1}}',
  ],
  ['options without a stream', '{}', '{"stream_options":{}}', '{"stream_options":{"include_usage":true}}'],
  [
    'each form of an answer',
    '{}',
    '{"stream":true}',
    '{"stream":true,"stream_options":{"include_usage":true}}',
    '{"stream":true,"stream_options":{"include_obfuscation":false}}',
  ],
  ['terms of service', '{"service_tier":"flex"}', '{"service_tier":"auto"}', '{}'],
  [
    'a name twice: the bytes are the key',
    '{"x":{"a":1,"a":2}}',
    '{"x":{"a":2,"a":1}}',
    '{"x":{"a":2}}',
    '{"x":{"a":1}}',
    '{"x":{"a":1,"a":2} }',
    '{"x":{"a":1,"\\u0061":2}}',
  ],
  [
    'a name in two cases, of which some servers take the last',
    '{"top_p":0,"Top_P":1}',
    '{"Top_P":1,"top_p":0}',
    '{"top_p":0}',
    '{"Top_P":1}',
  ],
  [
    'the same in a message',
    '{"messages":[{"content":"a","Content":"b"}]}',
    '{"messages":[{"Content":"b","content":"a"}]}',
  ],
  ['a name twice, in two spellings', '{"\\n":1,"\\u000a":2}', '{"\\u000a":2,"\\n":1}', '{"\\n":2}'],
  [
    'a label twice is in the key, since all bytes are',
    '{"user":"a","user":"b"}',
    '{"user":"b","user":"a"}',
    '{"user":"b"}',
  ],
  ['nesting, to the bound and beyond', ...[2, 3, 127, 128, 129, 130, 10_000, 10_001].map((levels) => deep(levels))],
  [
    'bytes that look like the text of a doubtful body',
    '{"x":"raw:"}',
    '{"x":{"a":1,"a":2}}',
    '{"x":"raw:{\\"x\\":{\\"a\\":1,\\"a\\":2}}"}',
  ],
];

describe('one key', () => {
  for (const [why, ...bodies] of ONE_KEY) {
    test(why, () => {
      const keys = bodies.map((body) => keyOf(body));
      expect(keys.filter((key) => !isKey(key))).toEqual([]);
      expect(new Set(keys).size).toBe(1);
    });
  }

  test('an answer of the responses API is stored where the request does not say', () => {
    expect(keyOf('{"model":"m"}', 'responses')).toBe(keyOf('{"model":"m","store":true}', 'responses'));
    expect(keyOf('{"model":"m"}', 'responses')).not.toBe(keyOf('{"model":"m","store":false}', 'responses'));
    expect(keyOf('{}', 'responses')).toBe(keyOf('{"store":true}', 'responses'));
    expect(keyOf('{"z":1,"a":1}', 'responses')).toBe(keyOf('{"a":1,"store":true,"z":1}', 'responses'));
  });
});

describe('a key of its own', () => {
  for (const [why, ...bodies] of OWN_KEYS) {
    test(why, () => {
      const keys = bodies.map((body) => keyOf(body));
      expect(keys.filter((key) => !isKey(key))).toEqual([]);
      expect(new Set(keys).size).toBe(bodies.length);
      expect(bodies.map((body) => keyOf(body))).toEqual(keys);
    });
  }

  test('an endpoint that does not stream has all that is said about streams in its key', () => {
    for (const endpoint of ['embeddings', 'moderations'] as const) {
      const keys = ['{}', '{"stream":false}', '{"stream":true}', '{"stream":true,"stream_options":{}}'].map((body) =>
        keyOf(body, endpoint),
      );
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});

test('where two readers may understand a body differently, equal bytes share its key, and nothing else', () => {
  const doubtful: Body[] = [
    '{"x":{"a":1,"a":2}}',
    '{"x":1,"x":1}',
    '{"x":1,"X":1}',
    '{"messages":[{"name":1,"Name":2}]}',
    '{"user":{"a":1,"a":2}}',
    says('"\\udc00"'),
    '{"\\ud800":1}',
    bytes(0xff),
    deep(129),
    `{"x":{${letters('a', 'p')},"b":2}}`,
    `{${letters('a', 'p')},"a":2}`,
  ];
  for (const body of doubtful) {
    expect(isKey(keyOf(body)), String(body)).toBe(true);
    expect(keyOf(Buffer.from(body)), String(body)).toBe(keyOf(body));
    expect(keyOf(Buffer.concat([Buffer.from(body), Buffer.from(' ')])), String(body)).not.toBe(keyOf(body));
  }
});

test('nesting to the bound is read, and beyond it the bytes are the key', () => {
  for (const levels of [127, 128]) expect(keyOf(deep(levels, ' ')), String(levels)).toBe(keyOf(deep(levels)));
  for (const levels of [129, 10_000]) expect(keyOf(deep(levels, ' ')), String(levels)).not.toBe(keyOf(deep(levels)));
  expect(isKey(keyOf(deep(1_000_000)))).toBe(true);
});

test('there is no key where a doubt is about a name that decides', () => {
  const nested = '['.repeat(200) + ']'.repeat(200);
  const bodies = [
    '{"stream":true,"stream":false}',
    '{"model":"a","Model":"b"}',
    '{"Model":"b"}',
    '{"\u017ftore":true}',
    `{"tools":${nested}}`,
    '{"tools":[{"type":"function","type":"web_search"}]}',
  ];
  for (const body of bodies) expect(keyOf(body), body).toBe('ambiguous');
});

test('what is not JSON has no key, and is never taken for JSON without its white space', () => {
  const bodies = [
    '',
    '{',
    '}',
    '{"a":1 2}',
    '{"a" 1}',
    '{"a":1,}',
    '{,}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":tru e}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{"a":1}{}',
    "{'a':1}",
    '{"a":NaN}',
    '{"a":"\\u12g4"}',
    '{"a":-}',
    '{"a":"}',
    '{"a":"\\"}',
    '{a:1}',
    '{"a":[1}',
    '{"a":1}//',
    `{"x":${'['.repeat(1_000_000)}`,
  ];
  for (const body of bodies) expect(keyOf(body), body.slice(0, 20)).toBe(/^\{/.test(body) ? 'not-json' : 'not-object');
  for (const body of ['[]', '"{}"', '1', 'null', '\ufeff{}', '['.repeat(1_000_000)])
    expect(keyOf(body), body.slice(0, 20)).toBe('not-object');
});

test('what is left out may be extended and emptied', () => {
  const keyWith = (ignore: readonly string[], body: string) => keyFor({ body }, rulesWith({ ignore }));
  const body = (user: string, trace: number) =>
    `{"user":"${user}","metadata":{"trace":${trace},"b/c":1},"messages":[{"name":"n${trace}","content":"x"}]}`;
  expect(keyWith([], body('a', 1))).not.toBe(keyWith([], body('b', 1)));
  const ignore = ['/metadata/trace', '/messages/0/name'];
  expect(keyWith(ignore, body('a', 1))).toBe(keyWith(ignore, body('a', 2)));
  expect(keyWith(ignore, body('a', 1))).not.toBe(keyWith(ignore, body('b', 1)));
  expect(keyWith(['/metadata/b~1c'], '{"metadata":{"b/c":1}}')).toBe(
    keyWith(['/metadata/b~1c'], '{"metadata":{"b/c":2}}'),
  );
  expect(keyWith(['/x/1'], '{"x":[1,2,3]}')).toBe(keyWith(['/x/1'], '{"x":[1,{},3]}'));
  for (const store of ['', '"store":false,', '"store":true,']) {
    const stored = (fields: string) =>
      keyFor({ path: PATHS.responses, body: `{${fields}"model":"m"}` }, rulesWith({ ignore: ['/store'] }));
    expect(stored(store), store).toBe(stored(''));
  }
  expect(keyWith(['/x/1'], '{"x":[1,2,3]}')).not.toBe(keyWith(['/x/1'], '{"x":[1,2,4]}'));
});

/** Members by the letters from one to another, in that order. */
function letters(from: string, to: string): string {
  const [first, last] = [from.charCodeAt(0), to.charCodeAt(0)];
  const step = Math.sign(last - first);
  return Array.from(
    { length: Math.abs(last - first) + 1 },
    (_, at) => `"${String.fromCharCode(first + at * step)}":1`,
  ).join(',');
}
