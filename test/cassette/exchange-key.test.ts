import { describe, expect, test } from 'vitest';
import { ExchangeKeyer } from '../../src/cassette/exchange-key.ts';
import { withFixedBoundary, withoutBoundary } from '../../src/cassette/multipart.ts';
import type { RecordedRequest } from '../../src/cassette/recorded-exchange.ts';
import { readHeaderFields } from '../../src/request/header-fields.ts';

const keyer = new ExchangeKeyer({ ignore: ['default'], include: [], bypass: ['default'], scopeHeaders: ['default'] });

function requestOf(body: string, more: Partial<RecordedRequest> = {}): RecordedRequest {
  const usual = { upstream: null, dialect: 'openai', method: 'POST', path: '/chat/completions', query: '' } as const;
  return { ...usual, headers: {}, body: Buffer.from(body), ...more };
}

const CHAT = '{"model":"m","messages":[{"role":"user","content":"x"}]}';
const keyOf = (body: string, more?: Partial<RecordedRequest>) => keyer.key(requestOf(body, more)).key;

describe('a request that the cache would keep', () => {
  test('has one name for all spellings of it', () => {
    expect(keyOf(CHAT)).toBe(keyOf('{ "messages": [{"content":"x", "role":"user"}], "model": "m" }'));
    expect(keyOf(CHAT)).toMatch(/^[0-9a-f]{64}\.json$/);
    expect(keyer.key(requestOf(CHAT)).request).toMatchObject({ endpoint: 'chat', model: 'm', scope: 'cassette' });
  });

  test.each<[string, Partial<RecordedRequest>]>([
    ['upstream', { upstream: 'other' }],
    ['path', { path: '/responses' }],
    ['query', { query: 'a=1' }],
    ['header', { headers: { 'openai-beta': 'x' } }],
    ['sample', { headers: { 'x-refrain-variant': '2' } }],
  ])('has another name for another %s', (_, more) => {
    expect(keyOf(CHAT, more)).not.toBe(keyOf(CHAT));
  });
});

describe('any other request', () => {
  const stateful = CHAT.replace('{', '{"store":true,');

  test('is named exactly', () => {
    const key = keyOf(stateful);
    expect(key).toMatch(/\.exact$/);
    expect(keyOf(stateful)).toBe(key);
    expect(keyOf(`${stateful} `)).not.toBe(key);
    expect(keyOf('', { method: 'GET', path: '/models' })).not.toBe(keyOf('', { method: 'GET', path: '/files' }));
    expect(keyOf('', { method: 'GET', path: '/models', query: 'a=1&b=2' })).not.toBe(
      keyOf('', { method: 'GET', path: '/models', query: 'b=2&a=1' }),
    );
  });
});

test('headers say what is asked and nothing of who asks', () => {
  const raw = {
    'Authorization': 'Bearer sk-1',
    'Cookie': 'a=b',
    'X-Forwarded-User': 'ann',
    'X-Tenant-Id': '7',
    'User-Agent': 'x',
    'X-Refrain-Cache': 'off',
    'X-Refrain-Variant': '2',
    'OpenAI-Beta': 'assistants=v2',
    'Content-Type': 'multipart/form-data; boundary=abc; charset=utf-8',
  };
  expect(keyer.headers(readHeaderFields(Object.entries(raw).flat()), 'openai')).toEqual({
    'openai-beta': 'assistants=v2',
    'x-refrain-variant': '2',
    'content-type': 'multipart/form-data; charset=utf-8',
  });
});

describe('a body of several parts', () => {
  const body = (boundary: string, text = 'sea') =>
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="f"\r\n\r\n${text}\r\n--${boundary}--\r\n`);
  const type = (boundary: string) => `multipart/form-data; boundary=${boundary}`;

  test('is the same whatever its boundary', () => {
    const one = withFixedBoundary(type('one'), body('one'));
    expect(withFixedBoundary(type('"o ther"'), body('o ther'))).toEqual(one);
    expect(withFixedBoundary(type('one'), body('one', 'rain'))).not.toEqual(one);
    expect(withoutBoundary(type('one'))).toBe('multipart/form-data');
  });

  test('keeps what only looks like a boundary', () => {
    const text = 'a --one b\r\n--oneself\r\n';
    expect(withFixedBoundary(type('one'), body('one', text)).toString()).toContain(text);
  });

  test('is left as it is where there is no boundary', () => {
    const json = Buffer.from('{}');
    expect(withFixedBoundary('application/json', json)).toBe(json);
    expect(withFixedBoundary('multipart/form-data', json)).toBe(json);
  });
});
