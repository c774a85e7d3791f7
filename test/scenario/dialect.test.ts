/**
 * In front of which upstream a request may be answered by another's answer.
 */
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { DIALECTS } from '../../src/dialect.ts';
import { CHAT, chatAnswer, chatEvents, chatRequest, endAfter, responseAnswer, sendJson } from '../harness/answers.ts';
import { USER_HEADERS } from '../../src/request/caller.ts';
import { answerWith, MESSAGES } from '../harness/anthropic.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Call, ScriptedUpstream } from '../harness/upstream.ts';

type Headers = Record<string, string>;
type Variation = readonly [what: string, one: readonly [object, Headers], other: readonly [object, Headers]];

const KEY = { authorization: 'Bearer sk-gateway' };

/** Requests that a gateway may answer differently, and OpenAI does not. */
const LABELS: readonly Variation[] = [
  ['user', [{ user: 'alice' }, {}], [{ user: 'bob' }, {}]],
  ['metadata.tags', [{ metadata: { tags: ['a'] } }, {}], [{ metadata: { tags: ['b'] } }, {}]],
  ['safety_identifier', [{ safety_identifier: 'a' }, {}], [{ safety_identifier: 'b' }, {}]],
  ['prompt_cache_key', [{ prompt_cache_key: 'a' }, {}], [{ prompt_cache_key: 'b' }, {}]],
  ['a session header', [{}, { 'session-id': 'a' }], [{}, { 'session-id': 'b' }]],
  ['a thread header', [{}, { 'thread-id': 'a' }], [{}, { 'thread-id': 'b' }]],
  ['a conversation of opencode', [{}, { 'x-session-affinity': 'a' }], [{}, { 'x-session-affinity': 'b' }]],
  ['a window of Codex', [{}, { 'x-codex-window-id': 'a' }], [{}, { 'x-codex-window-id': 'b' }]],
  ['the referer', [{}, { referer: 'https://a.test' }], [{}, { referer: 'https://b.test' }]],
  ['the title', [{}, { 'x-title': 'a' }], [{}, { 'x-title': 'b' }]],
];

/** Requests behind a sign-on proxy that shows a credential of its own. */
const USERS: readonly Variation[] = [
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Access-Token',
  'sec-user-token',
  'X-Auth-Request-User',
  'Remote-User',
  'Tailscale-User-Login',
  'X-Session-Token',
].map((name) => [name, [{}, { [name]: 'alice' }], [{}, { [name]: 'bob' }]]);

/** Answers each body and head with an answer of its own. */
const personal = (call: Call) => sendJson(call, chatAnswer(JSON.stringify([call.body.toString(), call.rawHeaders])));

async function wordsOf(proxy: Proxy, upstream: ScriptedUpstream, [, one, other]: Variation): Promise<unknown[]> {
  upstream.script = personal;
  const words = [];
  for (const [fields, headers] of [one, other, one, other])
    words.push(
      (await ask(proxy.url + CHAT, { body: chatRequest('x', fields), headers: { ...KEY, ...headers } })).headers[
        'x-cache'
      ],
    );
  return words;
}

describe('an upstream that nobody knows', () => {
  for (const variation of [...LABELS, ...USERS]) {
    story(`may answer by ${variation[0]}`, async ({ upstream, open }) => {
      expect(await wordsOf(await open(), upstream, variation)).toEqual(['MISS', 'MISS', 'HIT', 'HIT']);
    });
  }

  story('may route by what clients say of themselves, where the operator says so', async ({ upstream, open }) => {
    const agents: Variation = ['user-agent', [{}, { 'user-agent': 'a' }], [{}, { 'user-agent': 'b' }]];
    expect(await wordsOf(await open(), upstream, agents)).toEqual(['MISS', 'HIT', 'HIT', 'HIT']);
    expect(await wordsOf(await open({ key: { include: ['header:user-agent'] } }), upstream, agents)).toEqual([
      'MISS',
      'MISS',
      'HIT',
      'HIT',
    ]);
  });
});

for (const dialect of ['openai', 'engine'] as const) {
  describe(`an upstream of the ${dialect} dialect`, () => {
    for (const variation of LABELS) {
      story(`does not answer by ${variation[0]}`, async ({ upstream, open }) => {
        expect(await wordsOf(await open({ dialect }), upstream, variation)).toEqual(['MISS', 'HIT', 'HIT', 'HIT']);
      });
    }

    for (const variation of USERS) {
      story(`is asked by each user of ${variation[0]}`, async ({ upstream, open }) => {
        expect(await wordsOf(await open({ dialect }), upstream, variation)).toEqual(['MISS', 'MISS', 'HIT', 'HIT']);
      });
    }
  });
}

/** Headers that name a user at a sign-on proxy, or are signed for him. */
const SIGNED = [
  'X-Forwarded-Groups',
  'X-Forwarded-Preferred-Username',
  'X-Forwarded-Client-Cert',
  'X-Auth-Request-Access-Token',
  'X-Remote-User',
  'Cf-Access-Jwt-Assertion',
  'Cf-Access-Authenticated-User-Email',
  'X-Amzn-Oidc-Data',
  'X-Amzn-Oidc-Identity',
  'X-Goog-Authenticated-User-Email',
  'X-Goog-Iap-Jwt-Assertion',
  'X-Pomerium-Jwt-Assertion',
  'X-Pomerium-Claim-Email',
  'X-Ms-Client-Principal',
  'X-Ms-Client-Principal-Id',
  'X-Ms-Token-Aad-Access-Token',
  'X-Authentik-Username',
  'X-Webauth-User',
  'X-Remote-Group',
  'X-Remote-Extra-Scopes',
  'Remote-Role',
];
/** Headers that resemble a family that is left out, and may say who asks. */
const LIKE_LABELS = [
  'x-forwarded-tenant',
  'sec-token',
  'x-b3-user',
  'x-stainless-account',
  'x-datadog-org',
  'x-codex-account-id',
  'x-session-user',
  'x-session-member',
  'x-datadog-uid',
  'x-claude-code-login',
];
const CALL = [
  'x-request-id',
  'x-client-request-id',
  'x-correlation-id',
  'idempotency-key',
  'x-irid',
  'traceparent',
  'tracestate',
  'baggage',
  'uber-trace-id',
  'x-b3-traceid',
  'sec-fetch-mode',
  'sec-ch-ua',
  'sec-gpc',
  'dnt',
  'priority',
  'user-agent',
  'x-stainless-lang',
  'x-promptfoo-version',
  'accept',
];
const HOP = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-server',
  'via',
  'te',
  'accept-encoding',
];

/** The words for each of these headers with one value, another, and the first again. */
async function wordsFor(
  proxy: Proxy,
  upstream: ScriptedUpstream,
  names: readonly string[],
): Promise<Record<string, string>> {
  upstream.script = personal;
  const words: Record<string, string> = {};
  for (const name of names) {
    const said = [];
    for (const value of ['a', 'b', 'a']) {
      const { headers } = await ask(proxy.url + CHAT, { body: chatRequest(name), headers: { ...KEY, [name]: value } });
      said.push(headers['x-cache']);
    }
    words[name] = said.join();
  }
  return words;
}

const each = (names: readonly string[], words: string) => Object.fromEntries(names.map((name) => [name, words]));

for (const dialect of DIALECTS) {
  describe(`in front of an upstream of the ${dialect} dialect`, () => {
    story(
      'every user of a sign-on proxy asks for himself, and so does whatever may be one',
      async ({ upstream, open }) => {
        const names = [...SIGNED, ...LIKE_LABELS];
        expect(await wordsFor(await open({ dialect }), upstream, names)).toEqual(each(names, 'MISS,MISS,HIT'));
      },
    );

    story('labels of one call, what software says of itself and hops say nothing', async ({ upstream, open }) => {
      const names = [...CALL, ...HOP];
      expect(await wordsFor(await open({ dialect }), upstream, names)).toEqual(each(names, 'MISS,HIT,HIT'));
    });

    story('hops and framing alone say nothing with key.ignore=none', async ({ upstream, open }) => {
      const proxy = await open({ dialect, key: { ignore: [] } });
      const words = { ...each(CALL, 'MISS,MISS,HIT'), ...each(HOP, 'MISS,HIT,HIT') };
      expect(await wordsFor(proxy, upstream, [...CALL, ...HOP])).toEqual(words);
    });
  });
}

story('each of several upstreams has a dialect of its own', async ({ upstream, open }) => {
  const proxy = await open({ upstreams: { engine: { url: `${upstream.url}/v1`, dialect: 'engine' } } });
  const words = [];
  for (const path of [CHAT, '/engine/v1/chat/completions']) {
    for (const user of ['alice', 'bob'])
      words.push((await ask(proxy.url + path, { body: chatRequest('x', { user }) })).headers['x-cache']);
  }
  expect(words).toEqual(['MISS', 'MISS', 'MISS', 'HIT']);
});

story(
  'whether a stream owes its [DONE] is said by its dialect, and by what is set nearest',
  async ({ upstream, open }) => {
    upstream.script = endAfter(chatEvents().slice(0, -1).join(''));
    const at = (name: string) => `${upstream.url}/${name}`;
    const upstreams = {
      plain: { url: at('plain') },
      owing: { url: at('owing'), dialect: 'openai' },
      lax: { url: at('lax'), dialect: 'openai', doneMarker: 'optional' },
      strict: { url: at('strict'), doneMarker: 'required' },
    } as const;
    const [byDialect, required, optional] = [
      await open({ upstreams }),
      await open({ upstreams, doneMarker: 'required' }),
      await open({ upstreams, doneMarker: 'optional' }),
    ];
    const keptBy = async (proxy: Proxy) => {
      const kept: string[] = [];
      for (const name of Object.keys(upstreams)) {
        const asking = { body: chatRequest('x', { stream: true }) };
        const words = [];
        for (let time = 0; time < 2; time++)
          words.push((await ask(`${proxy.url}/${name}${CHAT}`, asking)).headers['x-cache']);
        if (words[1] === 'HIT') kept.push(name);
      }
      return kept;
    };
    expect(await keptBy(byDialect)).toEqual(['plain', 'lax']);
    expect(await keptBy(required)).toEqual(['lax']);
    expect(await keptBy(optional)).toEqual(['plain', 'owing', 'lax']);
  },
);

describe('what is left out for one dialect', () => {
  const answerOf = async (url: string, fields: object) => {
    const { text, headers } = await ask(url, { body: chatRequest('x', fields), headers: KEY });
    return [headers['x-cache'], JSON.parse(text).choices[0].message.content];
  };
  const byUser = (call: Call) => sendJson(call, chatAnswer(`for ${JSON.parse(call.body.toString()).user}`));

  story(
    'is no answer for another that has none of it, at another name of the same server',
    async ({ upstream, open }) => {
      upstream.script = byUser;
      const proxy = await open({ upstreams: { engine: { url: `${upstream.url}/v1`, dialect: 'engine' } } });
      expect(await answerOf(`${proxy.url}/engine${CHAT}`, { user: 'alice' })).toEqual(['MISS', 'for alice']);
      expect(await answerOf(proxy.url + CHAT, {})).toEqual(['MISS', 'for undefined']);
      expect(await answerOf(`${proxy.url}/engine${CHAT}`, {})).toEqual(['HIT', 'for alice']);
    },
  );

  story('is none either once another dialect is set over the same file', async ({ upstream, open, folder }) => {
    upstream.script = byUser;
    const store = { path: join(folder, 'cache.sqlite') };
    const before = await open({ store, dialect: 'engine' });
    expect(await answerOf(before.url + CHAT, { user: 'alice' })).toEqual(['MISS', 'for alice']);
    await before.stop();
    const after = await open({ store });
    expect(await answerOf(after.url + CHAT, {})).toEqual(['MISS', 'for undefined']);
  });
});

story('headers of the scope are as the operator says', async ({ upstream, open }) => {
  const tenants: Variation = ['x-tenant', [{}, { 'x-tenant': 'a' }], [{}, { 'x-tenant': 'b' }]];
  const proxy = await open({ scope: { headers: ['x-tenant'] } });
  expect(await wordsOf(proxy, upstream, tenants)).toEqual(['MISS', 'MISS', 'HIT', 'HIT']);
  const rows = JSON.parse((await ask(`${proxy.adminUrl}/entries`)).text).entries as { scope: string }[];
  expect(new Set(rows.map(({ scope }) => scope)).size).toBe(2);
});

for (const [where, scope] of [
  ['as they are by themselves', {}],
  ['where the operator leaves them out of the scope', { headers: ['x-team-ref'] }],
] as const)
  story(
    `no value of headers that name a person or a session, or are a credential, is kept as it is, ${where}`,
    async ({ upstream, open }) => {
      upstream.script = (call) => sendJson(call, chatAnswer());
      const proxy = await open({ scope });
      const names = [
        ...USER_HEADERS.map((name) => name.replace('*', 'data')),
        'x-amzn-oidc-accesstoken',
        'oidc_claim_sub',
        'x-portkey-metadata',
        'x-litellm-spend-logs-metadata',
        'x-litellm-end-user-id',
        'x-session-login',
        'x-forwarded-user',
        'x-forwarded-access-token',
        'sec-user-token',
        'session-id',
        'thread-id',
        'x-session-affinity',
        'x-tenant-id',
        'cookie',
        'x-goog-api-key',
        'x-codex-turn-metadata',
        'x-codex-window-id',
        'x-openwebui-chat-id',
        'x-sessionid',
      ];
      const headers = Object.fromEntries(names.map((name) => [name, `canary-${name}`]));
      await ask(proxy.url + CHAT, { body: chatRequest('kept'), headers });
      expect((await ask(proxy.url + CHAT, { body: chatRequest('kept'), headers })).headers['x-cache']).toBe('HIT');
      const { entries } = JSON.parse((await ask(`${proxy.adminUrl}/entries`)).text);
      const entry = (await ask(`${proxy.adminUrl}/entries/${entries[0].key}`)).text;
      expect(entry).toContain('kept');
      expect(entry).not.toContain('canary');
      expect(JSON.stringify(proxy.lines)).not.toContain('canary');
      const explained = { a: { path: CHAT, headers: {}, body: chatRequest('kept') }, key: entries[0].key };
      expect((await ask(`${proxy.adminUrl}/explain`, { body: explained })).text).not.toContain('canary');
    },
  );

describe('a difference that another dialect leaves out', () => {
  story('is explained as one', async ({ open }) => {
    const request = (body: object, headers: Headers = {}) => ({ path: CHAT, headers, body });
    const a = request(chatRequest('x', { user: 'a', trace: 1 }), { 'session-id': '1' });
    const b = request(chatRequest('x', { user: 'b', trace: 2 }), { 'session-id': '2' });
    const differences = async (proxy: Proxy) => {
      const { text } = await ask(`${proxy.adminUrl}/explain`, { body: { a, b } });
      return Object.fromEntries(
        JSON.parse(text).differences.map(({ pointer, hint }: { pointer: string; hint: string }) => [pointer, hint]),
      );
    };
    expect(await differences(await open())).toEqual({
      '/headers/session-id': expect.stringContaining('dialect=engine'),
      '/body/user': expect.stringContaining('dialect=engine'),
      '/body/trace': expect.stringContaining('key.ignore=default,/trace '),
    });
    expect(await differences(await open({ dialect: 'engine' }))).toEqual({
      '/body/trace': expect.stringContaining('key.ignore=default,/trace '),
    });
  });

  const whyOf = async (proxy: Proxy, fields: object, headers: Headers = {}) => {
    const asked = { body: chatRequest('x', fields), headers: { ...KEY, 'x-refrain-debug': '1', ...headers } };
    return String((await ask(proxy.url + CHAT, asked)).headers['x-refrain-why']);
  };
  const ADVICE = '; differences=1; dialect=engine would leave it out';

  for (const [what, one, other] of LABELS) {
    // Where what was asked is not kept, the names of headers are known all the same.
    const isHeader = Object.keys(one[1]).length > 0;
    for (const prompts of isHeader ? [true, false] : [true]) {
      story(`is told in x-refrain-why: ${what}${prompts ? '' : ', of which nothing is kept'}`, async ({ open }) => {
        const proxy = await open({ store: { prompts } });
        await whyOf(proxy, ...one);
        expect(await whyOf(proxy, ...other)).toMatch(new RegExp(`${ADVICE}$`));
      });
    }
  }

  for (const [what, one, other, overrides] of [
    ['the question', { seed: 1 }, { seed: 2 }, {}],
    ['another field', { trace: 1 }, { trace: 2 }, {}],
    ['the form', {}, { stream: true }, { forms: 'exact' }],
    ['what the operator has in the key anywhere', { user: 'a' }, { user: 'b' }, { key: { include: ['/user'] } }],
    ['what nothing leaves out', { user: 'a' }, { user: 'b' }, { key: { ignore: [] } }],
  ] as const) {
    story(`is not ${what}`, async ({ open }) => {
      const proxy = await open(overrides);
      await whyOf(proxy, one);
      expect(await whyOf(proxy, other)).toMatch(/^nearest=[0-9a-f]{16}; at="[^"]+"; differences=1$/);
      const request = (fields: object) => ({ path: CHAT, headers: {}, body: chatRequest('x', fields) });
      const { text } = await ask(`${proxy.adminUrl}/explain`, { body: { a: request(one), b: request(other) } });
      expect(text).not.toContain('dialect=engine');
    });
  }

  story('is told of a session of Claude Code', async ({ open, upstream }) => {
    const proxy = await open();
    upstream.script = answerWith('text');
    const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] };
    const asking = (session: string) => ({ path: MESSAGES, headers: { 'x-claude-code-session-id': session }, body });
    const askIn = async (session: string) => {
      const headers = { ...asking(session).headers, 'x-refrain-debug': '1' };
      return String((await ask(proxy.url + MESSAGES, { body, headers })).headers['x-refrain-why']);
    };
    await askIn('one');
    expect(await askIn('two')).toMatch(/; differences=1; dialect=engine would leave it out$/);
    const { text } = await ask(`${proxy.adminUrl}/explain`, { body: { a: asking('one'), b: asking('two') } });
    expect(JSON.parse(text).differences[0].hint).toMatch(/dialect=engine leaves it out of the key$/);
  });

  story('is told of the id of an item that the client wrote, and of no other', async ({ open, upstream }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, responseAnswer());
    const whyOf = async (item: object) => {
      const asking = { body: { model: 'm', input: [item] }, headers: { 'x-refrain-debug': '1' } };
      return String((await ask(`${proxy.url}/v1/responses`, asking)).headers['x-refrain-why']);
    };
    const request = (item: object) => ({ path: '/v1/responses', headers: {}, body: { model: 'm', input: [item] } });
    for (const [item, isLabel] of [
      [{ role: 'user', content: 'x' }, true],
      [{ type: 'function_call_output', call_id: 'c', output: 'x' }, true],
      [{ role: 'assistant', content: 'x' }, false],
      [{ type: 'reasoning', summary: [] }, false],
    ] as const) {
      const [a, b] = [
        { ...item, id: '1' },
        { ...item, id: '2' },
      ];
      await whyOf(a);
      expect((await whyOf(b)).endsWith('; dialect=engine would leave it out'), JSON.stringify(item)).toBe(isLabel);
      const { text } = await ask(`${proxy.adminUrl}/explain`, { body: { a: request(a), b: request(b) } });
      expect(text.includes('dialect=engine'), JSON.stringify(item)).toBe(isLabel);
    }
  });

  story('is not told in front of a server that leaves it out', async ({ open }) => {
    const proxy = await open({ dialect: 'engine', key: { include: ['/user'] } });
    await whyOf(proxy, { user: 'a' });
    expect(await whyOf(proxy, { user: 'b' })).toMatch(/; at="\/body\/user"; differences=1$/);
  });
});
