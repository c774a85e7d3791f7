/**
 * A cached fetch as a cache: the same key, stores, single flight and streams as
 * the proxy, in this process.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { createCachedFetch } from '../../src/fetch/cached-fetch.ts';
import { beginStream, CHAT, chatAnswer, chatEvents, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { chatInit, fetchStory, STREAMED, wordOf } from './fetch-story.ts';

const WHOLE = chatEvents().join('');

/** A folder for the file of a store, for the time of one test. */
function storePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-fetch-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'cache.sqlite');
}

describe('a cached fetch', () => {
  for (const [what, others, whole] of [
    ['a JSON answer', {}, chatAnswer()],
    ['a stream', STREAMED, WHOLE],
  ] as const) {
    fetchStory(`answers twice from one upstream call: ${what}`, async ({ upstream, create, chat }) => {
      const cached = create();
      const straight = await fetch(chat, chatInit('x', others));
      const first = await cached(chat, chatInit('x', others));
      expect(await first.text()).toBe(whole);
      const again = await cached(chat, chatInit('x', others));
      expect([wordOf(first), wordOf(again)]).toEqual(['MISS', 'HIT']);
      expect(await again.text()).toBe(await straight.text());
      for (const name of ['content-type', 'x-request-id', 'openai-version']) {
        expect([first, again].map(({ headers }) => headers.get(name))).toEqual(
          Array(2).fill(straight.headers.get(name)),
        );
      }
      expect(again).toMatchObject({ status: 200, statusText: 'OK', ok: true, url: chat, redirected: false });
      expect(again.headers.get('set-cookie')).toBeNull();
      expect(upstream.calls).toHaveLength(2);
    });
  }

  fetchStory('asks once for any number of equal requests at a time', async ({ upstream, create, chat }) => {
    const cached = create();
    upstream.script = beginStream;
    const all = await Promise.all(Array.from({ length: 50 }, () => cached(chat, chatInit('x', STREAMED))));
    const { response } = await upstream.called(1);
    response.end(WHOLE);
    expect(await Promise.all(all.map((each) => each.text()))).toEqual(Array(50).fill(WHOLE));
    expect(all.map(wordOf).filter((word) => word === 'FOLLOW')).toHaveLength(49);
    expect(cached.cache.info()).toMatchObject({ hits: 49, misses: 1 });
    expect(upstream.calls).toHaveLength(1);
  });

  fetchStory('takes no-cache of readers of events for a habit, and lets searches pass', async ({ create, chat }) => {
    const cached = create();
    const { headers, ...init } = chatInit('x', STREAMED);
    const habit = { ...init, headers: { ...headers, 'cache-control': 'no-cache', 'accept': 'text/event-stream' } };
    const search = chatInit('x', { model: 'gemini-2.5-flash-search' });
    const words = [];
    for (const one of [habit, habit, search, search]) {
      const answer = await cached(chat, one);
      await answer.text();
      words.push(wordOf(answer));
    }
    expect(words).toEqual(['MISS', 'HIT', 'BYPASS', 'BYPASS']);
  });

  fetchStory('gives each byte of a stream as it comes', async ({ upstream, create, chat }) => {
    upstream.script = beginStream;
    const { body } = await create()(chat, chatInit('x', STREAMED));
    const { response } = await upstream.called(1);
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    for (const event of chatEvents()) {
      response.write(event);
      let text = '';
      while (text.length < event.length) text += Buffer.from((await reader.read()).value ?? []).toString('latin1');
      expect(Buffer.from(text, 'latin1').toString()).toBe(event);
    }
    response.end();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  fetchStory('has the key that the proxy has for the same request', async ({ upstream, create, open, chat }) => {
    const scope = { shared: 'team', members: ['*'] };
    const proxy = await open({ scope });
    const cached = create({ baseURL: `${upstream.url}/v1`, scope });
    const headers = { 'openai-beta': 'assistants=v2' };
    for (const init of [chatInit(), chatInit('x', { ...STREAMED, seed: 1 }), chatInit('x', {}, { headers })]) {
      const byProxy = await fetch(proxy.url + CHAT, init);
      const here = await cached(chat, init);
      expect(here.headers.get('x-refrain-key')).toMatch(/^[0-9a-f]{16}$/);
      expect(here.headers.get('x-refrain-key')).toBe(byProxy.headers.get('x-refrain-key'));
      await Promise.all([byProxy.text(), here.text()]);
    }
  });

  for (const [dialect, label] of [
    ['auto', 'MISS'],
    ['engine', 'HIT'],
  ] as const) {
    fetchStory(
      `tells users apart, and labels as its dialect has it: ${dialect}`,
      async ({ upstream, create, chat }) => {
        const cached = create({ baseURL: `${upstream.url}/v1`, dialect, scope: { headers: ['default', 'X-Team'] } });
        const wordFor = async (init: RequestInit) => {
          const answer = await cached(chat, init);
          await answer.text();
          return wordOf(answer);
        };
        const names = ['x-forwarded-user', 'Sec-User-Token', 'X-Team', 'session-id'];
        for (const name of names) {
          const having = (value: string) => chatInit(name, {}, { headers: { [name]: value } });
          const words = [await wordFor(having('alice')), await wordFor(having('bob')), await wordFor(having('alice'))];
          expect(words, name).toEqual(['MISS', name === 'session-id' ? label : 'MISS', 'HIT']);
        }
        const asked = (user: string) => chatInit('whose', { user });
        expect([await wordFor(asked('alice')), await wordFor(asked('bob'))]).toEqual(['MISS', label]);
      },
    );
  }

  fetchStory('finds what a proxy has stored in the same file', async ({ upstream, create, open, chat }) => {
    const path = storePath();
    const proxy = await open({ store: { path } });
    const init = chatInit('x', STREAMED);
    const { body, headers } = init as { body: string; headers: Record<string, string> };
    await ask(proxy.url + CHAT, { body, headers });
    await proxy.app.store.written();
    const cached = create({ baseURL: `${upstream.url}/v1`, store: { path }, auth: { recheck: 'off' } });
    const found = await cached(chat, init);
    expect([wordOf(found), await found.text()]).toEqual(['HIT', WHOLE]);
    expect(upstream.calls).toHaveLength(1);
    await cached.cache.clear();
    expect(wordOf(await cached(chat, init))).toBe('HIT');
    await proxy.stop();
  });

  for (const [what, secret] of [
    ['', {}],
    [' encrypted', { secret: 'ab'.repeat(32), encrypt: 'secret' }],
  ] as const)
    fetchStory(`finds in a file what an earlier one has stored there${what}`, async ({ upstream, create, chat }) => {
      const { secret: digits = null, ...store } = { path: storePath(), ...secret };
      const options = { baseURL: `${upstream.url}/v1`, store, secret: digits };
      const before = create(options);
      await (await before(chat, chatInit())).text();
      await before.close();
      const after = await create(options)(chat, chatInit());
      expect([wordOf(after), await after.text()]).toEqual(['HIT', chatAnswer()]);
      expect(upstream.calls).toHaveLength(1);
      expect(readFileSync(store.path).includes('Salt water')).toBe(digits === null);
    });

  fetchStory('shares nothing with another, nor with other callers', async ({ upstream, create, chat }) => {
    const [one, other] = [create(), create()];
    await (await one(chat, chatInit())).text();
    expect(wordOf(await other(chat, chatInit()))).toBe('MISS');
    const authorization = 'Bearer sk-other';
    expect(wordOf(await one(chat, chatInit(undefined, {}, { headers: { authorization } })))).toBe('MISS');
    expect(upstream.calls).toHaveLength(3);
  });

  fetchStory('takes the controls of a request, and keeps them to itself', async ({ upstream, create, chat }) => {
    const cached = create();
    const control = (headers: Record<string, string>) => cached(chat, chatInit('x', {}, { headers }));
    await (await control({ 'x-refrain-ttl': '0' })).text();
    expect(wordOf(await control({ 'x-refrain-tags': 'a' }))).toBe('MISS');
    expect(wordOf(await control({ 'x-refrain-cache': 'off' }))).toBe('BYPASS');
    expect(wordOf(await control({ 'cache-control': 'no-store' }))).toBe('BYPASS');
    const sent = upstream.calls.flatMap(({ headers }) => Object.keys(headers));
    expect(sent.filter((name) => name.startsWith('x-refrain') || name === 'via')).toEqual([]);
  });

  fetchStory('takes the cache mode of a request for what it means', async ({ upstream, create, chat }) => {
    const cached = create();
    const ask = async (cache: NonNullable<RequestInit['cache']>, headers: Record<string, string> = {}) => {
      const response = await cached(chat, chatInit('x', {}, { cache, headers }));
      await response.text();
      return wordOf(response);
    };
    const words = [await ask('no-store'), await ask('default'), await ask('force-cache'), await ask('no-store')];
    expect(words).toEqual(['BYPASS', 'MISS', 'HIT', 'BYPASS']);
    expect([await ask('reload'), await ask('no-cache'), await ask('default')]).toEqual(['MISS', 'MISS', 'HIT']);
    expect(await ask('no-store', { 'cache-control': 'max-age=60' })).toBe('HIT');
    expect(upstream.calls).toHaveLength(5);
  });

  fetchStory('asks as fetch would, but for the coding of the answer', async ({ upstream, create, chat }) => {
    await fetch(chat, chatInit());
    await create()(chat, chatInit());
    const [straight, cached] = upstream.calls.map(({ headers }) => headers);
    expect(cached).toEqual({ ...straight, 'accept-encoding': 'identity' });
  });

  fetchStory('reads a body that comes encoded all the same', async ({ upstream, create, chat }) => {
    const { gzipSync } = await import('node:zlib');
    const body = gzipSync(chatAnswer());
    upstream.script = ({ response }) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body);
    const cached = create();
    for (const word of ['MISS', 'HIT']) {
      const response = await cached(chat, chatInit());
      expect([wordOf(response), await response.text()]).toEqual([word, chatAnswer()]);
      expect(response.headers.get('content-encoding')).toBeNull();
    }
  });

  fetchStory('hands out bytes that a reader may do with as it likes', async ({ create, chat }) => {
    const cached = create();
    for (let round = 0; round < 3; round++) {
      const { body } = await cached(chat, chatInit());
      const reader = (body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' });
      let text = '';
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(64));
        if (done) break;
        text += Buffer.from(value).toString();
        value.fill(0);
      }
      expect(text).toBe(chatAnswer());
    }
  });
});

describe('its cache', () => {
  fetchStory('reports in the words of functools.lru_cache', async ({ upstream, create, chat }) => {
    const cached = create({ baseURL: `${upstream.url}/v1`, memory: { bytes: '16MiB' } });
    const maxsize = 15 * 2 ** 20;
    expect(cached.cache.info()).toEqual({ hits: 0, misses: 0, maxsize, currsize: 0, entries: 0 });
    for (let times = 0; times < 3; times++) await (await cached(chat, chatInit())).text();
    const { currsize, ...counts } = cached.cache.info();
    expect(counts).toEqual({ hits: 2, misses: 1, maxsize, entries: 1 });
    expect(currsize).toBeGreaterThan(chatAnswer().length);
    await (await cached(chat, chatInit('y', {}, { headers: { 'cache-control': 'no-store' } }))).text();
    expect(cached.cache.info()).toMatchObject({ hits: 2, misses: 1 });
    await cached.cache.clear();
    expect(cached.cache.info()).toEqual({ hits: 0, misses: 0, maxsize, currsize: 0, entries: 0 });
    expect(wordOf(await cached(chat, chatInit()))).toBe('MISS');
  });

  fetchStory('when cleared, drops what is on its way as well', async ({ upstream, create, chat }) => {
    const cached = create();
    upstream.script = beginStream;
    const answer = await cached(chat, chatInit('x', STREAMED));
    await cached.cache.clear();
    (await upstream.called(1)).response.end(WHOLE);
    expect(await answer.text()).toBe(WHOLE);
    expect(cached.cache.info().entries).toBe(0);
  });

  fetchStory('forgets a response that is deleted at its server', async ({ upstream, create }) => {
    const cached = create();
    const url = `${upstream.url}/v1/responses`;
    const init = { ...chatInit(), body: JSON.stringify({ model: 'gpt-test', input: 'x' }) };
    await (await cached(url, init)).text();
    expect(wordOf(await cached(url, init))).toBe('HIT');
    await cached(`${url}/resp_1`, { method: 'DELETE' });
    expect(wordOf(await cached(url, init))).toBe('MISS');
  });
});

describe('when it is closed', () => {
  fetchStory('requests reject, running ones too, and it can be closed again', async ({ upstream, chat }) => {
    upstream.script = beginStream;
    let answer: Response;
    {
      await using cached = createCachedFetch({ baseURL: `${upstream.url}/v1` });
      answer = await cached(chat, chatInit('x', STREAMED));
      upstream.script = (call) => sendJson(call, chatAnswer());
      await cached.close();
      await expect(cached(chat, chatInit())).rejects.toBeInstanceOf(TypeError);
    }
    await expect(answer.text()).rejects.toBeInstanceOf(TypeError);
    expect(upstream.calls).toHaveLength(1);
  });

  fetchStory(
    'gives equal requests answers of their own, as many as are asked for',
    async ({ upstream, create, chat }) => {
      upstream.script = async (call) => {
        await upstream.called(3);
        sendJson(call, chatAnswer(`${upstream.calls.indexOf(call)}`));
      };
      const cached = create({ baseURL: `${upstream.url}/v1`, samples: 2 });
      const headers = { 'x-refrain-samples': '3' };
      const answers = Array.from({ length: 9 }, async () =>
        (await cached(chat, chatInit('x', {}, { headers }))).text(),
      );
      expect(new Set(await Promise.all(answers))).toEqual(new Set(['0', '1', '2'].map((text) => chatAnswer(text))));
      const again = [await cached(chat, chatInit('x')), await cached(chat, chatInit('x'))];
      expect(again.map(wordOf)).toEqual(['HIT', 'HIT']);
      expect(new Set(await Promise.all(again.map((answer) => answer.text()))).size).toBe(2);
      expect(upstream.calls).toHaveLength(3);
    },
  );

  fetchStory('plays what is kept at the pace that it is asked for', async ({ upstream, create, chat }) => {
    const cached = create({ baseURL: `${upstream.url}/v1`, pace: '500/s' });
    await (await cached(chat, chatInit('x', STREAMED))).text();
    const startedAt = performance.now();
    const again = await cached(chat, chatInit('x', STREAMED));
    expect([wordOf(again), await again.text()]).toEqual(['HIT', WHOLE]);
    // A few events at two milliseconds each.
    expect(performance.now() - startedAt).toBeGreaterThan((chatEvents().length - 2) * 2);

    const leaving = new AbortController();
    const headers = { 'x-refrain-pace': '0.01/s' };
    const left = await cached(chat, chatInit('x', STREAMED, { headers, signal: leaving.signal }));
    const body = left.text();
    leaving.abort();
    await expect(body).rejects.toThrow('aborted');
  });
});
