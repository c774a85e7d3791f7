/**
 * The table of fields: that it cannot miss one of those that the API knows, and
 * that keys follow it.
 */
import fc from 'fast-check';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { DIALECTS } from '../../src/dialect.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { isKnownField, REQUEST_ENDPOINTS } from '../../src/request/endpoints/table.ts';
import { type FieldOf, type FieldTable, FORM_FIELDS, IGNORED_FIELDS } from '../../src/request/fields.ts';
import { keyFor, rulesWith } from '../harness/keys.ts';
import { ENDPOINTS, PATHS } from './bodies.ts';

const LEFT_OUT: readonly string[] = IGNORED_FIELDS.flatMap(({ fields }): readonly string[] => fields);
/** As its documentation has it; fields of OpenAI's are unknown to it. */
const LEFT_OUT_AT_ANTHROPIC = ['metadata'];
/** Of every type, so that each field is given some that it knows and some that it does not. */
const VALUES = [
  'null',
  'false',
  'true',
  '0',
  '1',
  '1.0',
  '-1',
  '""',
  '"a"',
  '"b"',
  '"auto"',
  '[]',
  '["a"]',
  '["b"]',
  '[1]',
  '[[]]',
  '{}',
  '{"a":1}',
  '{"a":2}',
  '{"a":{"b":1,"c":2}}',
  '{"a":{"c":2,"b":1}}',
  '{"type":"text"}',
  '{"id":"p","version":"1"}',
  '{"id":"p","version":"2"}',
  '[{"type":"function","name":"f"}]',
  '[{"type":"function","name":"g"}]',
  '[{"name":"f","type":"function"}]',
];

/** Fields whose last two values are the same messages; the API stores a response where the request does not say. */
const ENVELOPES = ['messages', 'input'];

const RULES = DIALECTS.map((dialect) => [dialect, rulesWith({ dialect })] as const);
const keyOf = (endpoint: Endpoint, body: string, rules = rulesWith()) => keyFor({ path: PATHS[endpoint], body }, rules);
const isKey = (key: string) => /^[0-9a-f]{64}\./.test(key);
const bodyWith = (name: string, value: string) => `{"x_other":1,${JSON.stringify(name)}:${value}}`;

/** The keys of bodies that have a field with one value each, and of the body without it; none of what is not cached. */
function keysOver(endpoint: Endpoint, name: string, rules = rulesWith()): string[] {
  return [
    keyOf(endpoint, '{"x_other":1}', rules),
    ...VALUES.map((value) => keyOf(endpoint, bodyWith(name, value), rules)),
  ].filter(isKey);
}

describe('the table does not compile', () => {
  const complete = { input: 'prompt', model: 'model' } as const;

  test('with a field missing, unknown, or sorted against the list', () => {
    complete satisfies FieldTable<OpenAI.ModerationCreateParams>;
    // @ts-expect-error: the API has `input` too
    ({ model: 'model' }) satisfies FieldTable<OpenAI.ModerationCreateParams>;
    // @ts-expect-error: the API has no such field
    ({ input: 'prompt', model: 'model', unheard_of: 'prompt' }) satisfies FieldTable<OpenAI.ModerationCreateParams>;
    const listed = { ...complete, dimensions: 'output', encoding_format: 'output', user: 'prompt' } as const;
    // @ts-expect-error: `user` is on the list of what is left out
    listed satisfies FieldTable<OpenAI.EmbeddingCreateParams>;
    // @ts-expect-error: `model` is not on the list of what is left out
    ({ input: 'prompt', model: 'left out' }) satisfies FieldTable<OpenAI.ModerationCreateParams>;
    // @ts-expect-error: there is no such reason
    ({ input: 'prompt', model: 'because' }) satisfies FieldTable<OpenAI.ModerationCreateParams>;
    expect(Object.keys(REQUEST_ENDPOINTS.moderations.fields).sort()).toEqual(Object.keys(complete));
  });

  test('without the fields of each variant', () => {
    type Variants = { stream?: false } | { stream: true; stream_options?: object };
    const both: Record<FieldOf<Variants>, true> = { stream: true, stream_options: true };
    // @ts-expect-error: only one of the variants has `stream_options`, which counts all the same
    const one: Record<FieldOf<Variants>, true> = { stream: true };
    expect(Object.keys(both)).not.toEqual(Object.keys(one));
  });
});

describe('keys follow the table', () => {
  for (const endpoint of ENDPOINTS) {
    const keyed = Object.entries<string>(REQUEST_ENDPOINTS[endpoint].fields)
      .filter(([, why]) => why !== 'left out')
      .map(([name]) => name);

    test.each([
      ...keyed,
      'x_future_field',
      'X-Future',
      'thinking',
      '',
      ' ',
      '__proto__',
      'toString',
      'usr',
      'metadata2',
      'users',
    ])(`${endpoint}: each value of "%s" has its own`, (name) => {
      const keys = keysOver(endpoint, name);
      expect(keys.length).toBeGreaterThan(1);
      const isAlike = ENVELOPES.includes(name) || (endpoint === 'responses' && name === 'store');
      expect(keys.length - new Set(keys).size).toBe(isAlike ? 1 : 0);
    });

    test.each(LEFT_OUT)(`${endpoint}: no value of "%s" does, but before an upstream that may read it`, (name) => {
      for (const [dialect, rules] of RULES) {
        const keys = keysOver(endpoint, name, rules);
        expect(keys.length).toBe(VALUES.length + 1);
        const isKeyed = dialect === 'compatible' || (dialect === 'anthropic' && !LEFT_OUT_AT_ANTHROPIC.includes(name));
        expect(new Set(keys).size, dialect).toBe(isKeyed ? keys.length : 1);
      }
    });
  }

  test('where streams have two names of one answer', () => {
    for (const endpoint of ['chat', 'completions', 'responses'] as const) {
      const [json, ...forms] = ['{}', '{"stream":true}', '{"stream":true,"stream_options":{"include_usage":true}}'].map(
        (body) => keyOf(endpoint, body).split('.'),
      );
      for (const [name, form] of forms) {
        expect(name).toBe(json?.[0]);
        expect(form).not.toBe(json?.[1]);
      }
    }
  });

  test('and a field that nobody thought of has its own for each value', () => {
    const name = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((name) => !ENDPOINTS.some((endpoint) => name.toLowerCase() in REQUEST_ENDPOINTS[endpoint].fields));
    const value = fc.json({ maxDepth: 2 });
    fc.assert(
      fc.property(fc.constantFrom(...ENDPOINTS), name, value, value, (endpoint, name, one, other) => {
        const keys = [
          keyOf(endpoint, '{"x_other":1}'),
          keyOf(endpoint, bodyWith(name, one)),
          keyOf(endpoint, bodyWith(name, other)),
        ];
        expect(new Set(keys).size).toBe(one === other ? 2 : 3);
      }),
      { numRuns: 300 },
    );
  });
});

test('a field is known where the API has it', () => {
  expect(isKnownField('chat', 'messages')).toBe(true);
  expect(isKnownField('chat', 'stream')).toBe(true);
  expect(isKnownField('responses', 'client_metadata')).toBe(true);
  expect(isKnownField('embeddings', 'messages')).toBe(false);
  expect(isKnownField('embeddings', 'metadata')).toBe(false);
  expect(isKnownField('chat', 'toString')).toBe(false);
  for (const name of [...LEFT_OUT, ...FORM_FIELDS])
    expect(
      ENDPOINTS.some((endpoint) => isKnownField(endpoint, name)),
      name,
    ).toBe(true);
});
