import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHeaderFields } from '../../src/request/header-fields.ts';
import { computeKey } from '../../src/request/key.ts';
import { parseHead } from '../../src/request/parsed-head.ts';
import { type BodyVariables, variablesOf } from '../../src/request/variables.ts';
import { rulesWith } from '../harness/keys.ts';

const RULES = rulesWith();

type Asked = 'chat' | 'responses';

function variablesIn(body: string, headers: readonly string[] = [], endpoint: Asked = 'chat'): BodyVariables | null {
  // Of an upstream that nobody knows: for it no label is out of the key.
  const rules = endpoint === 'chat' ? RULES : rulesWith({ dialect: 'compatible' });
  const url = endpoint === 'chat' ? '/v1/chat/completions' : '/v1/responses';
  const { keyContext } = parseHead(rules, { method: 'POST', url, fields: readHeaderFields(headers) });
  const keyed = keyContext && computeKey(keyContext, Buffer.from(body));
  if (!keyed || typeof keyed === 'string' || keyed.parts === null) throw new Error('the request has no name');
  return variablesOf(endpoint, keyed.parts);
}

const token = fc.stringMatching(/^[A-Za-z._:-]{8,20}[0-9][A-Za-z0-9._:-]{8,20}$/);
const name = fc.stringMatching(/^q[a-z_]{0,8}$/);
/** No two names in it differ in case alone: a body that has such is compared by its bytes. */
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value).toUpperCase().toLowerCase()) as unknown);

describe('what may be new with every call', () => {
  test('is each header in the key and each token at the top of the body that the API does not know', () => {
    const id = '0b7f5f0a-9e6c-4c1e-8d2c-1234567890ab';
    const body = {
      model: 'gpt-4o-mini-2024-07-18',
      messages: [{ role: 'user', content: id, id }],
      run_ref: id,
      note: 'a b',
      list: [id],
      seed: 17,
      stop: id,
    };
    expect(
      variablesIn(JSON.stringify(body), ['X-Lab', '7', 'authorization', 'Bearer x', 'user-agent', 'a'])?.variables,
    ).toEqual([
      { name: 'header:x-lab', value: '7' },
      { name: '/run_ref', value: id },
    ]);
  });

  test('is what is a label at OpenAI, whatever it holds, and the ids of what a client wrote itself', () => {
    const bodyWith = (id: string) =>
      JSON.stringify({
        model: 'm',
        metadata: { run: id },
        client_metadata: { id },
        user: 'alice',
        input: [
          { id, role: 'user', content: 'a' },
          { id: 'rs_1', type: 'reasoning' },
          'odd',
          [{ id: 'c' }],
          { type: 'function_call_output', output: 'b', internal_chat_message_metadata_passthrough: { id }, id },
          { type: 'function_call', name: 'f', internal_chat_message_metadata_passthrough: { id } },
        ],
      });
    const [one, other] = ['1', '2'].map((id) => variablesIn(bodyWith(id), [], 'responses'));
    expect(one?.variables.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: '/client_metadata', value: '{"id":"1"}' },
      { name: '/input/*/id', value: '"1",{"id":"1"},"1",{"id":"1"}' },
      { name: '/metadata', value: '{"run":"1"}' },
    ]);
    expect(one?.rest).toBe(other?.rest);
    for (const kept of ['rs_1', '"c"', 'alice', '"a"']) expect(one?.rest).toContain(kept);
    expect(variablesIn('{"model":"m","messages":[],"input":[{"id":"1","role":"user"}]}')?.variables).toEqual([]);
  });

  test('is apart from the rest of the body, which tells all else', () => {
    fc.assert(
      fc.property(fc.dictionary(name, json, { maxKeys: 4 }), token, token, json, (others, one, other, prompt) => {
        const bodyWith = (value: string, content: unknown = prompt) =>
          JSON.stringify({ model: 'm', messages: [content], run_ref: value, ...others });
        const [a, b, c] = [
          variablesIn(bodyWith(one)),
          variablesIn(bodyWith(other)),
          variablesIn(bodyWith(one, [prompt])),
        ];
        expect(a?.variables).toContainEqual({ name: '/run_ref', value: one });
        expect(a?.rest).toBe(b?.rest);
        expect(a?.rest).not.toBe(c?.rest);
        expect(a?.rest).toContain('"run_ref":');
      }),
      { numRuns: 300 },
    );
  });

  test('is nothing where there is too much of it, and no field of a body that is compared by its bytes', () => {
    expect(
      variablesIn('{"model":"m","messages":[]}', Array.from({ length: 40 }, (_, index) => [`x-${index}`, '1']).flat()),
    ).toBeNull();
    expect(variablesIn('{"model":"m","messages":[]}', [`x-${'n'.repeat(200)}`, '1'])).toBeNull();
    expect(
      variablesIn('{"model":"m","messages":[],"run_ref":"0b7f5f0a-9e6c-4c1e","run_ref":"0b7f5f0a-9e6c-4c1f"}')
        ?.variables,
    ).toEqual([]);
    expect(
      variablesIn(JSON.stringify({ model: 'm', messages: ['x'.repeat(140_000)], run_ref: '0b7f5f0a-9e6c-4c1e' }))
        ?.variables,
    ).toEqual([]);
  });
});
