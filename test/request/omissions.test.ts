/**
 * The operator's additions to the tables of what the key leaves out, and what he
 * brings back.
 */
import { describe, expect, test } from 'vitest';
import { DIALECTS } from '../../src/dialect.ts';
import { ConfigError } from '../../src/errors.ts';
import { keyFor, type RuleSettings, rulesWith } from '../harness/keys.ts';

const body = (fields: object = {}) => JSON.stringify({ model: 'm', messages: [], ...fields });
const sameBodies = (settings: RuleSettings, one: object, other: object, path = '/v1/chat/completions') => {
  const rules = rulesWith(settings);
  return keyFor({ path, body: body(one) }, rules) === keyFor({ path, body: body(other) }, rules);
};
/** The endpoint to which clients give ids. */
const RESPONSES = '/v1/responses';
const sameInputs = (settings: RuleSettings, one: object, other: object) => sameBodies(settings, one, other, RESPONSES);
const sameHeaders = (settings: RuleSettings, name: string, one = '1', other = '2') => {
  const rules = rulesWith(settings);
  return (
    keyFor({ headers: [name, one], body: body() }, rules) === keyFor({ headers: [name, other], body: body() }, rules)
  );
};

describe('key.ignore=none', () => {
  test.each([
    'via',
    'x-forwarded-for',
    'x-real-ip',
    'host',
    'connection',
    'content-length',
    'accept-encoding',
    'cache-control',
    'x-refrain-ttl',
  ])('still leaves out %s', (name) => {
    const [one, other] = name === 'x-refrain-ttl' ? ['1', '2'] : ['a', 'b'];
    for (const dialect of DIALECTS) expect(sameHeaders({ dialect, ignore: [] }, name, one, other), dialect).toBe(true);
  });

  test.each([
    'user-agent',
    'x-stainless-lang',
    'traceparent',
    'x-request-id',
    'idempotency-key',
    'session-id',
    'referer',
    'accept',
    'sec-fetch-mode',
    'date',
  ])('has %s in the key', (name) => {
    for (const dialect of DIALECTS) expect(sameHeaders({ dialect, ignore: [] }, name), dialect).toBe(false);
  });

  test.each(['__cf_bm=', 'AWSALB=', 'a=1; GCLB='])('has each cookie in the key: %s', (pair) => {
    for (const dialect of DIALECTS) {
      const key = { dialect, ignore: [] };
      expect(sameHeaders(key, 'cookie', `${pair}1`, `${pair}2`), dialect).toBe(false);
      expect(sameHeaders({ dialect, include: ['header:cookie'] }, 'cookie', `${pair}1`, `${pair}2`)).toBe(false);
      expect(sameHeaders({ dialect }, 'cookie', `${pair}1`, `${pair}2`), dialect).toBe(true);
    }
  });

  test('has labels of the body in the key, but not the form', () => {
    for (const dialect of DIALECTS) {
      expect(sameBodies({ dialect, ignore: [] }, { user: 'a' }, { user: 'b' }), dialect).toBe(false);
      expect(sameBodies({ dialect, ignore: [] }, { stream: false }, {}), dialect).toBe(true);
    }
  });
});

describe('a pointer', () => {
  test('takes * for any one segment, an index or a name', () => {
    const ignore = ['default', '/messages/*/id', '/metadata2/*/run'];
    expect(
      sameBodies({ ignore }, { messages: [{ id: 1, a: 1 }, { id: 2 }] }, { messages: [{ id: 3, a: 1 }, {}] }),
    ).toBe(true);
    expect(sameBodies({ ignore }, { messages: [{ id: 1, a: 1 }] }, { messages: [{ id: 1, a: 2 }] })).toBe(false);
    expect(sameBodies({ ignore }, { messages: [{ a: { id: 1 } }] }, { messages: [{ a: { id: 2 } }] })).toBe(false);
    expect(sameBodies({ ignore }, { metadata2: { x: { run: 1, b: 1 } } }, { metadata2: { x: { run: 2, b: 1 } } })).toBe(
      true,
    );
    expect(sameBodies({ ignore }, { metadata2: { x: { run: 1 } } }, { metadata2: { y: { run: 1 } } })).toBe(false);
  });

  test('and * hold together, in any order of them', () => {
    for (const ignore of [
      ['/messages/0/a', '/messages/*/b'],
      ['/messages/*/b', '/messages/0/a'],
    ]) {
      expect(
        sameBodies(
          { ignore },
          {
            messages: [
              { a: 1, b: 1 },
              { a: 1, b: 1 },
            ],
          },
          {
            messages: [
              { a: 2, b: 2 },
              { a: 1, b: 2 },
            ],
          },
        ),
      ).toBe(true);
      expect(sameBodies({ ignore }, { messages: [{}, { a: 1 }] }, { messages: [{}, { a: 2 }] })).toBe(false);
    }
  });

  test('to all items leaves their number out as well', () => {
    expect(sameBodies({ ignore: ['/x/*'] }, { x: [1, 2] }, { x: [3] })).toBe(true);
    expect(sameBodies({ ignore: ['/x/*'] }, { x: [1] }, { x: 1 })).toBe(false);
  });
});

describe('key.include', () => {
  test('brings a field back, and part of one', () => {
    expect(sameBodies({ include: ['/user'] }, { user: 'a' }, { user: 'b' })).toBe(false);
    expect(sameBodies({ include: ['/user'] }, { metadata: { a: 1 } }, { metadata: { a: 2 } })).toBe(true);
    const include = ['/metadata/tags'];
    expect(sameBodies({ include }, { metadata: { tags: ['a'], run: 1 } }, { metadata: { tags: ['a'], run: 2 } })).toBe(
      true,
    );
    expect(sameBodies({ include }, { metadata: { tags: ['a'], run: 1 } }, { metadata: { tags: ['b'], run: 1 } })).toBe(
      false,
    );
    expect(sameBodies({ include }, { metadata: 'a' }, { metadata: 'b' })).toBe(false);
  });

  test('wins over key.ignore', () => {
    const settings = { ignore: ['default', '/x', 'header:x-a'], include: ['/x/y', 'header:x-a'] };
    expect(sameBodies(settings, { x: { y: 1, z: 1 } }, { x: { y: 1, z: 2 } })).toBe(true);
    expect(sameBodies(settings, { x: { y: 1 } }, { x: { y: 2 } })).toBe(false);
    expect(sameHeaders(settings, 'x-a')).toBe(false);
  });

  test('brings the ids back that clients make up', () => {
    const items = (id: string) => ({ input: [{ id, role: 'user', content: 'a' }] });
    expect(sameInputs({}, items('1'), items('2'))).toBe(true);
    expect(sameInputs({ include: ['/input/*/id'] }, items('1'), items('2'))).toBe(false);
  });

  test('brings a header back', () => {
    expect(sameHeaders({}, 'x-forwarded-host')).toBe(true);
    expect(sameHeaders({ include: ['header:x-forwarded-host'] }, 'x-forwarded-host')).toBe(false);
    expect(sameHeaders({ include: ['header:user-agent'] }, 'user-agent')).toBe(false);
    expect(sameHeaders({ include: ['header:user-agent'] }, 'traceparent')).toBe(true);
  });

  test.each([
    'authorization',
    'x-api-key',
    'openai-project',
    'x-forwarded-user',
    'host',
    'content-length',
    'cache-control',
    'x-refrain-ttl',
  ])('cannot name %s', (name) => {
    expect(() => rulesWith({ include: [`header:${name}`] })).toThrow(ConfigError);
  });
});

describe('the id of an item', () => {
  const same = (item: object) => sameInputs({}, { input: [{ id: '1', ...item }] }, { input: [{ id: '2', ...item }] });

  test.each([
    { role: 'user', content: 'a' },
    { role: 'developer', content: 'a' },
    { role: 'system', content: 'a' },
    { type: 'message', role: 'user', content: [] },
    { type: 'function_call_output', call_id: 'c', output: 'a' },
    { type: 'custom_tool_call_output', call_id: 'c', output: 'a' },
    { type: 'shell_call_output', call_id: 'c', output: [] },
    { type: 'apply_patch_call_output', call_id: 'c', status: 'completed' },
    { type: 'computer_call_output', call_id: 'c', output: {} },
    { type: 'tool_search_output', call_id: 'c', execution: 'client', tools: [] },
    { type: 'additional_tools', role: 'developer', tools: [] },
  ])('that the client wrote says nothing: %j', (item) => {
    expect(same(item)).toBe(true);
  });

  test.each([
    { role: 'assistant', content: 'a' },
    { type: 'message', role: 'assistant', content: [] },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    { type: 'reasoning', summary: [] },
    { type: 'custom_tool_call', call_id: 'c', name: 'f', input: 'a' },
    // It is the id of the call.
    { type: 'local_shell_call_output', output: 'a' },
    { type: 'tool_search_output', call_id: 'c', execution: 'server', tools: [] },
    { type: 'tool_search_output', call_id: 'c', tools: [] },
    { type: 'unheard_of', role: 'user', execution: 'client' },
    { type: null, role: 'user' },
    { role: ['user'] },
    { role: 'User' },
    // Without content too it would be a reference, which has no key there.
    { content: 'a' },
  ])('that anybody else wrote is in the key: %j', (item) => {
    expect(same(item)).toBe(false);
  });

  test.each([
    { role: 'user', content: 'a' },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    { type: 'unheard_of' },
  ])('goes with what Codex notes beside any item: %j', (item) => {
    const noted = (turn_id: string) => ({
      input: [{ ...item, internal_chat_message_metadata_passthrough: { turn_id, create_time: 1 } }],
    });
    expect(sameInputs({}, noted('1'), noted('2'))).toBe(true);
    expect(sameInputs({}, noted('1'), { input: [item] })).toBe(true);
    const setting = '/input/*/internal_chat_message_metadata_passthrough';
    expect(sameInputs({ include: [setting] }, noted('1'), noted('2'))).toBe(false);
    expect(sameBodies({}, noted('1'), noted('2'))).toBe(false);
    for (const dialect of ['compatible', 'anthropic'] as const)
      expect(sameInputs({ dialect }, noted('1'), noted('2')), dialect).toBe(false);
  });

  test('does not take a call_id with it', () => {
    const item = (call_id: string) => ({ input: [{ type: 'function_call_output', id: '1', call_id, output: 'a' }] });
    expect(sameInputs({}, item('c'), item('d'))).toBe(false);
  });

  test('may stand before or after what says who wrote it, in any spelling', () => {
    const keys = [
      '{"id":"1","role":"user"}',
      '{"role":"user","id":"2"}',
      '{"r\\u006fle":"\\u0075ser","id":"3"}',
      '{"role":"user"}',
    ].map((item) => keyFor({ path: RESPONSES, body: `{"input":[${item}]}` }));
    expect(new Set(keys).size).toBe(1);
  });
});
