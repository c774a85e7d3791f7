import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { story } from '../harness/story.ts';

const request = (body: unknown, headers: object = {}) => ({ path: CHAT, headers, body });
const explain = async (adminUrl: string, body: object | string, headers: Record<string, string> = {}) => {
  const { status, text } = await ask(`${adminUrl}/explain`, {
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status, ...JSON.parse(text) };
};

describe('POST /explain', () => {
  story('says which digits name two requests, of what they are made and where they differ', async ({ open }) => {
    const proxy = await open();
    const a = request(chatRequest('x', { temperature: 0, trace: { id: 1 } }), { 'x-lab': '1' });
    const b = request(chatRequest('x', { temperature: 1, trace: { id: 2 } }), { 'x-lab': '2' });
    const explanation = await explain(proxy.adminUrl, { a, b });
    expect(explanation).toMatchObject({ status: 200, same: false, first: '/headers/x-lab' });
    expect(explanation.differences).toEqual([
      { pointer: '/headers/x-lab', a: '1', b: '2', hint: expect.stringContaining('key.ignore=default,header:x-lab ') },
      { pointer: '/body/trace/id', a: '1', b: '2', hint: expect.stringContaining('key.ignore=default,/trace/id ') },
      { pointer: '/body/temperature', a: '0', b: '1' },
    ]);
    expect(explanation.a.parts).toMatchObject({ path: '/v1/chat/completions', method: 'POST', 'header:x-lab': '1' });
    const answer = await ask(proxy.url + CHAT, { body: a.body as object, headers: { 'x-lab': '1' } });
    expect(explanation.a.key).toBe(answer.headers['x-refrain-key']);
  });

  story(
    'never advises to leave out what may say who asks, which conversation it is, or what is asked',
    async ({ open }) => {
      const { adminUrl } = await open();
      const names = [
        'x-user-id',
        'x-tenant',
        'x-org',
        'x-account',
        'x-team',
        'x-auth-token',
        'cookie',
        'x-conversation',
        'x-model',
        'origin',
      ];
      const of = (value: string) =>
        request(
          chatRequest('x', { user_id: value, trace: { thread_id: value } }),
          Object.fromEntries(names.map((name) => [name, value])),
        );
      const { differences } = await explain(adminUrl, { a: of('1'), b: of('2') });
      expect(differences.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(
        [...names.map((name) => `/headers/${name}`), '/body/user_id', '/body/trace/thread_id'].sort(),
      );
      expect(JSON.stringify(differences)).not.toContain('key.ignore');
    },
  );

  story('reads a body by its source', async ({ open }) => {
    const { adminUrl } = await open({ dialect: 'openai' });
    const text = (a: string, b: string) => `{"a":{"path":"${CHAT}","body":${a}},"b":{"path":"${CHAT}","body":${b}}}`;
    expect(
      await explain(adminUrl, text('{"model":"m","seed":9007199254740992}', '{"model":"m","seed":9007199254740993}')),
    ).toMatchObject({ first: '/body/seed' });
    expect(await explain(adminUrl, text('{"model":"m","user":"u"}', ' { "model" : "\\u006d" }'))).toMatchObject({
      same: true,
      first: null,
    });
    expect(await explain(adminUrl, text('{"model":"m"}', '"{\\"model\\":\\"m\\"}"'))).toMatchObject({ same: true });
    expect(await explain(adminUrl, text('{"model":"m"}', '{"model":"m","stream":true}'))).toMatchObject({
      same: false,
      first: '/body/stream',
    });
    expect(await explain(adminUrl, text('{"model":"m"}', '{"model":"m","store":true}'))).toMatchObject({
      same: false,
      b: { key: null, why: 'store' },
    });
  });

  for (const [where, store] of [
    ['memory', { path: null }],
    ['the file', undefined],
  ] as const) {
    story(`compares with what is kept in ${where}, as its owner would ask`, async ({ open, folder }) => {
      const proxy = await open({ store: store ?? { path: join(folder, 'cache.sqlite') } });
      const headers = { authorization: 'Bearer sk-1' };
      const {
        headers: { 'x-refrain-key': key },
      } = await ask(proxy.url + CHAT, { body: chatRequest('x'), headers });
      expect(await explain(proxy.adminUrl, { a: request(chatRequest('x')), key })).toMatchObject({
        same: true,
        b: { key },
      });
      expect(await explain(proxy.adminUrl, { a: request(chatRequest('y')), key })).toMatchObject({
        first: '/body/messages/0/content',
      });
      expect(
        await explain(proxy.adminUrl, { a: request(chatRequest('x'), { authorization: 'Bearer sk-2' }), key }),
      ).toMatchObject({ first: '/scope' });
      expect((await ask(proxy.url + CHAT, { body: chatRequest('x'), headers })).headers['x-cache']).toBe('HIT');
    });
  }

  story('does not have what is not to be kept', async ({ open }) => {
    const proxy = await open({ store: { prompts: false } });
    const {
      headers: { 'x-refrain-key': key },
    } = await ask(proxy.url + CHAT, { body: chatRequest('x') });
    const { status, error } = await explain(proxy.adminUrl, { a: request(chatRequest('x')), key });
    expect([status, error.message]).toEqual([400, expect.stringContaining('store.prompts')]);
  });

  for (const [what, body, headers = {}] of [
    ['no JSON', '{"a":'],
    ['no requests', '{}'],
    ['a list', '[]'],
    ['one request', { a: request({}) }],
    ['a request without a body', { a: { path: CHAT }, b: request({}) }],
    ['a request with a member too many', { a: { ...request({}), bodie: 1 }, b: request({}) }],
    ['a path without a slash', { a: { path: 'v1', body: {} }, b: request({}) }],
    ['a malformed key', { a: request({}), key: 'zz' }],
    ['a key of nothing', { a: request({}), key: '0123456789abcdef' }],
  ] as const) {
    story(`refuses ${what}, and says so`, async ({ open }) => {
      const proxy = await open();
      expect(await explain(proxy.adminUrl, body, headers)).toMatchObject({
        status: 400,
        error: { code: 'invalid_body' },
      });
    });
  }
});

describe('x-refrain-why', () => {
  const why = async (url: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await ask(url + CHAT, {
      body,
      headers: { authorization: 'Bearer sk-1', 'x-refrain-debug': '1', ...headers },
    });
    return answer.headers['x-refrain-why'];
  };

  story('names the nearest stored request of a miss, and where it differs', async ({ open, upstream }) => {
    const proxy = await open({ forms: 'exact' });
    expect(await why(proxy.url, chatRequest('a'))).toBe('nothing to compare is kept of this endpoint, model and scope');
    const {
      headers: { 'x-refrain-key': key },
    } = await ask(proxy.url + CHAT, { body: chatRequest('a'), headers: { authorization: 'Bearer sk-1' } });
    expect(await why(proxy.url, chatRequest('b'))).toBe(`nearest=${key}; at="/body/messages/0/content"; differences=1`);
    expect(await why(proxy.url, chatRequest('a', { 'é"': 1 }))).toBe(
      `nearest=${key}; at="/body/%C3%A9%22"; differences=1`,
    );
    expect(await why(proxy.url, chatRequest('a', { stream: true }))).toBe(
      `nearest=${key}; at="/body/stream"; differences=1`,
    );
    expect(await why(proxy.url, chatRequest('a'))).toBeUndefined();
    expect(await why(proxy.url, chatRequest('c'), { 'x-refrain-debug': '0' })).toBeUndefined();
    expect(upstream.calls.every(({ headers }) => headers['x-refrain-debug'] === undefined)).toBe(true);
  });

  story('says of a label which dialect leaves it out', async ({ open }) => {
    const proxy = await open();
    await why(proxy.url, chatRequest('a'));
    expect(await why(proxy.url, chatRequest('a', { user: 'bob' }))).toMatch(
      /; at="\/body\/user"; differences=1; dialect=engine would leave it out$/,
    );
    expect(await why(proxy.url, chatRequest('a'), { 'x-title': 'b' })).toMatch(
      /; at="\/headers\/x-title"; differences=1; dialect=engine would leave it out$/,
    );
    const engine = await open({ dialect: 'engine', key: { include: ['/user'] } });
    await why(engine.url, chatRequest('a'));
    expect(await why(engine.url, chatRequest('a', { user: 'bob' }))).toMatch(/; at="\/body\/user"; differences=1$/);
  });

  story('never tells of another model, endpoint or scope', async ({ open }) => {
    const proxy = await open();
    await ask(proxy.url + CHAT, { body: chatRequest('a'), headers: { authorization: 'Bearer sk-2' } });
    await ask(proxy.url + CHAT, {
      body: chatRequest('a', { model: 'other' }),
      headers: { authorization: 'Bearer sk-1' },
    });
    await ask(`${proxy.url}/v1/completions`, {
      body: { model: 'gpt-test', prompt: 'a' },
      headers: { authorization: 'Bearer sk-1' },
    });
    expect(await why(proxy.url, chatRequest('b'))).toMatch(/^nothing/);
  });

  story('says that an entry is too old, or not read', async ({ open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    await why(proxy.url, chatRequest('a'));
    clock.advance(10_000);
    expect(await why(proxy.url, chatRequest('a'), { 'cache-control': 'max-age=5' })).toBe(
      'kept, but expired or older than max-age',
    );
    expect(await why(proxy.url, chatRequest('a'), { 'cache-control': 'no-cache' })).toBe('no-cache');
  });

  story('is refused where it is malformed', async ({ open }) => {
    const proxy = await open();
    const { status, text } = await ask(proxy.url + CHAT, {
      body: chatRequest(),
      headers: { 'x-refrain-debug': 'yes' },
    });
    expect([status, JSON.parse(text).error.param]).toEqual([400, 'x-refrain-debug']);
  });
});
