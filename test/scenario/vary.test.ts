/**
 * Upstreams that choose an answer by a header which the key leaves out, and say
 * so in `Vary`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, responseAnswer, sendJson } from '../harness/answers.ts';
import { type Answer, ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { Call, Script } from '../harness/upstream.ts';

const wordOf = ({ headers }: Answer) => headers['x-cache'];

/** Answers with what the request says in `user-agent`. */
const byAgent =
  (vary = 'User-Agent'): Script =>
  (call) =>
    sendJson(call, chatAnswer(`for ${call.headers['user-agent']}`), 200, { vary });

const askAs = (proxy: Proxy, agent: string, headers: Record<string, string> = {}) =>
  ask(proxy.url + CHAT, { body: chatRequest(), headers: { 'user-agent': agent, ...headers } });

const entriesOf = async (proxy: Proxy) => JSON.parse((await ask(`${proxy.adminUrl}/entries`)).text).entries;

describe('an answer that varies by a header outside the key', () => {
  story('is a hit for those who sent the same, and for no other', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = byAgent();
    const answers = [];
    for (const agent of ['a', 'b', 'a', 'b', 'c', 'b', 'a']) answers.push([agent, await askAs(proxy, agent)] as const);
    expect(answers.map(([, answer]) => wordOf(answer))).toEqual(['MISS', 'MISS', 'HIT', 'HIT', 'MISS', 'HIT', 'HIT']);
    for (const [agent, { text, headers }] of answers) {
      expect(text).toBe(chatAnswer(`for ${agent}`));
      expect(headers.vary).toBe('User-Agent');
    }
    expect(new Set(answers.map(([, { headers }]) => headers['x-refrain-key'])).size).toBe(1);
    expect(upstream.calls).toHaveLength(3);
  });

  story('is told apart from one without the header at all', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = (call) =>
      sendJson(call, chatAnswer(String(call.headers['accept-language'])), 200, { vary: 'accept-language' });
    const askIn = (...language: string[]) =>
      ask(proxy.url + CHAT, {
        body: chatRequest(),
        headers: language.length > 0 ? { 'accept-language': language } : {},
      });
    const texts = [];
    for (const language of [[], ['de'], ['en'], ['de', 'en'], ['de, en'], []])
      texts.push((await askIn(...language)).text);
    expect(texts).toEqual(['undefined', 'de', 'en', 'de, en', 'de, en', 'undefined'].map((text) => chatAnswer(text)));
  });

  story('is looked for on disk after a restart, whichever variant it is', async ({ upstream, open, folder }) => {
    const store = { path: join(folder, 'cache.sqlite') };
    upstream.script = byAgent();
    for (const memory of [{ bytes: 0 }, { bytes: 10_000_000 }]) {
      const proxy = await open({ store, memory });
      const words = [];
      for (const agent of ['secret-a', 'secret-b', 'secret-c', 'secret-b', 'secret-a'])
        words.push(wordOf(await askAs(proxy, agent)));
      expect(words).toEqual(memory.bytes === 0 ? ['MISS', 'MISS', 'MISS', 'HIT', 'HIT'] : Array(5).fill('HIT'));
      expect(await entriesOf(proxy)).toHaveLength(3);
      await proxy.stop();
    }
    expect(upstream.calls).toHaveLength(3);
    const heads = readFileSync(store.path)
      .toString('latin1')
      .replaceAll(/for secret-/g, '');
    expect(heads).not.toContain('secret-');
  });

  story('expires, is too old and is refreshed each on its own', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: 100 }, clock);
    upstream.script = byAgent();
    await askAs(proxy, 'a');
    clock.advance(60_000);
    await askAs(proxy, 'b');
    clock.advance(30_000);
    expect((await askAs(proxy, 'b')).headers).toMatchObject({
      age: '30',
      'cache-status': 'refrain; hit; ttl=70; detail=memory',
    });
    expect((await askAs(proxy, 'a')).headers).toMatchObject({
      age: '90',
      'cache-status': 'refrain; hit; ttl=10; detail=memory',
    });
    expect(wordOf(await askAs(proxy, 'b', { 'cache-control': 'max-age=29' }))).toBe('MISS');
    expect(wordOf(await askAs(proxy, 'b', { 'cache-control': 'no-cache' }))).toBe('MISS');
    expect((await askAs(proxy, 'b')).headers.age).toBe('0');
    clock.advance(20_000);
    expect(wordOf(await askAs(proxy, 'b', { 'cache-control': 'only-if-cached' }))).toBe('HIT');
    expect((await askAs(proxy, 'a', { 'cache-control': 'only-if-cached' })).status).toBe(504);
    expect(wordOf(await askAs(proxy, 'a'))).toBe('MISS');
    expect(wordOf(await askAs(proxy, 'b'))).toBe('HIT');
    expect((await entriesOf(proxy)).length).toBe(2);
  });

  story('that was refreshed while another was first never gives way to the older one', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: 100 }, clock);
    let version = 0;
    upstream.script = (call) =>
      sendJson(call, chatAnswer(`${call.headers['user-agent']} ${++version}`), 200, { vary: 'user-agent' });
    for (const agent of ['a', 'b']) await askAs(proxy, agent);
    const first = await askAs(proxy, 'a', { 'cache-control': 'no-cache' });
    expect((await askAs(proxy, 'a')).text).toBe(first.text);
    clock.advance(99_000);
    await askAs(proxy, 'c');
    clock.advance(1_000);
    const refreshed = await askAs(proxy, 'b', { 'cache-control': 'no-cache', 'x-refrain-ttl': '5' });
    clock.advance(4_000);
    expect((await askAs(proxy, 'b')).text).toBe(refreshed.text);
    clock.advance(1_000);
    expect(wordOf(await askAs(proxy, 'b'))).toBe('MISS');
  });

  story('has at most 8 variants, the newest', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    upstream.script = byAgent();
    const agents = Array.from({ length: 12 }, (_, index) => `agent ${index}`);
    for (const agent of agents) {
      expect(wordOf(await askAs(proxy, agent))).toBe('MISS');
      clock.advance(1_000);
    }
    expect(await entriesOf(proxy)).toHaveLength(8);
    const words = [];
    for (const agent of agents) words.push(wordOf(await askAs(proxy, agent, { 'cache-control': 'only-if-cached' })));
    expect(words).toEqual(['HIT', ...Array(4).fill('MISS'), ...Array(7).fill('HIT')]);
  });

  story('is listed, shown, deleted and purged as any other', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = byAgent();
    for (const agent of ['a', 'b', 'c']) await askAs(proxy, agent, { 'x-refrain-tags': `tag-${agent}` });
    const entries = await entriesOf(proxy);
    expect(entries.map(({ form }: { form: string }) => form)).toEqual(['json', 'json', 'json']);
    expect(new Set(entries.map(({ key }: { key: string }) => key.slice(0, 64))).size).toBe(1);
    const keyFor = (agent: string) =>
      entries.find(({ tags }: { tags: string[] }) => tags.includes(`tag-${agent}`)).key as string;
    for (const agent of ['a', 'b', 'c']) {
      const shown = await ask(`${proxy.adminUrl}/entries/${encodeURIComponent(keyFor(agent))}`);
      expect(JSON.parse(shown.text).answer.body).toBe(chatAnswer(`for ${agent}`));
    }
    expect((await ask(`${proxy.adminUrl}/entries/${keyFor('a').slice(0, 64)}`)).status).toBe(409);
    await ask(`${proxy.adminUrl}/entries/${encodeURIComponent(keyFor('b'))}`, { method: 'DELETE' });
    expect([wordOf(await askAs(proxy, 'b')), wordOf(await askAs(proxy, 'c')), wordOf(await askAs(proxy, 'a'))]).toEqual(
      ['MISS', 'HIT', 'HIT'],
    );
    await ask(`${proxy.adminUrl}/purge`, { body: { tag: 'tag-a' } });
    expect([wordOf(await askAs(proxy, 'a')), wordOf(await askAs(proxy, 'c'))]).toEqual(['MISS', 'HIT']);
    await ask(`${proxy.adminUrl}/purge`, { body: { all: true } });
    expect(await entriesOf(proxy)).toEqual([]);
  });

  story('is dropped with its response, when that is deleted upstream', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = (call) =>
      call.method === 'DELETE'
        ? sendJson(call, '{}')
        : sendJson(call, responseAnswer('x', `resp_${call.headers['user-agent']}`), 200, { vary: 'user-agent' });
    const respondTo = async (agent: string) =>
      wordOf(await ask(`${proxy.url}/v1/responses`, { body: { input: 'x' }, headers: { 'user-agent': agent } }));
    for (const agent of ['a', 'b']) await respondTo(agent);
    await ask(`${proxy.url}/v1/responses/resp_b`, { method: 'DELETE' });
    expect([await respondTo('a'), await respondTo('b')]).toEqual(['HIT', 'MISS']);
  });

  story('says by what it varies to one that missed', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = byAgent('accept-encoding, User-Agent , user-agent, Accept-Language');
    await askAs(proxy, 'a');
    expect((await askAs(proxy, 'b', { 'x-refrain-debug': '1' })).headers['x-refrain-why']).toBe(
      'the answers vary by accept-language, user-agent, and none is kept for what was sent',
    );
  });

  story('takes up what the upstream says last: other headers, or none', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = byAgent();
    for (const agent of ['a', 'b']) await askAs(proxy, agent);
    upstream.script = byAgent('accept-language');
    expect(wordOf(await askAs(proxy, 'c'))).toBe('MISS');
    expect((await askAs(proxy, 'd')).text).toBe(chatAnswer('for c'));
    upstream.script = (call) => sendJson(call, chatAnswer('for all'));
    await askAs(proxy, 'e', { 'accept-language': 'de' });
    for (const agent of ['a', 'b', 'f']) expect((await askAs(proxy, agent)).text).toBe(chatAnswer('for all'));
    expect(await entriesOf(proxy)).toHaveLength(1);
  });
});

describe('a Vary that is no list of names', () => {
  story(
    'is read for the names in it, and where they are none, as one of more than headers',
    async ({ upstream, open }) => {
      const proxy = await open({ dialect: 'openai' });
      const wordsOf = async (vary: string | string[]) => {
        const body = chatRequest(String(vary));
        upstream.script = ({ response, headers }) => {
          response.setHeader('vary', vary).writeHead(200, { 'content-type': 'application/json' });
          response.end(chatAnswer(`for ${headers['user-agent']}`));
        };
        const words = [];
        for (const agent of ['a', 'b', 'a']) {
          const answer = await ask(proxy.url + CHAT, { body, headers: { 'user-agent': agent } });
          expect(answer.text).toBe(chatAnswer(`for ${agent}`));
          words.push(wordOf(answer));
        }
        return words;
      };
      for (const vary of [
        'User-Agent; Accept',
        'Accept  User-Agent',
        'user-agent;',
        ['accept-encoding, x-a', 'User-Agent'],
      ])
        expect(await wordsOf(vary), String(vary)).toEqual(['MISS', 'MISS', 'HIT']);
      for (const vary of ['"User-Agent"', 'User-Agent; q=1', 'accept=en', '*;', '* *'])
        expect(await wordsOf(vary), vary).toEqual(['MISS', 'MISS', 'MISS']);
    },
  );
});

describe('an answer is one for all', () => {
  for (const vary of [
    'Accept-Encoding',
    'origin',
    'Origin, Access-Control-Request-Method, x-foo, content-type',
    'authorization, cookie',
    ' , ',
    'host',
  ]) {
    story(
      `where it varies by what is in the key, or is the same for every request: ${vary}`,
      async ({ upstream, open }) => {
        const proxy = await open({ dialect: 'openai' });
        upstream.script = byAgent(vary);
        await askAs(proxy, 'a', { 'accept-encoding': 'gzip', cookie: '__cf_bm=1' });
        expect(wordOf(await askAs(proxy, 'b', { 'accept-encoding': 'br', cookie: '__cf_bm=2' }))).toBe('HIT');
        expect((await entriesOf(proxy)).map(({ key }: { key: string }) => key)).toEqual([
          expect.stringMatching(/^[0-9a-f]{64}\.json$/),
        ]);
      },
    );
  }
});

describe('in a shared scope an answer that varies by who asks', () => {
  for (const name of ['x-forwarded-user', 'authorization', 'openai-project', 'x-goog-iap-jwt-assertion']) {
    story(`is no answer for another: ${name}`, async ({ upstream, open }) => {
      const proxy = await open({ scope: { shared: 'team', members: ['*'] } });
      upstream.script = (call) => sendJson(call, chatAnswer(`for ${call.headers[name]}`), 200, { vary: name });
      const askAs = (user: string) => ask(proxy.url + CHAT, { body: chatRequest(), headers: { [name]: user } });
      for (const turn of [1, 2, 3]) {
        for (const user of ['alice', 'bob'])
          expect((await askAs(user)).text, `${turn}`).toBe(chatAnswer(`for ${user}`));
      }
      expect(upstream.calls).toHaveLength(2);
      expect(JSON.stringify([await entriesOf(proxy), proxy.lines])).not.toMatch(/alice|bob/);
    });
  }

  story('is one for all who share it where it does not say so', async ({ upstream, open }) => {
    const proxy = await open({ scope: { shared: 'team', members: ['*'] } });
    const words = [];
    for (const user of ['alice', 'bob']) {
      words.push(wordOf(await ask(proxy.url + CHAT, { body: chatRequest(), headers: { 'x-forwarded-user': user } })));
    }
    expect(words).toEqual(['MISS', 'HIT']);
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('an answer that varies by more than headers', () => {
  for (const vary of ['*', 'accept-encoding, *', '*, user-agent']) {
    story(`is not kept, and played to nobody else: ${vary}`, async ({ upstream, open }) => {
      const proxy = await open({ dialect: 'openai' });
      upstream.script = () => {};
      const asked = [askAs(proxy, 'a'), askAs(proxy, 'a')];
      const first = await upstream.called(1);
      await until(() => proxy.app.admission.listeners === 2);
      upstream.script = byAgent(vary);
      await byAgent(vary)(first);
      const answers = await Promise.all(asked);
      expect(answers.map(wordOf)).toEqual(['MISS', 'MISS']);
      for (const { headers } of answers) expect(headers['cache-status']).toBe('refrain; fwd=miss; detail=vary');
      expect(wordOf(await askAs(proxy, 'a'))).toBe('MISS');
      expect(upstream.calls).toHaveLength(3);
    });
  }
});

describe('followers of an answer that varies', () => {
  const stream = (call: Call) => {
    call.response.writeHead(200, { 'content-type': 'text/event-stream', vary: 'user-agent' });
    call.response.write(chatEvents([`for ${call.headers['user-agent']}`])[0]);
  };
  const finish = (call: Call) =>
    call.response.end(
      chatEvents([`for ${call.headers['user-agent']}`])
        .slice(1)
        .join(''),
    );
  const streamAs = (proxy: Proxy, agent: string) =>
    begin(proxy.url + CHAT, { body: chatRequest('x', { stream: true }), headers: { 'user-agent': agent } });
  const whole = (agent: string) => chatEvents([`for ${agent}`]).join('');

  story('wait for its head; those who sent something else ask once, all together', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = () => {};
    const agents = ['a', 'b', 'b', 'a', 'c', 'b'];
    const asked = agents.map((agent) => streamAs(proxy, agent));
    const first = await upstream.called(1);
    await until(() => proxy.app.admission.listeners === agents.length);
    upstream.script = stream;
    stream(first);
    await upstream.called(3);
    const live = await Promise.all(asked);
    const late = await streamAs(proxy, 'b');
    expect(late.message.headers['x-cache']).toBe('FOLLOW');
    for (const call of upstream.calls) finish(call);
    const answers = await Promise.all([...live, late].map(({ ended }) => ended));
    expect(answers.map(({ text }) => text)).toEqual([...agents, 'b'].map(whole));
    expect(upstream.calls).toHaveLength(3);
    for (const agent of ['a', 'b', 'c'])
      expect(await (await streamAs(proxy, agent)).ended).toMatchObject({
        text: whole(agent),
        headers: { 'x-cache': 'HIT' },
      });
    expect(upstream.calls).toHaveLength(3);
  });

  story('that leave while they wait for a head let go of the call', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = () => {};
    const asked = [streamAs(proxy, 'a'), streamAs(proxy, 'a')];
    const call = await upstream.called(1);
    await until(() => proxy.app.admission.listeners === 2);
    for (const each of asked) {
      each.catch(() => {});
      each.hangUp();
    }
    await call.closed;
    await until(() => proxy.app.admission.listeners === 0 && proxy.app.cache.flights === 0);
  });

  story('are fenced by a purge of any of the variants', async ({ upstream, open }) => {
    const proxy = await open({ dialect: 'openai' });
    upstream.script = byAgent();
    for (const agent of ['a', 'b']) await askAs(proxy, agent);
    const [{ key }] = await entriesOf(proxy);
    upstream.script = () => {};
    const asked = askAs(proxy, 'c');
    const call = await upstream.called(3);
    proxy.app.cache.removals.purge(key);
    await byAgent()(call);
    await asked;
    upstream.script = byAgent();
    expect(wordOf(await askAs(proxy, 'c'))).toBe('MISS');
  });
});
