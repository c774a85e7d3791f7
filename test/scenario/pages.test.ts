/**
 * Pages of several origins behind one gateway: what it allows to one is not
 * said to another, and its cookies stay where they are.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { Script } from '../harness/upstream.ts';

const wordOf = ({ headers }: Answer) => headers['x-cache'];
const BODY = { body: chatRequest() };

describe('what the upstream allows to a page', () => {
  const allow: Script = (call) => {
    const { origin } = call.headers;
    sendJson(
      call,
      chatAnswer(),
      200,
      origin === undefined
        ? {}
        : { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'Origin' },
    );
  };

  story('is said to it again, and to no other', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = allow;
    const askFrom = (origin?: string) =>
      ask(proxy.url + CHAT, { ...BODY, headers: origin === undefined ? {} : { origin } });
    const seen = [];
    for (const origin of [
      undefined,
      'https://a.test',
      'https://b.test',
      'null',
      'https://a.test',
      'https://b.test',
      'null',
      undefined,
    ]) {
      const answer = await askFrom(origin);
      expect(answer.headers['access-control-allow-origin']).toBe(origin);
      seen.push(wordOf(answer));
    }
    expect(seen).toEqual(['MISS', 'MISS', 'MISS', 'MISS', 'HIT', 'HIT', 'HIT', 'HIT']);
  });

  story('is not said to a page that waits for the answer of another', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = () => {};
    const asked = ['https://a.test', 'https://b.test'].map((origin) =>
      ask(proxy.url + CHAT, { ...BODY, headers: { origin } }),
    );
    for (const at of [1, 2]) await allow(await upstream.called(at));
    expect((await Promise.all(asked)).map(({ headers }) => headers['access-control-allow-origin'])).toEqual([
      'https://a.test',
      'https://b.test',
    ]);
  });
});

describe('a cookie that a gateway sets', () => {
  const COOKIE = '__cf_bm=fresh; path=/; HttpOnly';
  const set: Script = (call) => sendJson(call, chatAnswer(), 200, { 'set-cookie': COOKIE });

  story('is taken from an answer that is kept or followed, also for who leads', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = () => {};
    const asked = [ask(proxy.url + CHAT, BODY), ask(proxy.url + CHAT, BODY)];
    const call = await upstream.called(1);
    await until(() => proxy.app.admission.listeners === 2);
    set(call);
    const answers = [...(await Promise.all(asked)), await ask(proxy.url + CHAT, BODY)];
    expect(answers.map(wordOf).sort()).toEqual(['FOLLOW', 'HIT', 'MISS']);
    for (const { headers } of answers) expect(headers['set-cookie']).toBeUndefined();
  });

  for (const [what, asking, script] of [
    ['a bypass', { ...BODY, headers: { 'cache-control': 'no-store' } }, set],
    ['another path', {}, set],
    ['an error', BODY, (call) => sendJson(call, '{"error":{}}', 400, { 'set-cookie': COOKIE })],
    [
      'an answer that may not be kept',
      BODY,
      (call) => sendJson(call, chatAnswer(), 200, { 'set-cookie': COOKIE, 'cache-control': 'no-store' }),
    ],
    ['one that its request lets nobody keep', { ...BODY, headers: { 'x-refrain-ttl': '0' } }, set],
  ] as const satisfies readonly (readonly [string, object, Script])[]) {
    story(`stays on ${what}`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = script;
      expect(
        (await ask(proxy.url + (what === 'another path' ? '/v1/models' : CHAT), asking)).headers['set-cookie'],
      ).toEqual([COOKIE]);
    });
  }

  story('does not keep a client with a cookie jar from hitting', async ({ upstream, open }) => {
    const proxy = await open();
    let fresh = 0;
    upstream.script = ({ response, url }) => {
      const cookies = [`__cf_bm=${fresh++}; path=/`, `AWSALB=${fresh++}; path=/`, 'theme=dark; path=/'];
      response
        .writeHead(200, { 'content-type': 'application/json', 'set-cookie': cookies })
        .end(url.endsWith('/models') ? '{}' : chatAnswer());
    };
    const jar = new Map<string, string>();
    const askWithJar = async (path: string, asking: object) => {
      const answer = await ask(proxy.url + path, {
        ...asking,
        headers: { cookie: [...jar].map((pair) => pair.join('=')).join('; ') },
      });
      for (const cookie of answer.headers['set-cookie'] ?? [])
        jar.set(...((cookie.split(';')[0] as string).split('=') as [string, string]));
      return answer;
    };
    const words = [];
    for (let turn = 0; turn < 3; turn++) {
      await askWithJar('/v1/models', {});
      words.push(wordOf(await askWithJar(CHAT, BODY)));
    }
    expect(words).toEqual(['MISS', 'HIT', 'HIT']);
    expect(upstream.calls.find(({ url }) => url.endsWith(CHAT))?.headers.cookie).toBe(
      '__cf_bm=0; AWSALB=1; theme=dark',
    );
    jar.set('theme', 'light');
    expect(wordOf(await askWithJar(CHAT, BODY))).toBe('MISS');
  });

  for (const key of [{ ignore: [] }, { include: ['header:cookie'] }]) {
    story(
      `is in the key where the operator has all of it there: ${JSON.stringify(key)}`,
      async ({ upstream, open }) => {
        const proxy = await open({ key });
        const words = [];
        for (const cookie of ['__cf_bm=1', '__cf_bm=2', '__cf_bm=1']) {
          words.push(wordOf(await ask(proxy.url + CHAT, { ...BODY, headers: { cookie } })));
        }
        expect(words).toEqual(['MISS', 'MISS', 'HIT']);
        expect(upstream.calls).toHaveLength(2);
      },
    );
  }

  story('is not told of, and any other only by its digest', async ({ open }) => {
    const proxy = await open();
    const promptOf = async (cookie: string) => {
      const { headers } = await ask(proxy.url + CHAT, { body: chatRequest(cookie), headers: { cookie } });
      return JSON.parse((await ask(`${proxy.adminUrl}/entries/${headers['x-refrain-key']}`)).text).request;
    };
    expect(await promptOf('__cf_bm=1; GCLB=2')).toMatchObject({ headers: {} });
    expect(await promptOf('__cf_bm=1; session=2')).toMatchObject({
      headers: { cookie: expect.stringMatching(/^digest:[0-9a-f]{64}$/) },
    });
  });
});

story('a stream that varies by Origin alone is an answer as any other', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = ({ response }) =>
    response
      .writeHead(200, { 'content-type': 'text/event-stream', vary: 'Origin, Accept-Encoding' })
      .end(chatEvents().join(''));
  const asking = { body: chatRequest('x', { stream: true }), headers: { origin: 'https://a.test' } };
  expect([wordOf(await ask(proxy.url + CHAT, asking)), wordOf(await ask(proxy.url + CHAT, asking))]).toEqual([
    'MISS',
    'HIT',
  ]);
});
