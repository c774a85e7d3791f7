/**
 * What the head of a request adds to its key: its headers, its target, and who
 * asks.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyFor, rulesWith } from '../harness/naming.ts';

const BODY = '{"model":"m","temperature":0}';
const PATH = '/v1/chat/completions';
const PLAIN = ['authorization', 'Bearer a', 'content-type', 'application/json'];

const keyWith = (...headers: string[]) => keyFor({ headers, body: BODY });
const keyAt = (path: string) => keyFor({ path, headers: PLAIN, body: BODY });

/** Headers, in turn names and values, each list of which has a key of its own. */
const OWN_KEYS: readonly (readonly [why: string, ...headers: (readonly string[])[]])[] = [
  ['who asks', [], ['authorization', 'Bearer a'], ['authorization', 'Bearer b'], ['authorization', 'bearer a'], ['api-key', 'a'], ['api-key', 'b'], ['x-api-key', 'a'], ['x-api-key', 'Bearer a']],
  ['who asks, twice', ['authorization', 'Bearer a'], ['authorization', 'Bearer a', 'authorization', 'Bearer b'], ['authorization', 'Bearer b', 'authorization', 'Bearer a'], ['authorization', 'Bearer a', 'x-api-key', 'b']],
  ['on whose account', PLAIN, [...PLAIN, 'openai-organization', 'o'], [...PLAIN, 'openai-project', 'o'], [...PLAIN, 'openai-organization', 'p'], [...PLAIN, 'openai-organization', 'o', 'openai-project', 'o']],
  ['which page asks', PLAIN, [...PLAIN, 'origin', 'https://a.test'], [...PLAIN, 'origin', 'https://b.test'], [...PLAIN, 'origin', 'null']],
  ['which of the versions', PLAIN, [...PLAIN, 'openai-beta', 'a'], [...PLAIN, 'openai-beta', 'b'], [...PLAIN, 'anthropic-version', '2023-06-01'], [...PLAIN, 'anthropic-beta', 'a'], [...PLAIN, 'openai-version', 'a']],
  ['what nobody knows', PLAIN, [...PLAIN, 'x-foo', ''], [...PLAIN, 'x-foo', '1'], [...PLAIN, 'x-foo', '2'], [...PLAIN, 'x-foo', '1', 'x-foo', '2'], [...PLAIN, 'x-foo', '2', 'x-foo', '1'], [...PLAIN, 'x-foo', '1, 2'], [...PLAIN, 'x-fo', '1'], [...PLAIN, 'cookie', '1']],
  ['what has almost the name of a label', PLAIN, [...PLAIN, 'x-stainless', '1'], [...PLAIN, 'x-refrain', '1'], [...PLAIN, 'user-agents', '1'], [...PLAIN, 'idempotency', '1'], [...PLAIN, 'x-request-ids', '1'], [...PLAIN, 'x-accept-a', '1'], [...PLAIN, 'my-x-stainless-a', '1']],
  ['what the body is', ['content-type', 'application/json'], ['content-type', 'application/json; charset=utf-16'], ['content-type', 'text/plain'], ['content-type', 'application/json', 'content-type', 'application/json'], ['content-type', 'application/json; charset=utf-8; x=1']],
  ['which of several samples', PLAIN, [...PLAIN, 'x-refrain-variant', '1'], [...PLAIN, 'x-refrain-variant', '2'], [...PLAIN, 'x-refrain-variant', ' ']],
  ['which part it is', [...PLAIN, 'variant', '1'], [...PLAIN, 'x-refrain-variant', '1'], [...PLAIN, 'header:variant', '1'], [...PLAIN, 'query', '1'], [...PLAIN, 'scope', '1'], [...PLAIN, '__proto__', '1']],
];

/** Headers that do not change an answer, with one value of each. */
const LABELS: readonly (readonly [name: string, value: string])[] = [
  ['x-refrain-ttl', '60'], ['x-refrain-ttl', 'inf'], ['x-refrain-cache', 'all'], ['x-refrain-cache', 'deterministic'], ['cache-control', 'no-cache'], ['cache-control', 'max-age=60'], ['pragma', 'no-cache'],
  ['x-stainless-lang', 'js'], ['x-stainless-retry-count', '1'], ['user-agent', 'OpenAI/JS 7.57.0'], ['accept', 'text/event-stream'], ['accept-encoding', 'gzip'], ['accept-language', '*'],
  ['traceparent', '00-a-b-01'], ['tracestate', 'a=b'], ['baggage', 'a=b'], ['x-b3-traceid', '1'], ['x-datadog-trace-id', '1'], ['sentry-trace', '1'],
  ['idempotency-key', 'stainless-node-retry-1'], ['x-request-id', '1'], ['x-client-request-id', '1'], ['session-id', '1'], ['x-session-affinity', '1'], ['x-codex-turn-metadata', '1'],
  ['host', '127.0.0.1:4747'], ['connection', 'keep-alive'], ['transfer-encoding', 'chunked'], ['content-length', '29'], ['content-encoding', 'identity'], ['te', 'trailers'], ['expect', '100-continue'],
  ['referer', 'https://a.test'], ['sec-fetch-mode', 'cors'], ['priority', 'u=1'], ['date', 'Thu, 01 Jan 1970 00:00:00 GMT'], ['via', '1.1 a'], ['x-forwarded-for', '10.0.0.1'],
  ['cf-ray', '1'],
];

describe('headers', () => {
  for (const [why, ...lists] of OWN_KEYS) {
    test(`tell ${why}`, () => {
      const keys = lists.map((headers) => keyWith(...headers));
      expect(keys.filter((key) => !/^[0-9a-f]{64}\.json$/.test(key))).toEqual([]);
      expect(new Set(keys).size).toBe(lists.length);
    });
  }

  test.each(LABELS)('do not tell %s: %s', (name, value) => {
    expect(keyWith(...PLAIN, name, value)).toBe(keyWith(...PLAIN));
    expect(keyWith(name.toUpperCase(), value, ...PLAIN)).toBe(keyWith(...PLAIN));
  });

  test('tell whatever the operator does not leave out', () => {
    const rules = rulesWith(['default', 'header:X-Trace']);
    const key = (...headers: string[]) => keyFor({ headers, body: BODY }, rules);
    expect(key('x-trace', '1')).toBe(key());
    expect(key('x-traces', '1')).not.toBe(key());
  });

  test('are read without the case of their names, in any order of different names', () => {
    expect(keyWith('X-Foo', '1', 'Authorization', 'Bearer a', 'x-bar', '2')).toBe(keyWith('x-bar', '2', 'authorization', 'Bearer a', 'x-foo', '1'));
  });

  test('say plain JSON in several ways', () => {
    const ways = ['application/json', 'Application/JSON', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'application/json ; charset=utf-8 '];
    expect(new Set([keyWith(), ...ways.map((way) => keyWith('content-type', way))]).size).toBe(1);
  });

  test('that nobody knows tell every value', () => {
    const value = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
    const name = fc.stringMatching(/^x-q[a-z0-9-]{0,10}$/);
    fc.assert(
      fc.property(name, value, value, (name, one, other) => {
        const keys = new Set([keyWith(...PLAIN), keyWith(...PLAIN, name, one), keyWith(...PLAIN, name, other), keyWith(...PLAIN, name, one, name, other)]);
        expect(keys.size).toBe(one === other ? 3 : 4);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the target', () => {
  test('tells path, query and upstream', () => {
    const paths = [
      PATH, '/v1/completions', '/openai/deployments/a/chat/completions', '/openai/deployments/b/chat/completions', '/V1/chat/completions', `${PATH}?api-version=1`, `${PATH}?api-version=2`,
      `${PATH}?API-version=1`, `${PATH}?api-version=1&a=`, `${PATH}?api-version=1&a`, `${PATH}?a=1&a=2`, `${PATH}?a=2&a=1`, `${PATH}?a=1%262`, `${PATH}?a=1&2`, '/v1/%63hat/chat/completions', '/v1/chat/chat/completions',
    ];
    const keys = paths.map(keyAt);
    expect(new Set(keys).size).toBe(paths.length);
    const origins = ['https://upstream.test', 'http://upstream.test', 'https://upstream.test:8443', 'https://upstream.test.evil', 'https://other.test'];
    expect(new Set(origins.map((origin) => keyFor({ body: BODY }, rulesWith(['default'], origin)))).size).toBe(origins.length);
  });

  test('does not tell the order of different names in a query, a base path written or not, or an empty query', () => {
    expect(keyAt(`${PATH}?a=1&b=2&a=3`)).toBe(keyAt(`${PATH}?b=2&a=1&a=3`));
    expect(keyAt(`${PATH}?b&a`)).toBe(keyAt(`${PATH}?a&b`));
    expect(keyAt('/chat/completions')).toBe(keyAt(PATH));
    expect(keyAt(`/${PATH}?`)).toBe(keyAt(PATH));
  });

  test('is not cached elsewhere', () => {
    for (const path of ['/v1/models', '/v1/chat/completions/', '/v1/images/generations', '/v1/chat/completions/x']) expect(keyAt(path), path).toBe('route');
  });
});
