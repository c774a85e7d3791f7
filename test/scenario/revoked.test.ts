import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

const as = (key: string, content = 'a') => ({ body: chatRequest(content), headers: { authorization: `Bearer ${key}` } });

describe('a credential that the upstream refuses', () => {
  for (const status of [401, 403]) {
    story(`with ${status} gets no more hits until it is accepted again`, async ({ upstream, open }) => {
      const proxy = await open();
      const wordOf = async (key: string, content?: string) => (await ask(proxy.url + CHAT, as(key, content))).headers['x-cache'];
      expect([await wordOf('sk-1'), await wordOf('sk-1'), await wordOf('sk-2')]).toEqual(['MISS', 'HIT', 'MISS']);

      upstream.script = (call) => sendJson(call, errorAnswer('revoked'), call.headers.authorization === 'Bearer sk-1' ? status : 200);
      expect((await ask(proxy.url + CHAT, as('sk-1', 'b'))).status).toBe(status);
      const refused = await ask(proxy.url + CHAT, as('sk-1'));
      expect([refused.status, refused.headers['x-cache']]).toEqual([status, 'MISS']);
      expect(await wordOf('sk-2')).toBe('HIT');

      upstream.script = (call) => sendJson(call, chatAnswer());
      expect([await wordOf('sk-1'), await wordOf('sk-1')]).toEqual(['MISS', 'HIT']);
    });
  }

  story('is refused by any of the upstream\'s paths, and accepted by any', async ({ upstream, open }) => {
    const proxy = await open();
    const headers = { authorization: 'Bearer sk-1' };
    await ask(proxy.url + CHAT, as('sk-1'));
    upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
    await ask(`${proxy.url}/v1/models`, { headers });
    upstream.script = (call) => sendJson(call, '{}');
    const shown = await ask(proxy.url + CHAT, { ...as('sk-1'), headers: { ...headers, 'cache-control': 'only-if-cached' } });
    expect(shown.status).toBe(504);
    await ask(`${proxy.url}/v1/models`, { headers });
    expect((await ask(proxy.url + CHAT, as('sk-1'))).headers['x-cache']).toBe('HIT');
  });

  story('does not follow another\'s answer in a shared scope either', async ({ upstream, open }) => {
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

  story('keeps its hits through other errors', async ({ upstream, open }) => {
    const proxy = await open();
    await ask(proxy.url + CHAT, as('sk-1'));
    for (const status of [400, 404, 429, 500]) {
      upstream.script = (call) => sendJson(call, errorAnswer('no'), status);
      await ask(proxy.url + CHAT, as('sk-1', `error ${status}`));
      expect((await ask(proxy.url + CHAT, as('sk-1'))).headers['x-cache']).toBe('HIT');
    }
  });

  for (const [what, first, varied] of [
    ['its account', { authorization: 'Bearer sk-1' }, [{ authorization: 'Bearer sk-1', 'openai-project': 'p' }, { authorization: 'Bearer sk-1', 'openai-organization': 'o' }]],
    ['its spelling', { authorization: 'Bearer sk-1' }, [{ authorization: 'bearer  sk-1' }, { 'api-key': 'sk-1' }, { 'x-api-key': 'sk-1' }, { authorization: 'Bearer sk-1', 'x-api-key': 'sk-1' }]],
    ['its account, in api-key', { 'api-key': 'sk-1' }, [{ 'api-key': 'sk-1', 'openai-project': 'p' }]],
    ['its account, in the basic scheme', { authorization: 'Basic dTpw' }, [{ authorization: 'Basic dTpw', 'openai-project': 'p' }]],
  ] as const) {
    story(`gets no hits of a shared scope by varying ${what}`, async ({ upstream, open }) => {
      const proxy = await open({ scope: { shared: 'team', members: ['*'] } });
      const askAs = (headers: Record<string, string>, content = 'a') => ask(proxy.url + CHAT, { body: chatRequest(content), headers });
      await askAs(first);
      upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
      await askAs(first, 'b');
      for (const headers of varied) expect((await askAs({ ...headers, 'cache-control': 'only-if-cached' })).status).toBe(504);
      upstream.script = (call) => sendJson(call, chatAnswer());
      await askAs(varied[0], 'c');
      expect((await askAs(first)).headers['x-cache']).toBe('HIT');
    });
  }
});
