import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, embeddingsAnswer, responseAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const AUTHORIZATION = 'Bearer sk-1';
const KEY = { authorization: AUTHORIZATION };

async function send(
  proxy: Proxy,
  headers: Record<string, string> = {},
  body: object = chatRequest(),
  path = CHAT,
): Promise<string | undefined> {
  const answer = await ask(proxy.url + path, { body, headers: { ...KEY, ...headers } });
  return answer.headers['x-cache'] as string;
}

const statsOf = async ({ adminUrl }: Proxy) => JSON.parse((await ask(`${adminUrl}/stats`)).text);
const hinted = (proxy: Proxy) => until(() => proxy.app.hints.list().length > 0);
const linesAbout = (proxy: Proxy) => proxy.lines.filter(({ msg }) => String(msg).includes('from hitting'));

describe('a header that a client makes anew for each call', () => {
  for (const [where, path] of [
    ['memory', () => null],
    ['the file', (folder: string) => join(folder, 'cache.sqlite')],
  ] as const) {
    story(`is told in one line of the log and in stats, over ${where}`, async ({ open, folder }) => {
      const proxy = await open({ store: { path: path(folder) } });
      for (let call = 0; call < 19; call += 1) expect(await send(proxy, { 'x-run-ref': randomUUID() })).toBe('MISS');
      expect((await statsOf(proxy)).hints).toEqual([]);
      await send(proxy, { 'x-run-ref': randomUUID() });
      await hinted(proxy);
      await send(proxy, { 'x-run-ref': randomUUID() });
      const { hints } = await statsOf(proxy);
      const setting = 'key.ignore=default,header:x-run-ref';
      expect(hints).toEqual([
        {
          about: 'header:x-run-ref',
          requests: 20,
          setting,
          text: expect.stringMatching(`^header x-run-ref kept 20 requests from hitting; ${setting}`),
        },
      ]);
      expect(linesAbout(proxy)).toMatchObject([{ level: 'info', about: 'header:x-run-ref', requests: 19, setting }]);
    });
  }

  story('hits once the advice is taken', async ({ open }) => {
    const proxy = await open({ key: { ignore: ['default', 'header:x-run-ref'] } });
    await send(proxy, { 'x-run-ref': randomUUID() });
    for (let call = 0; call < 25; call += 1) expect(await send(proxy, { 'x-run-ref': randomUUID() })).toBe('HIT');
    expect((await statsOf(proxy)).hints).toEqual([]);
  });

  for (const [where, path] of [
    ['memory', () => null],
    ['the file', (folder: string) => join(folder, 'cache.sqlite')],
  ] as const) {
    story(`is not told where the same value comes again, be that a hit, over ${where}`, async ({ open, folder }) => {
      const proxy = await open({ store: { path: path(folder) } });
      for (let call = 0; call < 45; call += 1) {
        const id = randomUUID();
        expect(await send(proxy, { 'x-tab-ref': id })).toBe('MISS');
        if (call % 5 === 3) expect(await send(proxy, { 'x-tab-ref': id })).toBe('HIT');
      }
      await proxy.app.store.size();
      expect((await statsOf(proxy)).hints).toEqual([]);
    });
  }

  story('is not told where the same value is followed', async ({ upstream, open }) => {
    const proxy = await open();
    for (let call = 0; call < 22; call += 1) {
      const id = randomUUID();
      upstream.script = () => {};
      const before = upstream.calls.length;
      const clients = [send(proxy, { 'x-tab-ref': id })];
      const leading = await upstream.called(before + 1);
      if (call === 5) {
        clients.push(send(proxy, { 'x-tab-ref': id }));
        await until(() => proxy.app.admission.listeners === 2);
      }
      sendJson(leading, chatAnswer());
      expect((await Promise.all(clients)).sort()).toEqual(call === 5 ? ['FOLLOW', 'MISS'] : ['MISS']);
    }
    expect((await statsOf(proxy)).hints).toEqual([]);
  });

  story('is not told where answers are not kept, be it fresh each time', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, chatAnswer('x', { choices: [] }));
    for (let call = 0; call < 45; call += 1) await send(proxy, { 'x-run-ref': randomUUID() });
    expect((await statsOf(proxy)).hints).toEqual([]);
  });

  story('is told with its meaning where it may say who asks', async ({ open }) => {
    const proxy = await open();
    for (let call = 0; call < 20; call += 1) await send(proxy, { 'x-end-user': randomUUID() });
    await hinted(proxy);
    expect((await statsOf(proxy)).hints).toMatchObject([
      { about: 'header:x-end-user', setting: null, text: expect.stringMatching(/who asks/) },
    ]);
    expect(JSON.stringify(linesAbout(proxy))).not.toContain('key.ignore');
  });

  story('is not told of refreshes, which are meant to miss', async ({ open }) => {
    const proxy = await open();
    for (let call = 0; call < 25; call += 1)
      await send(proxy, { 'x-run-ref': randomUUID(), 'x-refrain-cache': 'refresh' });
    expect((await statsOf(proxy)).hints).toEqual([]);
  });
});

story('a field that a client makes anew for each call is told too', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = (call) => sendJson(call, responseAnswer());
  for (let call = 0; call < 20; call += 1)
    await send(proxy, {}, { model: 'gpt-test', input: 'sea', run_ref: randomUUID() }, '/v1/responses');
  await hinted(proxy);
  expect((await statsOf(proxy)).hints).toMatchObject([
    { about: '/run_ref', requests: 19, setting: 'key.ignore=default,/run_ref' },
  ]);
});

story('a batch that is answered input by input is looked at by its first', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = (call) => sendJson(call, embeddingsAnswer(2));
  const askFor = (run: string, ...input: string[]) =>
    send(proxy, { 'x-run-ref': run }, { model: 'embed-test', input }, '/v1/embeddings');
  for (let call = 0; call < 20; call += 1) expect(await askFor(randomUUID(), 'a', `b ${call % 2}`)).toBe('MISS');
  await hinted(proxy);
  const setting = 'key.ignore=default,header:x-run-ref';
  expect((await statsOf(proxy)).hints).toMatchObject([{ about: 'header:x-run-ref', requests: 19, setting }]);
  expect(await askFor('one that comes again', 'a', 'b')).toBe('MISS');
  expect(await askFor('one that comes again', 'b', 'a')).toBe('HIT');
});

story('a header is named where bodies are too long to be kept with their answers, too', async ({ open }) => {
  const proxy = await open();
  const long = chatRequest('x'.repeat(300_000));
  for (let call = 0; call < 20; call += 1) expect(await send(proxy, { 'x-run-ref': randomUUID() }, long)).toBe('MISS');
  await hinted(proxy);
  const setting = 'key.ignore=default,header:x-run-ref';
  expect((await statsOf(proxy)).hints).toMatchObject([{ about: 'header:x-run-ref', requests: 19, setting }]);
  const headers = { ...KEY, 'x-refrain-debug': '1', 'x-run-ref': randomUUID() };
  const { headers: told } = await ask(proxy.url + CHAT, { body: long, headers });
  expect(told['x-refrain-why']).toMatch(/^nearest=[0-9a-f]{16}; at="\/headers\/x-run-ref"; differences=1$/);
});

story('no-store that a library sends with each stream is told with what takes it for a habit', async ({ open }) => {
  const proxy = await open();
  for (let call = 0; call < 20; call += 1)
    expect(await send(proxy, { 'cache-control': 'no-store', accept: 'text/event-stream' })).toBe('BYPASS');
  expect((await statsOf(proxy)).hints).toMatchObject([
    { about: 'no-store', requests: 20, setting: 'sse.noStore=ignore' },
  ]);
  expect(linesAbout(proxy)).toHaveLength(1);
});

for (const [directive, control] of [
  ['no-cache', 'no-cache'],
  ['max-age=0', 'max-age=0, no-transform'],
] as const) {
  story(`${directive} that a client sends with each request is told, as it is obeyed`, async ({ open }) => {
    const proxy = await open();
    for (let call = 0; call < 20; call += 1)
      expect(await send(proxy, { 'cache-control': control, 'pragma': 'no-cache' }, chatRequest(`${call}`))).toBe(
        'MISS',
      );
    const text = expect.stringMatching(
      `^Cache-Control: ${directive} kept 20 requests from hitting; it is taken for the wish`,
    );
    expect((await statsOf(proxy)).hints).toMatchObject([{ about: directive, requests: 20, setting: null, text }]);
    expect(linesAbout(proxy)).toHaveLength(1);
  });
}

describe('headers by which a sign-on proxy names its user', () => {
  const MEANING =
    'it is a token that is issued again and again, with each of which the answers of its caller begin anew; ' +
    'where another header names the caller, take it out of scope.headers and, by key.ignore, out of the key';

  for (const [token, name] of [
    ['x-forwarded-access-token', 'x-forwarded-user'],
    ['x-auth-request-access-token', 'x-auth-request-email'],
    ['x-amzn-oidc-data', 'x-amzn-oidc-identity'],
    ['x-amzn-oidc-accesstoken', 'x-amzn-oidc-identity'],
    ['cf-access-jwt-assertion', 'cf-access-authenticated-user-email'],
    ['x-goog-iap-jwt-assertion', 'x-goog-authenticated-user-id'],
    ['x-pomerium-jwt-assertion', 'x-pomerium-claim-email'],
    ['x-ms-token-aad-id-token', 'x-ms-client-principal-name'],
  ] as const) {
    story(`are told where one is issued anew each hour: ${token}`, async ({ upstream, open }) => {
      const proxy = await open();
      for (const hour of [1, 2, 3]) {
        const headers = { [token]: `canary.of-hour.${hour}`, [name]: 'canary-alice' };
        for (let question = 0; question < 10; question += 1)
          await send(proxy, headers, chatRequest(`question ${question}`));
      }
      expect(upstream.calls).toHaveLength(30);
      await hinted(proxy);
      const { hints } = await statsOf(proxy);
      const text = `header ${token} kept 20 requests from hitting; ${MEANING}`;
      expect(hints).toEqual([{ about: `header:${token}`, requests: 20, setting: null, text }]);
      expect(linesAbout(proxy)).toHaveLength(1);
      expect(JSON.stringify([hints, proxy.lines])).not.toContain('canary');
    });

    story(
      `are in the way no more once ${token} is out of the scope, and the user still tells apart`,
      async ({ upstream, open }) => {
        const proxy = await open({ scope: { headers: [name] }, key: { ignore: ['default', `header:${token}`] } });
        const words = [];
        for (const user of ['alice', 'bob']) {
          for (const hour of [1, 2]) words.push(await send(proxy, { [token]: `token.of-hour.${hour}`, [name]: user }));
        }
        expect(words).toEqual(['MISS', 'HIT', 'MISS', 'HIT']);
        expect(upstream.calls).toHaveLength(2);
      },
    );
  }

  story('are told with what they mean where each asks but once, and never with a setting', async ({ open }) => {
    const proxy = await open();
    for (let user = 0; user < 21; user += 1) await send(proxy, { 'x-forwarded-user': randomUUID() });
    await hinted(proxy);
    const text = expect.stringMatching(/^header x-forwarded-user kept 20 requests from hitting; it says who asks/);
    expect((await statsOf(proxy)).hints).toMatchObject([{ about: 'header:x-forwarded-user', setting: null, text }]);
  });
});

describe('the headers of a session', () => {
  const session = (number: number) => ({
    'session-id': `0b7f5f0a-9e6c-4c1e-8d2c-00000000000${number}`,
    'x-codex-window-id': `window-of-session-${number}`,
  });

  /** Asks ten questions in each of three sessions. */
  async function converse(proxy: Proxy): Promise<void> {
    for (const number of [1, 2, 3]) {
      for (let question = 0; question < 10; question += 1)
        await send(proxy, session(number), chatRequest(`question ${question}`));
    }
  }

  story(
    'in front of a server that is not known are told, with the dialect that leaves them out',
    async ({ open, upstream }) => {
      const proxy = await open();
      await converse(proxy);
      expect(upstream.calls).toHaveLength(30);
      await until(() => proxy.app.hints.list().length === 2);
      const { hints } = await statsOf(proxy);
      expect(hints.map(({ about }: { about: string }) => about).sort()).toEqual([
        'header:session-id',
        'header:x-codex-window-id',
      ]);
      for (const hint of hints)
        expect(hint).toMatchObject({
          requests: 20,
          setting: 'dialect=engine',
          text: expect.stringMatching(/answers from the body alone/),
        });
      expect(JSON.stringify([hints, linesAbout(proxy)])).not.toMatch(/0b7f5f0a|window-of/);
    },
  );

  story('are not in the way once that is taken', async ({ open, upstream }) => {
    const proxy = await open({ dialect: 'engine' });
    await converse(proxy);
    expect(upstream.calls).toHaveLength(10);
    expect((await statsOf(proxy)).hints).toEqual([]);
  });
});

describe('x-refrain-why', () => {
  const why = async (proxy: Proxy, headers: Record<string, string>, body: object = chatRequest()) => {
    const {
      headers: { 'x-refrain-why': told, 'x-refrain-key': key },
    } = await ask(proxy.url + CHAT, { body, headers: { ...KEY, 'x-refrain-debug': '1', ...headers } });
    return { told, key };
  };
  const NOTHING = 'nothing to compare is kept of this endpoint, model and scope';

  for (const [what, overrides, name] of [
    ['shows a credential', {}, 'cookie'],
    ['shows a credential', {}, 'x-goog-api-key'],
    ['is not to be kept', { store: { prompts: false } }, 'x-lab'],
  ] as const) {
    story(`names a header that differs although what was asked ${what}: ${name}`, async ({ open }) => {
      const proxy = await open(overrides);
      const first = await why(proxy, { [name]: 'one=secret-1' });
      expect(first.told).toBe(NOTHING);
      const second = await why(proxy, { [name]: 'one=secret-2' });
      expect(second.told).toBe(`nearest=${first.key}; at="/headers/${name}"; differences=1`);
      expect((await why(proxy, {})).told).toBe(`nearest=${second.key}; at="/headers/${name}"; differences=1`);
      expect(JSON.stringify([proxy.lines, await statsOf(proxy)])).not.toContain('secret-');
    });
  }

  story('names none of another scope, nor a request whose answer is not kept', async ({ upstream, open }) => {
    const proxy = await open({ store: { prompts: false } });
    await why(proxy, { 'x-lab': '1', authorization: 'Bearer sk-2' });
    expect((await why(proxy, { 'x-lab': '2' })).told).toBe(NOTHING);
    upstream.script = (call) => sendJson(call, chatAnswer('x', { choices: [] }));
    await why(proxy, { 'x-lab': '3' }, chatRequest('another'));
    expect((await why(proxy, { 'x-lab': '4' }, chatRequest('another'))).told).toBe(NOTHING);
  });
});
