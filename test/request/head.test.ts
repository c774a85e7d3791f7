/**
 * The part of a request's head in its key: its headers, its target, and who
 * asks.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Dialect, DIALECTS } from '../../src/dialect.ts';
import { keyFor, rulesWith } from '../harness/keys.ts';

const BODY = '{"model":"m","temperature":0}';
const PATH = '/v1/chat/completions';
const PLAIN = ['authorization', 'Bearer a', 'content-type', 'application/json'];

const keyWith = (...headers: string[]) => keyFor({ headers, body: BODY });
const keyIn = (dialect: Dialect, ...headers: string[]) => keyFor({ headers, body: BODY }, RULES[dialect]);
const RULES = {
  openai: rulesWith(),
  anthropic: rulesWith({ dialect: 'anthropic' }),
  compatible: rulesWith({ dialect: 'compatible' }),
  engine: rulesWith({ dialect: 'engine' }),
};
const keyAt = (path: string) => keyFor({ path, headers: PLAIN, body: BODY });

/** Headers, in turn names and values, each list of which has a key of its own. */
const OWN_KEYS: readonly (readonly [why: string, ...headers: (readonly string[])[]])[] = [
  [
    'who asks',
    [],
    ['authorization', 'Bearer a'],
    ['authorization', 'Bearer b'],
    ['authorization', 'bearer a'],
    ['api-key', 'a'],
    ['api-key', 'b'],
    ['x-api-key', 'a'],
    ['x-api-key', 'Bearer a'],
  ],
  [
    'who asks, twice',
    ['authorization', 'Bearer a'],
    ['authorization', 'Bearer a', 'authorization', 'Bearer b'],
    ['authorization', 'Bearer b', 'authorization', 'Bearer a'],
    ['authorization', 'Bearer a', 'x-api-key', 'b'],
  ],
  [
    'on whose account',
    PLAIN,
    [...PLAIN, 'openai-organization', 'o'],
    [...PLAIN, 'openai-project', 'o'],
    [...PLAIN, 'openai-organization', 'p'],
    [...PLAIN, 'openai-organization', 'o', 'openai-project', 'o'],
  ],
  [
    'which page asks',
    PLAIN,
    [...PLAIN, 'origin', 'https://a.test'],
    [...PLAIN, 'origin', 'https://b.test'],
    [...PLAIN, 'origin', 'null'],
  ],
  [
    'which of the versions',
    PLAIN,
    [...PLAIN, 'openai-beta', 'a'],
    [...PLAIN, 'openai-beta', 'b'],
    [...PLAIN, 'anthropic-version', '2023-06-01'],
    [...PLAIN, 'anthropic-beta', 'a'],
    [...PLAIN, 'openai-version', 'a'],
  ],
  [
    'what nobody knows',
    PLAIN,
    [...PLAIN, 'x-foo', ''],
    [...PLAIN, 'x-foo', '1'],
    [...PLAIN, 'x-foo', '2'],
    [...PLAIN, 'x-foo', '1', 'x-foo', '2'],
    [...PLAIN, 'x-foo', '2', 'x-foo', '1'],
    [...PLAIN, 'x-foo', '1, 2'],
    [...PLAIN, 'x-fo', '1'],
    [...PLAIN, 'cookie', '1'],
  ],
  [
    'what has almost the name of a label',
    PLAIN,
    [...PLAIN, 'x-stainless', '1'],
    [...PLAIN, 'x-refrain', '1'],
    [...PLAIN, 'user-agents', '1'],
    [...PLAIN, 'idempotency', '1'],
    [...PLAIN, 'x-request-ids', '1'],
    [...PLAIN, 'x-accept-a', '1'],
    [...PLAIN, 'my-x-stainless-a', '1'],
    [...PLAIN, 'x-forwarded-foo', '1'],
    [...PLAIN, 'sec-foo', '1'],
    [...PLAIN, 'x-session-token', '1'],
    [...PLAIN, 'sec-user-token', '1'],
  ],
  ['from which page', PLAIN, [...PLAIN, 'origin', 'https://a.test'], [...PLAIN, 'origin', 'https://b.test']],
  [
    'what the body is',
    ['content-type', 'application/json'],
    ['content-type', 'application/json; charset=utf-16'],
    ['content-type', 'text/plain'],
    ['content-type', 'application/json', 'content-type', 'application/json'],
    ['content-type', 'application/json; charset=utf-8; x=1'],
  ],
  [
    'which of several samples',
    PLAIN,
    [...PLAIN, 'x-refrain-variant', '1'],
    [...PLAIN, 'x-refrain-variant', '2'],
    [...PLAIN, 'x-refrain-variant', ' '],
  ],
  [
    'which part it is',
    [...PLAIN, 'variant', '1'],
    [...PLAIN, 'x-refrain-variant', '1'],
    [...PLAIN, 'header:variant', '1'],
    [...PLAIN, 'query', '1'],
    [...PLAIN, 'scope', '1'],
    [...PLAIN, '__proto__', '1'],
  ],
];

/** Headers that change an answer nowhere, with one value of each. */
const LABELS: readonly (readonly [name: string, value: string])[] = [
  ['x-refrain-ttl', '60'],
  ['x-refrain-ttl', 'inf'],
  ['x-refrain-cache', 'all'],
  ['x-refrain-cache', 'deterministic'],
  ['cache-control', 'no-cache'],
  ['cache-control', 'max-age=60'],
  ['pragma', 'no-cache'],
  ['x-stainless-lang', 'js'],
  ['x-stainless-retry-count', '1'],
  ['user-agent', 'OpenAI/JS 7.57.0'],
  ['accept', 'text/event-stream'],
  ['accept-encoding', 'gzip'],
  ['accept-language', '*'],
  ['accept-charset', 'utf-8'],
  ['traceparent', '00-a-b-01'],
  ['tracestate', 'a=b'],
  ['baggage', 'a=b'],
  ['x-b3-traceid', '1'],
  ['x-datadog-trace-id', '1'],
  ['sentry-trace', '1'],
  ['idempotency-key', 'stainless-node-retry-1'],
  ['x-request-id', '1'],
  ['x-client-request-id', '1'],
  ['x-correlation-id', '1'],
  ['x-ms-client-request-id', '1'],
  ['elastic-apm-traceparent', '1'],
  ['newrelic', '1'],
  ['langsmith-trace', '1'],
  ['x-irid', '1'],
  ['b3', '1'],
  ['x-amzn-trace-id', '1'],
  ['x-cloud-trace-context', '1'],
  ['uber-trace-id', '1'],
  ['x-promptfoo-version', '0.120.0'],
  ['host', '127.0.0.1:4747'],
  ['connection', 'keep-alive'],
  ['transfer-encoding', 'chunked'],
  ['content-length', '29'],
  ['content-encoding', 'identity'],
  ['te', 'trailers'],
  ['expect', '100-continue'],
  ['sec-fetch-mode', 'cors'],
  ['sec-fetch-user', '?1'],
  ['sec-ch-ua', 'x'],
  ['sec-gpc', '1'],
  ['sec-websocket-key', 'x'],
  ['dnt', '1'],
  ['priority', 'u=1'],
  ['date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['via', '1.1 a'],
  ['x-forwarded-for', '10.0.0.1'],
  ['x-forwarded-host', 'a'],
  ['x-forwarded-proto', 'https'],
  ['x-forwarded-port', '443'],
  ['x-forwarded-prefix', '/a'],
  ['x-forwarded-server', 'a'],
  ['forwarded', 'for=a'],
  ['cf-ray', '1'],
  ['cdn-loop', 'a'],
];

/** Headers that OpenAI and servers which answer from the body alone do not answer by, and others may. */
const LABELS_OF_SOME: readonly (readonly [name: string, value: string])[] = [
  ['referer', 'https://a.test'],
  ['http-referer', 'https://a.test'],
  ['x-title', 'a'],
  ['accept-language', 'de'],
  ['session-id', '1'],
  ['thread-id', '1'],
  ['x-session-affinity', '1'],
  ['x-session-id', '1'],
  ['x-codex-turn-metadata', '1'],
  ['session_id', '1'],
  ['conversation_id', '1'],
  ['agent-session-id', '1'],
  ['x-opencode-session', '1'],
  ['x-opencode-request', '1'],
  ['x-openwebui-chat-id', '1'],
  ['x-openwebui-message-id', '1'],
  ['x-claude-code-session-id', 'b4e5aaaa'],
  ['x-claude-code-agent-id', 'a'],
  ['x-claude-remote-container-id', 'c'],
];

/** Headers by which the sign-on proxies in use say who asks. */
const USERS = [
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-access-token',
  'x-forwarded-client-cert',
  'x-auth-request-user',
  'x-auth-request-email',
  'cf-access-authenticated-user-email',
  'cf-access-jwt-assertion',
  'x-amzn-oidc-identity',
  'x-amzn-oidc-data',
  'x-goog-authenticated-user-email',
  'x-goog-iap-jwt-assertion',
  'remote-user',
  'x-remote-user',
  'remote-email',
  'remote-name',
  'x-authentik-username',
  'x-authentik-jwt',
  'x-webauth-user',
  'teleport-jwt-assertion',
  'x-pomerium-jwt-assertion',
  'x-ms-client-principal',
  'x-ms-client-principal-id',
  'x-ms-token-aad-access-token',
  'tailscale-user-login',
  'tailscale-user-name',
  'x-remote-group',
  'x-remote-extra-scopes',
  'remote-groups',
  'remote-role',
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
    for (const dialect of DIALECTS) {
      expect(keyIn(dialect, ...PLAIN, name, value), dialect).toBe(keyIn(dialect, ...PLAIN));
      expect(keyIn(dialect, name.toUpperCase(), value, ...PLAIN), dialect).toBe(keyIn(dialect, ...PLAIN));
    }
  });

  test.each(LABELS_OF_SOME)('tell %s: %s before an upstream that may answer by it, and no other', (name, value) => {
    for (const dialect of DIALECTS)
      expect(keyIn(dialect, ...PLAIN, name, value) === keyIn(dialect, ...PLAIN), dialect).toBe(
        dialect !== 'compatible',
      );
  });

  test('tell the version and the betas before any upstream', () => {
    for (const dialect of DIALECTS) {
      const keys = [
        keyIn(dialect, ...PLAIN),
        keyIn(dialect, ...PLAIN, 'anthropic-version', '2023-06-01'),
        keyIn(dialect, ...PLAIN, 'anthropic-version', '2026-10-21'),
        keyIn(dialect, ...PLAIN, 'anthropic-beta', 'a'),
        keyIn(dialect, ...PLAIN, 'anthropic-beta', 'a,b'),
      ];
      expect(new Set(keys).size, dialect).toBe(keys.length);
    }
  });

  test.each(USERS)('tell who asks by %s, before any upstream', (name) => {
    for (const dialect of DIALECTS) {
      const keys = [
        keyIn(dialect, ...PLAIN),
        keyIn(dialect, ...PLAIN, name, 'alice'),
        keyIn(dialect, ...PLAIN, name, 'bob'),
      ];
      expect(new Set(keys).size, dialect).toBe(3);
    }
    const scopeOf = (user: string) => RULES.openai.callerOf(new Map([[name, [user]]])).scope;
    expect(scopeOf('alice')).not.toBe(scopeOf('bob'));
  });

  test('tell whatever the operator does not leave out', () => {
    const rules = rulesWith({ ignore: ['default', 'header:X-Trace'] });
    const key = (...headers: string[]) => keyFor({ headers, body: BODY }, rules);
    expect(key('x-trace', '1')).toBe(key());
    expect(key('x-traces', '1')).not.toBe(key());
  });

  test('are read without the case of their names, in any order of different names', () => {
    expect(keyWith('X-Foo', '1', 'Authorization', 'Bearer a', 'x-bar', '2')).toBe(
      keyWith('x-bar', '2', 'authorization', 'Bearer a', 'x-foo', '1'),
    );
  });

  test('say plain JSON in several ways', () => {
    const ways = [
      'application/json',
      'Application/JSON',
      'application/json; charset=utf-8',
      'application/json;charset="UTF-8"',
      'application/json ; charset=utf-8 ',
    ];
    expect(new Set([keyWith(), ...ways.map((way) => keyWith('content-type', way))]).size).toBe(1);
  });

  test('that nobody knows tell every value', () => {
    const value = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
    const name = fc.stringMatching(/^x-q[a-z0-9-]{0,10}$/);
    fc.assert(
      fc.property(name, value, value, (name, one, other) => {
        const keys = new Set([
          keyWith(...PLAIN),
          keyWith(...PLAIN, name, one),
          keyWith(...PLAIN, name, other),
          keyWith(...PLAIN, name, one, name, other),
        ]);
        expect(keys.size).toBe(one === other ? 3 : 4);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the target', () => {
  test('tells path, query and upstream', () => {
    const paths = [
      PATH,
      '/v1/completions',
      '/openai/deployments/a/chat/completions',
      '/openai/deployments/b/chat/completions',
      '/V1/chat/completions',
      `${PATH}?api-version=1`,
      `${PATH}?api-version=2`,
      `${PATH}?API-version=1`,
      `${PATH}?api-version=1&a=`,
      `${PATH}?api-version=1&a`,
      `${PATH}?a=1&a=2`,
      `${PATH}?a=2&a=1`,
      `${PATH}?a=1%262`,
      `${PATH}?a=1&2`,
      '/v1/%63hat/chat/completions',
      '/v1/chat/chat/completions',
    ];
    const keys = paths.map(keyAt);
    expect(new Set(keys).size).toBe(paths.length);
    const origins = [
      'https://upstream.test',
      'http://upstream.test',
      'https://upstream.test:8443',
      'https://upstream.test.evil',
      'https://other.test',
    ];
    expect(new Set(origins.map((origin) => keyFor({ body: BODY }, rulesWith({ origin })))).size).toBe(origins.length);
  });

  test('does not tell the order of different names in a query, a base path written or not, or an empty query', () => {
    expect(keyAt(`${PATH}?a=1&b=2&a=3`)).toBe(keyAt(`${PATH}?b=2&a=1&a=3`));
    expect(keyAt(`${PATH}?b&a`)).toBe(keyAt(`${PATH}?a&b`));
    expect(keyAt('/chat/completions')).toBe(keyAt(PATH));
    expect(keyAt(`/${PATH}?`)).toBe(keyAt(PATH));
  });

  test('is not cached elsewhere', () => {
    for (const path of ['/v1/models', '/v1/chat/completions/', '/v1/images/generations', '/v1/chat/completions/x'])
      expect(keyAt(path), path).toBe('route');
  });
});
