/**
 * Anthropic's messages at a proxy: which paths they are, what their key has,
 * what makes them more than their bytes, and how they are told of errors.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, resetAfter, sendJson } from '../harness/answers.ts';
import { answerWith, MESSAGES, messageAnswer, messageEvents, sendMessage } from '../harness/anthropic.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

const asked = (others: object = {}) => ({
  model: 'claude-opus-5-5',
  max_tokens: 64,
  messages: [{ role: 'user', content: 'What is the sea?' }],
  ...others,
});
const KEY = { 'x-api-key': 'sk-ant-test', 'anthropic-version': '2023-06-01' };

/** The `x-cache` of each of these requests. */
async function wordsOf(
  url: string,
  ...requests: readonly (readonly [body: object, headers?: Record<string, string>])[]
) {
  const words = [];
  for (const [body, headers] of requests)
    words.push((await ask(url, { body, headers: { ...KEY, ...headers } })).headers['x-cache']);
  return words;
}

describe('messages are', () => {
  for (const [path, upstreamPath, forwarded] of [
    ['/v1/messages', '/v1', '/v1/messages'],
    ['/messages', '/v1', '/v1/messages'],
    ['/v1/messages?beta=true', '/v1', '/v1/messages?beta=true'],
    ['/v1/messages', '', '/v1/messages'],
    ['/v1/messages', '/anthropic', '/anthropic/v1/messages'],
    ['/named/v1/messages', '/v1', '/v1/messages'],
  ] as const) {
    story(`${path} before an upstream at ${upstreamPath || '/'}`, async ({ upstream, open }) => {
      upstream.script = answerWith('text');
      const base = `${upstream.url}${upstreamPath}`;
      const proxy = await open({ upstream: base, upstreams: { named: { url: base } } });
      expect(await wordsOf(proxy.url + path, [asked()], [asked()])).toEqual(['MISS', 'HIT']);
      expect(upstream.calls.map(({ url }) => url)).toEqual([forwarded]);
    });
  }
});

describe('what ends alike is passed on:', () => {
  for (const path of [
    '/v1/threads/thread_abc/messages',
    '/threads/thread_abc/messages',
    '/v1/threads/v1/messages',
    '/v1/conversations/c/v1/messages',
    '/v1/v1/messages',
    '/v1/messages/',
    '/v1/messages/count_tokens',
    '/v1/messages/batches',
    '/v1/messages/batches/msgbatch_1/cancel',
    '/v2/messages',
  ]) {
    story(path, async ({ upstream, open }) => {
      upstream.script = (call) => sendMessage(call, messageAnswer());
      const { url } = await open();
      for (const _ of [1, 2]) {
        const { headers } = await ask(url + path, { body: asked(), headers: KEY });
        expect(headers['cache-status']).toBe('refrain; fwd=bypass; detail=route');
      }
      expect(upstream.calls).toHaveLength(2);
      expect(upstream.calls[0]?.body.toString()).toBe(JSON.stringify(asked()));
    });
  }

  story('/messages, where the upstream has no version', async ({ upstream, open }) => {
    upstream.script = (call) => sendMessage(call, messageAnswer());
    const { url } = await open({ upstream: upstream.url });
    expect(await wordsOf(`${url}/messages`, [asked()], [asked()])).toEqual(['BYPASS', 'BYPASS']);
  });

  story('and so is what other methods ask', async ({ upstream, open }) => {
    upstream.script = (call) => sendMessage(call, '{"data":[]}');
    const { url } = await open();
    for (const method of ['GET', 'DELETE', 'PUT'])
      expect((await ask(url + MESSAGES, { method, headers: KEY })).headers['x-cache'], method).toBe('BYPASS');
  });
});

const HOSTED: readonly (readonly [why: string, fields: object])[] = [
  ['conversation', { thread: { type: 'create' } }],
  ['conversation', { thread: { type: 'continue', previous_message_id: 'msg_1' } }],
  ['previous-response', { diagnostics: { previous_message_id: 'msg_1' } }],
  ['previous-response', { fallback_credit_token: 'fct_1' }],
  ['hosted-tool', { container: 'container_1' }],
  ['hosted-tool', { container: { skills: [] } }],
  ['hosted-tool', { mcp_servers: [{ type: 'url', url: 'https://x.test', name: 'x' }] }],
  ['hosted-tool', { tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] }],
  ['hosted-tool', { tools: [{ type: 'code_execution_20260521', name: 'code_execution' }] }],
  ['hosted-tool', { tools: [{ type: 'advisor_20260301', name: 'advisor' }] }],
  ['hosted-tool', { tools: [{ type: 'tool_of_tomorrow' }] }],
  ['hosted-tool', { tools: [{ type: 7 }] }],
  [
    'web-search',
    {
      tools: [
        { name: 'f', input_schema: {} },
        { type: 'web_search_20260318', name: 'web_search' },
      ],
    },
  ],
  ['web-search', { tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] }],
  ['web-search', { model: 'anthropic/claude-opus-5-5:online' }],
  ['web-search', { fallbacks: [{ model: 'anthropic/claude-opus-5-5:online' }] }],
  ['ambiguous', { Thread: { type: 'create' } }],
];

const OWN: readonly object[] = [
  { tools: [{ name: 'f', input_schema: { type: 'object' } }] },
  { tools: [{ type: 'custom', name: 'f', input_schema: { type: 'object' } }] },
  { tools: [{ type: 'bash_20250124', name: 'bash' }] },
  { tools: [{ type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' }] },
  { tools: [{ type: 'computer_20251124', name: 'computer' }] },
  { tools: [{ type: 'memory_20250818', name: 'memory' }] },
  { tools: [{ type: 'browser_toolset_20260801' }] },
  { tools: [{ type: 'tool_search_tool_regex', name: 'tool_search_tool_regex' }] },
  { thread: null, container: null, mcp_servers: [], diagnostics: { previous_message_id: null } },
  { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
  { system: [{ type: 'text', text: 'Be short.', cache_control: { type: 'ephemeral' } }] },
];

describe('a message that is more than its bytes is a bypass:', () => {
  for (const [why, fields] of HOSTED) {
    story(`${why}: ${JSON.stringify(fields)}`, async ({ upstream, open }) => {
      upstream.script = answerWith('text');
      const { url } = await open();
      for (const _ of [1, 2]) {
        const { headers } = await ask(url + MESSAGES, { body: asked(fields), headers: KEY });
        expect(headers['cache-status']).toBe(`refrain; fwd=bypass; detail=${why}`);
      }
      expect(upstream.calls).toHaveLength(2);
    });
  }

  for (const fields of OWN) {
    story(`but not one with ${JSON.stringify(fields)}`, async ({ upstream, open }) => {
      upstream.script = answerWith('text');
      const { url } = await open();
      expect(await wordsOf(url + MESSAGES, [asked(fields)], [asked(fields)])).toEqual(['MISS', 'HIT']);
    });
  }
});

describe('the key of a message', () => {
  story('has its caller, whichever header names him', async ({ upstream, open }) => {
    upstream.script = answerWith('text');
    const { url } = await open();
    const words = await wordsOf(
      url + MESSAGES,
      [asked()],
      [asked(), { 'x-api-key': 'sk-ant-other' }],
      [asked(), { 'x-api-key': '', authorization: 'Bearer sk-ant-test' }],
      [asked()],
    );
    expect(words).toEqual(['MISS', 'MISS', 'MISS', 'HIT']);
  });

  story('has no credential where its scope is shared', async ({ upstream, open }) => {
    upstream.script = answerWith('text');
    const { url } = await open({ scope: { shared: 'team', members: ['*'] } });
    expect(await wordsOf(url + MESSAGES, [asked()], [asked(), { 'x-api-key': 'sk-ant-other' }])).toEqual([
      'MISS',
      'MISS',
    ]);
    expect(await wordsOf(url + MESSAGES, [asked(), { 'x-api-key': 'sk-ant-other' }])).toEqual(['HIT']);
    expect(upstream.calls).toHaveLength(2);
  });

  story('has the version and the betas', async ({ upstream, open }) => {
    upstream.script = answerWith('text');
    const { url } = await open();
    const heads = [
      {},
      { 'anthropic-version': '2026-10-21' },
      { 'anthropic-beta': 'a' },
      { 'anthropic-beta': 'a,b' },
      { 'anthropic-workspace-id': 'wrkspc_1' },
    ];
    for (const word of ['MISS', 'HIT'])
      expect(await wordsOf(url + MESSAGES, ...heads.map((head) => [asked(), head] as const))).toEqual(
        Array(heads.length).fill(word),
      );
  });

  story('has no form, which has a name of its own', async ({ upstream, open }) => {
    upstream.script = answerWith('text');
    const { url } = await open({ forms: 'exact' });
    const keys = [];
    for (const fields of [{}, { stream: false }, { stream: true }, { stream: true, stream_options: {} }]) {
      const { headers } = await ask(url + MESSAGES, { body: asked(fields), headers: KEY });
      keys.push([headers['x-refrain-key'], headers['x-cache']]);
    }
    const [[name]] = keys as [[string]];
    expect(keys.slice(0, 3)).toEqual([
      [name, 'MISS'],
      [name, 'HIT'],
      [name, 'MISS'],
    ]);
    expect(keys[3]?.[0]).not.toBe(name);
  });

  story(
    'has metadata and a session before an upstream that nobody knows, and not before Anthropic or an engine',
    async ({ upstream, open }) => {
      upstream.script = answerWith('text');
      const one = [asked({ metadata: { user_id: 'session_1' } }), { 'x-claude-code-session-id': '1' }] as const;
      const other = [asked({ metadata: { user_id: 'session_2' } }), { 'x-claude-code-session-id': '2' }] as const;
      const unknown = await open();
      expect(await wordsOf(unknown.url + MESSAGES, one, other)).toEqual(['MISS', 'MISS']);
      const anthropic = await open({ dialect: 'anthropic' });
      expect(await wordsOf(anthropic.url + MESSAGES, one, other)).toEqual(['MISS', 'HIT']);
      const engine = await open({ dialect: 'engine' });
      expect(await wordsOf(engine.url + MESSAGES, one, other)).toEqual(['MISS', 'HIT']);
      const labelled = [asked({ user: 'a' }), {}] as const;
      expect(await wordsOf(anthropic.url + MESSAGES, labelled, [asked({ user: 'b' })])).toEqual(['MISS', 'MISS']);
    },
  );
});

describe('an answer to a message', () => {
  story('is counted with what the prefix cache read and wrote, and priced', async ({ upstream, open }) => {
    upstream.script = answerWith('thinking');
    const { url, adminUrl } = await open({ forms: 'exact' });
    for (const stream of [false, true, true]) await ask(url + MESSAGES, { body: asked({ stream }), headers: KEY });
    const { entries } = JSON.parse((await ask(`${adminUrl}/entries?endpoint=messages`)).text);
    const usage = {
      input: 3605,
      cachedInput: 2048,
      cacheWrite5m: 512,
      cacheWrite1h: 1024,
      output: 318,
      reasoning: 256,
    };
    expect(entries.map((entry: { call: object }) => entry.call)).toMatchObject([{ usage }, { usage }]);
    // 21 x 4 + 2,048 x 0.20 + 512 x 5 + 1,024 x 8 + 318 x 20 dollars per million.
    const each = 0.0176056;
    const { all } = JSON.parse((await ask(`${adminUrl}/stats`)).text).periods;
    expect(all.dollars.spent).toBeCloseTo(2 * each, 9);
    expect(all.dollars.saved).toBeCloseTo(each, 9);
  });

  story('that passes unread is counted by its beginning and its end', async ({ upstream, open }) => {
    upstream.script = answerWith('thinking');
    const { url, adminUrl } = await open();
    const headers = { ...KEY, 'cache-control': 'no-store' };
    await ask(url + MESSAGES, { body: asked({ stream: true }), headers });
    const { all } = JSON.parse((await ask(`${adminUrl}/stats`)).text).periods;
    expect(all.tokens.spent).toEqual({ input: 3605, cachedInput: 2048, output: 318, reasoning: 256 });
  });

  story('does not pass on whose it was', async ({ upstream, open }) => {
    upstream.script = answerWith('text');
    const { url } = await open();
    await ask(url + MESSAGES, { body: asked(), headers: KEY });
    const { headers } = await ask(url + MESSAGES, { body: asked(), headers: KEY });
    expect(headers).toMatchObject({ 'x-cache': 'HIT', 'request-id': 'req_018EeWyXxfu5pfWkrYcMdjWG' });
    expect(Object.keys(headers).filter((name) => name.startsWith('anthropic-'))).toEqual([]);
  });
});

describe('an error of ours', () => {
  const NOTHING = { 'cache-control': 'only-if-cached' };
  const envelope = (type: string, code: string) => ({
    type: 'error',
    error: { type, message: expect.any(String), details: { error_code: code } },
  });

  story("is written as Anthropic's clients read it, on their path alone", async ({ upstream, open }) => {
    const { url } = await open({ upstream: `${upstream.url}/v1`, upstreams: { named: { url: `${upstream.url}/v1` } } });
    for (const path of [MESSAGES, '/messages', '/named/v1/messages']) {
      const { status, text } = await ask(url + path, { body: asked(), headers: { ...KEY, ...NOTHING } });
      expect([status, JSON.parse(text)], path).toEqual([504, envelope('timeout_error', 'not_cached')]);
    }
    for (const path of [CHAT, '/v1/threads/t/messages', '/v1/messages/batches']) {
      const { text } = await ask(url + path, { body: asked(), headers: { ...KEY, ...NOTHING } });
      expect(JSON.parse(text).error, path).toMatchObject({ type: 'refrain_error', code: 'not_cached' });
    }
  });

  story('is so too where its request was refused before it was read', async ({ open }) => {
    const { url } = await open();
    const headers = { ...KEY, 'x-refrain-ttl': 'soon' };
    const refused = await ask(`${url}${MESSAGES}?beta=true`, { body: asked(), headers });
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      400,
      envelope('invalid_request_error', 'invalid_header'),
    ]);
    const chat = await ask(url + CHAT, { body: asked(), headers });
    expect(JSON.parse(chat.text).error.type).toBe('refrain_error');
  });

  story('is so too within a stream', async ({ upstream, open }) => {
    const { url } = await open();
    upstream.script = resetAfter(messageEvents('text').slice(0, 4).join(''));
    const answer = await ask(url + MESSAGES, { body: asked({ stream: true }), headers: KEY });
    expect(answer.broken).toBe(true);
    const [, event = ''] = answer.text.split(messageEvents('text').slice(0, 4).join(''));
    expect(event).toMatch(/^event: error\ndata: .*\n\n$/);
    expect(JSON.parse(event.slice('event: error\ndata: '.length))).toEqual(envelope('api_error', 'upstream_cut'));
  });

  story('does not hide one of the upstream', async ({ upstream, open }) => {
    const { url } = await open();
    const body = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
    upstream.script = (call) => sendMessage(call, body, 529);
    const answer = await ask(url + MESSAGES, { body: asked(), headers: KEY });
    expect([answer.status, answer.text]).toEqual([529, body]);
    upstream.script = (call) => sendJson(call, chatAnswer());
    expect(await wordsOf(url + MESSAGES, [asked()], [asked()])).toEqual(['MISS', 'MISS']);
  });
});
