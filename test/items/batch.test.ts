/**
 * Batches taken apart: which requests are, and under which keys their inputs lie.
 */
import { describe, expect, test } from 'vitest';
import { bodyFor, type InputBatch, maySplit, readBatch } from '../../src/items/batch.ts';
import { itemKeys } from '../../src/items/item-keys.ts';
import { rulesWith } from '../harness/keys.ts';
import { readHeaderFields } from '../../src/request/header-fields.ts';
import { computeKey, type KeyContext } from '../../src/request/key.ts';
import { parseHead } from '../../src/request/parsed-head.ts';
import { Random } from '../request/random.ts';

const CONTEXT = parseHead(rulesWith(), {
  method: 'POST',
  url: '/v1/embeddings',
  fields: readHeaderFields(['x-team', 'ä']),
}).keyContext as KeyContext;

const read = (body: string) => readBatch(Buffer.from(body));
const sources = (batch: InputBatch | null) => batch?.inputs.map(({ source }) => source);

const PIECES = [
  'a',
  'ü',
  '😀',
  '\\n',
  '\\"',
  '\\\\',
  '\\u00e9',
  '\\ud83d\\ude00',
  '\\/',
  '  ',
  '"input":',
  '[',
  '{',
  ',',
];

/** JSON of a text, in some spelling. */
function textIn(random: Random): string {
  const pieces = Array.from({ length: random.below(6) }, () => random.pick(PIECES));
  return `"${pieces.map((piece) => (piece === '"input":' ? '\\"input\\":' : piece)).join('')}"`;
}

function tokensIn(random: Random): string {
  const comma = random.pick([',', ', ', ' ,\n']);
  return `[${Array.from({ length: 1 + random.below(5) }, () => random.below(100_000)).join(comma)}]`;
}

/** A body with a list of inputs, and these. */
function bodyIn(random: Random): { body: (input: string) => string; inputs: string[] } {
  const input = random.once(2) ? textIn : tokensIn;
  const inputs = Array.from({ length: 1 + random.below(8) }, () => input(random));
  const others = [
    `"model": ${textIn(random)}`,
    ...(random.once(2) ? [`"encoding_format":${random.pick(['"float"', '"base64"'])}`] : []),
    ...(random.once(3) ? ['"dimensions": 256'] : []),
    ...(random.once(3) ? [`"user":${textIn(random)}`] : []),
  ];
  const space = random.pick(['', ' ', '\n']);
  const members = random.shuffled([...others, '']);
  const at = members.indexOf('');
  return { body: (input) => `${space}{${members.with(at, `"input" :${input}`).join(`,${space}`)}}${space}`, inputs };
}

describe('a batch', () => {
  test('has for each input the key of a request with that input alone', () => {
    const random = new Random(19);
    for (let round = 0; round < 600; round++) {
      const { body, inputs } = bodyIn(random);
      const text = body(`[ ${inputs.join(' , ')} ]`);
      const batch = read(text) as InputBatch;
      const keys = itemKeys(CONTEXT, batch);
      expect(keys, text).not.toBeNull();
      for (const [place, input] of inputs.entries()) {
        const alone = computeKey(CONTEXT, Buffer.from(body(input)));
        if (typeof alone === 'string') throw new Error(alone);
        const at = batch.places[place] as number;
        expect(keys?.keys[at], text).toBe(alone.key);
        expect(keys?.bodyOf(at)).toBe(alone.parts?.body);
      }
      // Two inputs are one only where their keys are.
      expect(new Set(keys?.keys).size).toBe(batch.inputs.length);
    }
  });

  test('is asked for in part by the same body with some of its inputs', () => {
    const body = '\n{ "input" : [ "a", "\\u0062" ,"a","c" ] ,"model":"m" } ';
    const batch = read(body) as InputBatch;
    expect(sources(batch)).toEqual(['"a"', '"\\u0062"', '"c"']);
    expect(batch.places).toEqual([0, 1, 0, 2]);
    expect(bodyFor(batch, [1, 2]).toString()).toBe('\n{ "input" : ["\\u0062","c"] ,"model":"m" } ');
  });

  test.each([
    '{"input":"a"}',
    '{"input":[1,2]}',
    '{"input":[]}',
    '{"input":[[]]}',
    '{"input":["a",[1]]}',
    '{"input":["a",null]}',
    '{"input":[[[1]]]}',
    '{"input":[[1.5]]}',
    '{"input":[[-1]]}',
    '{"input":["\\ud800"]}',
    '{"input":["a"],"input":["b"]}',
    '{"input":["a"],"inp\\u0075t":["b"]}',
    '{"input":["a"],"late_chunking":false}',
    '{"input":["a"],"dimensions":"3"}',
    '{"input":["a"],"dimensions":null}',
    '{"input":["a"],"model":{}}',
    '{"model":"m"}',
    '["a"]',
    JSON.stringify({ input: Array.from({ length: 4097 }, String) }),
  ])('is no batch: %.60s', (body) => {
    expect(read(body)).toBeNull();
  });

  test('is none in bytes that are not UTF-8', () => {
    expect(readBatch(Buffer.from('{"input":["\xff"]}', 'latin1'))).toBeNull();
  });

  test.each(['Signature', 'digest', 'content-digest', 'Content-MD5', 'x-amz-content-sha256', 'content-encoding'])(
    'goes whole with %s',
    (name) => {
      expect(maySplit('embeddings', ['accept', '*/*', name, 'x'])).toBe(false);
    },
  );

  test('goes whole where it is signed for AWS, or asks for a rerank or an answer in words', () => {
    expect(maySplit('embeddings', ['Authorization', 'AWS4-HMAC-SHA256 Credential=x'])).toBe(false);
    expect(maySplit('embeddings', ['Authorization', 'Bearer x'])).toBe(true);
    expect(maySplit('moderations', [])).toBe(true);
    for (const endpoint of ['rerank', 'completions', 'chat', 'messages', 'responses'] as const)
      expect(maySplit(endpoint, [])).toBe(false);
  });
});
