/**
 * Requests that a cached fetch leaves to the underlying one, and forms of
 * requests that are no string to a URL.
 */
import { describe, expect, vi } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { type Script, startUpstream } from '../harness/upstream.ts';
import { chatInit, fetchStory, rejection, wordOf } from './fetch-story.ts';

/** An underlying fetch that answers by itself. */
function createUnderlying() {
  return vi.fn<typeof fetch>(async () => Response.json({ by: 'the underlying fetch' }));
}

/** A body that comes piece by piece. */
function streamOf(text: string): ReadableStream<Uint8Array> {
  return ReadableStream.from(text.split(/(?<=,)/).map((piece) => new TextEncoder().encode(piece)));
}

describe('the underlying fetch gets, with the very arguments,', () => {
  const baseURL = 'https://api.example.test/v1';
  const body = JSON.stringify(chatRequest());
  const calls: readonly (readonly [string, Parameters<typeof fetch>])[] = [
    ['another origin', [`https://other.example.test${CHAT}`, chatInit()]],
    ['another port', [`https://api.example.test:8443${CHAT}`, chatInit()]],
    ['another scheme', [`http://api.example.test${CHAT}`, chatInit()]],
    ['an endpoint that is not cached', [`${baseURL}/models`]],
    ['a method that is not', [`${baseURL}/chat/completions`, { method: 'GET' }]],
    ['an upload', [`${baseURL}/files`, { method: 'POST', body: new FormData() }]],
    ['a Request elsewhere', [new Request(`https://other.example.test${CHAT}`, { method: 'POST', body })]],
    ['a URL elsewhere', [new URL('https://other.example.test/'), { redirect: 'manual' }]],
    ['no URL at all', ['no URL', chatInit()]],
  ];
  for (const [what, args] of calls) {
    fetchStory(what, async ({ create }) => {
      const underlying = createUnderlying();
      const response = await create({ baseURL, fetch: underlying })(...args);
      expect(await response.json()).toEqual({ by: 'the underlying fetch' });
      expect(underlying).toHaveBeenCalledTimes(1);
      const [given] = underlying.mock.calls;
      expect(given).toHaveLength(args.length);
      for (const [at, arg] of args.entries()) expect(given?.[at]).toBe(arg);
    });
  }
});

describe('the underlying fetch', () => {
  fetchStory('is the global one of the moment, unless one is given', async ({ create, chat }) => {
    const cached = create();
    const underlying = createUnderlying();
    vi.stubGlobal('fetch', underlying);
    try {
      expect(await (await cached(chat, chatInit())).json()).toEqual({ by: 'the underlying fetch' });
      expect(await (await cached('https://other.example.test/')).json()).toEqual({ by: 'the underlying fetch' });
      expect(underlying).toHaveBeenCalledTimes(2);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  fetchStory('gets the dispatcher that a request comes with', async ({ create, chat }) => {
    const underlying = createUnderlying();
    const dispatcher = {} as never;
    await create({ baseURL: new URL('/v1', chat), fetch: underlying })(chat, { ...chatInit(), dispatcher });
    expect(underlying.mock.calls[0]?.[1]).toMatchObject({ dispatcher, method: 'POST', redirect: 'manual' });
  });
});

describe('kept are the answers of', () => {
  fetchStory('each of the upstreams, and no other where there is no baseURL', async ({ upstream, create }) => {
    const second = await startUpstream(upstream.script);
    const third = await startUpstream(upstream.script);
    const cached = create({
      upstreams: { one: `${upstream.url}/v1`, two: { url: `${second.url}/api`, dialect: 'engine' } },
    });
    for (const { url } of [upstream, second, third]) {
      for (const path of [CHAT, `/api${CHAT}`]) await (await cached(url + path, chatInit())).text();
      for (const path of [CHAT, `/api${CHAT}`]) await (await cached(url + path, chatInit())).text();
    }
    expect([upstream, second, third].map(({ calls }) => calls.length)).toEqual([2, 2, 4]);
    expect(cached.cache.info()).toMatchObject({ hits: 4, misses: 4 });
    await Promise.all([second.stop(), third.stop()]);
  });

  fetchStory('the upstreams and of a baseURL where both are given', async ({ upstream, create }) => {
    const second = await startUpstream(upstream.script);
    const cached = create({ baseURL: upstream.url, upstreams: { two: second.url } });
    for (const { url } of [upstream, second, upstream, second]) await (await cached(url + CHAT, chatInit())).text();
    expect(cached.cache.info()).toMatchObject({ hits: 2, misses: 2 });
    await second.stop();
  });
});

describe('a request is understood that is', () => {
  const body = JSON.stringify(chatRequest());
  const forms: readonly (readonly [string, (url: string) => Parameters<typeof fetch>])[] = [
    ['a string and an init', (url) => [url, chatInit()]],
    ['a URL and an init', (url) => [new URL(url), chatInit()]],
    ['a Request', (url) => [new Request(url, chatInit())]],
    [
      'a Request and an init that changes it',
      (url) => [new Request(url, { ...chatInit('y'), method: 'PUT' }), chatInit()],
    ],
    ['of bytes', (url) => [url, { ...chatInit(), body: new TextEncoder().encode(body) }]],
    ['of a Blob', (url) => [url, { ...chatInit(), body: new Blob([body]) }]],
    ['of a stream', (url) => [url, { ...chatInit(), body: streamOf(body), duplex: 'half' }]],
    ['in Headers', (url) => [url, { ...chatInit(), headers: new Headers(chatInit().headers) }]],
    ['of a method in small letters', (url) => [url, { ...chatInit(), method: 'post' }]],
    ['with a fragment', (url) => [`${url}#part`, chatInit()]],
  ];
  for (const [what, argsOf] of forms) {
    fetchStory(what, async ({ upstream, create, chat }) => {
      const cached = create();
      const asked = await cached(...argsOf(chat));
      expect([wordOf(asked), await asked.text()]).toEqual(['MISS', chatAnswer()]);
      expect(upstream.calls[0]).toMatchObject({ method: 'POST', url: CHAT });
      expect(upstream.calls[0]?.body.toString()).toBe(body);
      expect(wordOf(await cached(chat, chatInit()))).toBe('HIT');
    });
  }

  fetchStory('a body that is used already rejects', async ({ create, chat }) => {
    const request = new Request(chat, chatInit());
    await request.text();
    expect(await rejection(create()(request))).toBeInstanceOf(TypeError);
  });
});

describe('a body passes whole', () => {
  const url = (base: string, path: string) => `${base}/v1${path}`;
  const accept: Script = (call) => sendJson(call, chatAnswer());

  fetchStory('that is an upload', async ({ upstream, create }) => {
    upstream.script = accept;
    const form = new FormData();
    form.set('purpose', 'batch');
    form.set('file', new Blob(['{"a":1}\n'.repeat(10_000)]), 'batch.jsonl');
    await create()(url(upstream.url, '/files'), { method: 'POST', body: form });
    const [call] = upstream.calls;
    const headers = { 'content-type': call?.headers['content-type'] ?? '' };
    const received = await new Response(new Uint8Array(call?.body ?? []), { headers }).formData();
    expect(received.get('purpose')).toBe('batch');
    expect((received.get('file') as File).size).toBe(80_000);
  });

  for (const endpoint of ['/files', '/chat/completions']) {
    fetchStory(`that is a form, to ${endpoint}`, async ({ upstream, create }) => {
      upstream.script = accept;
      const form = new FormData();
      form.set('purpose', 'batch');
      const cached = create();
      for (let times = 0; times < 2; times++)
        await (await cached(url(upstream.url, endpoint), { method: 'POST', body: form })).text();
      expect(upstream.calls.map(({ body }) => body.toString())).toEqual(
        Array(2).fill(expect.stringContaining('name="purpose"')),
      );
    });
  }

  fetchStory('that is a stream, and longer than what has a key', async ({ upstream, create, chat }) => {
    const cached = create({ baseURL: `${upstream.url}/v1`, maxKeyedBytes: '1KiB' });
    const body = JSON.stringify(chatRequest('x'.repeat(100_000)));
    for (const sent of [streamOf(body), body]) {
      const response = await cached(chat, { ...chatInit(), body: sent, duplex: 'half' });
      expect([wordOf(response), await response.text()]).toEqual(['BYPASS', chatAnswer()]);
    }
    expect(upstream.calls.map((call) => call.body.toString())).toEqual([body, body]);
  });

  fetchStory('that is long, and its key is made elsewhere', async ({ upstream, create, chat }) => {
    const cached = create();
    const init = chatInit('x'.repeat(400_000));
    for (const word of ['MISS', 'HIT']) {
      const response = await cached(chat, init);
      expect([wordOf(response), await response.text()]).toEqual([word, chatAnswer()]);
    }
    expect(upstream.calls[0]?.body.toString()).toBe(init.body);
  });

  fetchStory("whose bytes stay the caller's", async ({ create, chat }) => {
    const bytes = new TextEncoder().encode(JSON.stringify(chatRequest('x'.repeat(50_000))));
    const body = ReadableStream.from([bytes]);
    await (await create()(chat, { ...chatInit(), body, duplex: 'half' })).text();
    expect(bytes.length).toBeGreaterThan(50_000);
  });
});

describe('a redirect', () => {
  fetchStory('is followed, rejects or is given, as the request has it', async ({ upstream, create, chat }) => {
    const { script } = upstream;
    upstream.script = (call) => {
      if (call.url === CHAT) call.response.writeHead(307, { location: `/moved${CHAT}` }).end();
      else script(call);
    };
    const cached = create();
    for (const input of [chat, new Request(chat, chatInit())]) {
      const followed = await cached(input, input === chat ? chatInit() : undefined);
      expect(followed).toMatchObject({ status: 200, redirected: true, url: `${upstream.url}/moved${CHAT}` });
      expect(await followed.text()).toBe(chatAnswer());
    }
    expect(upstream.calls.at(-1)?.body.toString()).toBe(chatInit().body);
    expect(await rejection(cached(chat, chatInit('x', {}, { redirect: 'error' })))).toBeInstanceOf(TypeError);
    const given = await cached(chat, chatInit('x', {}, { redirect: 'manual' }));
    expect(given).toMatchObject({ status: 307, redirected: false });
    expect(given.headers.get('location')).toBe(`/moved${CHAT}`);
    expect(cached.cache.info().entries).toBe(0);
  });
});
