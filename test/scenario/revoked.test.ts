import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished } from 'vitest';
import { GATEWAY_CREDENTIALS } from '../../src/request/caller.ts';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { story } from '../harness/story.ts';
import { startUpstream } from '../harness/upstream.ts';

const as = (key: string, content = 'a') => ({
  body: chatRequest(content),
  headers: { authorization: `Bearer ${key}` },
});

describe('a credential that the upstream refuses', () => {
  for (const status of [401, 403]) {
    story(`with ${status} gets no more hits until it is accepted again`, async ({ upstream, open }) => {
      const proxy = await open();
      const wordOf = async (key: string, content?: string) =>
        (await ask(proxy.url + CHAT, as(key, content))).headers['x-cache'];
      expect([await wordOf('sk-1'), await wordOf('sk-1'), await wordOf('sk-2')]).toEqual(['MISS', 'HIT', 'MISS']);

      upstream.script = (call) =>
        sendJson(call, errorAnswer('revoked'), call.headers.authorization === 'Bearer sk-1' ? status : 200);
      expect((await ask(proxy.url + CHAT, as('sk-1', 'b'))).status).toBe(status);
      const refused = await ask(proxy.url + CHAT, as('sk-1'));
      expect([refused.status, refused.headers['x-cache']]).toEqual([status, 'MISS']);
      expect(await wordOf('sk-2')).toBe('HIT');

      upstream.script = (call) => sendJson(call, chatAnswer());
      expect([await wordOf('sk-1'), await wordOf('sk-1')]).toEqual(['MISS', 'HIT']);
    });
  }

  story(
    "is refused by any of the upstream's paths, and accepted by those alone that are cached",
    async ({ upstream, open }) => {
      const proxy = await open();
      const headers = { authorization: 'Bearer sk-1' };
      const offered = async () =>
        (await ask(proxy.url + CHAT, { ...as('sk-1'), headers: { ...headers, 'cache-control': 'only-if-cached' } }))
          .status;
      await ask(proxy.url + CHAT, as('sk-1'));
      upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
      await ask(`${proxy.url}/v1/models`, { headers });
      expect(await offered()).toBe(504);
      // A list of models may be for everybody.
      upstream.script = (call) => sendJson(call, '{}');
      for (const path of ['/v1/models', '/v1/chat/completions', '/health'])
        expect((await ask(proxy.url + path, { method: 'GET', headers })).status).toBe(200);
      expect(await offered()).toBe(504);
      // Kept or not.
      await ask(proxy.url + CHAT, { ...as('sk-1', 'other'), headers: { ...headers, 'cache-control': 'no-store' } });
      expect(await offered()).toBe(200);
    },
  );

  story('is found refused although what is public goes on answering it', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: 86_400 }, clock);
    await ask(proxy.url + CHAT, as('sk-1'));
    clock.advance(3_600_000);
    upstream.script = (call) =>
      call.url === '/v1/models' ? sendJson(call, '{}') : sendJson(call, errorAnswer('revoked'), 401);
    expect((await ask(`${proxy.url}/v1/models`, { headers: { authorization: 'Bearer sk-1' } })).status).toBe(200);
    expect((await ask(proxy.url + CHAT, as('sk-1'))).status).toBe(401);
  });

  story("does not follow another's answer in a shared scope either", async ({ upstream, open }) => {
    const proxy = await open({ scope: { shared: 'team', members: ['*'] } });
    upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
    await ask(proxy.url + CHAT, as('sk-1', 'other'));
    upstream.script = () => {};
    const good = ask(proxy.url + CHAT, as('sk-2'));
    const call = await upstream.called(2);
    const bad = ask(proxy.url + CHAT, as('sk-1'));
    const second = await upstream.called(3);
    sendJson(second, errorAnswer('revoked'), 401);
    sendJson(call, chatAnswer());
    expect([(await good).status, (await bad).status]).toEqual([200, 401]);
  });

  story('is known as refused to that upstream alone', async ({ upstream, open }) => {
    const other = await startUpstream((call) => sendJson(call, chatAnswer()));
    onTestFinished(() => other.stop());
    const proxy = await open({ upstreams: { other: { url: `${other.url}/v1` } } });
    const wordOf = async (path: string, content?: string) =>
      (await ask(proxy.url + path, as('sk-1', content))).headers['x-cache'];
    for (const path of [CHAT, `/other${CHAT}`]) await wordOf(path);
    upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
    expect(await wordOf(CHAT, 'b')).toBe('MISS');
    expect([await wordOf(CHAT), await wordOf(`/other${CHAT}`)]).toEqual(['MISS', 'HIT']);
    await wordOf(`/other${CHAT}`, 'b');
    expect(await wordOf(CHAT)).toBe('MISS');
  });

  story('may be none: callers without one have no more hits either', async ({ upstream, open }) => {
    const proxy = await open();
    const wordOf = async (body: object) => (await ask(proxy.url + CHAT, { body })).headers['x-cache'];
    expect([await wordOf(chatRequest()), await wordOf(chatRequest())]).toEqual(['MISS', 'HIT']);
    upstream.script = (call) => sendJson(call, errorAnswer('a key is needed now'), 401);
    await wordOf(chatRequest('other'));
    expect((await ask(proxy.url + CHAT, { body: chatRequest() })).status).toBe(401);
  });

  story('keeps its hits through other errors', async ({ upstream, open }) => {
    const proxy = await open();
    await ask(proxy.url + CHAT, as('sk-1'));
    for (const status of [400, 404, 429, 500]) {
      upstream.script = (call) => sendJson(call, errorAnswer('no'), status);
      await ask(proxy.url + CHAT, as('sk-1', `error ${status}`));
      expect((await ask(proxy.url + CHAT, as('sk-1'))).headers['x-cache']).toBe('HIT');
    }
  });

  for (const name of GATEWAY_CREDENTIALS) {
    story(`is known by ${name} too, and no other is taken for it`, async ({ upstream, open }) => {
      const proxy = await open();
      const askAs = (key: string, content = 'a', more: Record<string, string> = {}) =>
        ask(proxy.url + CHAT, { body: chatRequest(content), headers: { [name]: key, ...more } });
      const offered = async (key: string) => (await askAs(key, 'a', { 'cache-control': 'only-if-cached' })).status;
      for (const key of ['one', 'two']) await askAs(key);
      upstream.script = (call) => sendJson(call, errorAnswer('revoked'), call.headers[name] === 'one' ? 401 : 200);
      await askAs('one', 'b');
      expect([await offered('one'), await offered('two')]).toEqual([504, 200]);
      await askAs('two', 'b');
      expect([await offered('one'), await offered('two')]).toEqual([504, 200]);
    });
  }

  for (const [what, first, varied] of [
    [
      'its account',
      { authorization: 'Bearer sk-1' },
      [
        { authorization: 'Bearer sk-1', 'openai-project': 'p' },
        { authorization: 'Bearer sk-1', 'openai-organization': 'o' },
      ],
    ],
    [
      'its spelling',
      { authorization: 'Bearer sk-1' },
      [
        { authorization: 'bearer  sk-1' },
        { 'api-key': 'sk-1' },
        { 'x-api-key': 'sk-1' },
        { authorization: 'Bearer sk-1', 'x-api-key': 'sk-1' },
      ],
    ],
    [
      'the user that a sign-on proxy names',
      { authorization: 'Bearer sk-1', 'x-forwarded-user': 'alice' },
      [
        { authorization: 'Bearer sk-1', 'x-forwarded-user': 'bob' },
        { authorization: 'Bearer sk-1', 'x-forwarded-access-token': 'token' },
        { authorization: 'Bearer sk-1' },
      ],
    ],
    ['its account, in api-key', { 'api-key': 'sk-1' }, [{ 'api-key': 'sk-1', 'openai-project': 'p' }]],
    [
      'its account, in the basic scheme',
      { authorization: 'Basic dTpw' },
      [{ authorization: 'Basic dTpw', 'openai-project': 'p' }],
    ],
  ] as const) {
    story(`gets no hits of a shared scope by varying ${what}`, async ({ upstream, open }) => {
      const proxy = await open({ scope: { shared: 'team', members: ['*'] } });
      const askAs = (headers: Record<string, string>, content = 'a') =>
        ask(proxy.url + CHAT, { body: chatRequest(content), headers });
      await askAs(first);
      upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
      await askAs(first, 'b');
      for (const headers of varied)
        expect((await askAs({ ...headers, 'cache-control': 'only-if-cached' })).status).toBe(504);
      upstream.script = (call) => sendJson(call, chatAnswer());
      await askAs(varied[0], 'c');
      expect((await askAs(first)).headers['x-cache']).toBe('HIT');
    });
  }

  story(
    'gets no hits of a scope that names its members by showing another credential beside it',
    async ({ upstream, open }) => {
      const digest = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`;
      const proxy = await open({
        scope: { shared: 'team', members: [digest('sk-1'), digest('sk-2')] },
        key: { ignore: ['default', 'header:apikey'], include: [] },
      });
      const askAs = (headers: Record<string, string>, content = 'a') =>
        ask(proxy.url + CHAT, { body: chatRequest(content), headers: { authorization: 'Bearer sk-1', ...headers } });
      await askAs({});
      const kept = { 'cache-control': 'only-if-cached' };
      expect((await askAs({ 'x-api-key': 'sk-2', ...kept })).status).toBe(200);
      upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
      await askAs({}, 'b');
      for (const name of ['x-api-key', 'api-key', 'apikey'])
        expect.soft([name, (await askAs({ [name]: 'sk-9', ...kept })).status]).toEqual([name, 504]);
    },
  );
});
