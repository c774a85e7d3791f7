/**
 * Failures of a cached fetch: those of the underlying one reach its caller as
 * they are, and none is an answer.
 */
import { describe, expect, vi } from 'vitest';
import { CHAT, chatAnswer, chatEvents, errorAnswer, resetAfter, sendJson } from '../harness/answers.ts';
import { startUpstream } from '../harness/upstream.ts';
import { chatInit, fetchStory, rejection, STREAMED, wordOf } from './fetch-story.ts';

/** The parts of an error that are the same for each call that raises it. */
function likeness(error: unknown): object {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  return { name, message, code: cause?.code, type: (error as object).constructor };
}

describe('a cached fetch rejects as fetch does', () => {
  fetchStory('where nobody listens', async ({ create }) => {
    const gone = await startUpstream(() => {});
    const baseURL = gone.url;
    const url = baseURL + CHAT;
    await gone.stop();
    const straight = await rejection(fetch(url, chatInit()));
    expect(straight).toBeInstanceOf(TypeError);
    expect(likeness(await rejection(create({ baseURL })(url, chatInit())))).toEqual(likeness(straight));
  });

  fetchStory('where a connection breaks before an answer', async ({ upstream, create, chat }) => {
    upstream.script = ({ response }) => void response.socket?.destroy();
    const straight = await rejection(fetch(chat, chatInit()));
    expect(likeness(await rejection(create()(chat, chatInit())))).toEqual(likeness(straight));
  });

  fetchStory('while an answer is read that breaks off, and keeps nothing', async ({ upstream, create, chat }) => {
    const cached = create();
    upstream.script = resetAfter(chatEvents().slice(0, 2).join(''));
    const straight = await rejection((await fetch(chat, chatInit('x', STREAMED))).text());
    const answer = await cached(chat, chatInit('x', STREAMED));
    expect(answer.status).toBe(200);
    expect(likeness(await rejection(answer.text()))).toEqual(likeness(straight));
    upstream.script = (call) => sendJson(call, chatAnswer());
    expect(wordOf(await cached(chat, chatInit('x', STREAMED)))).toBe('MISS');
  });

  fetchStory('each of those who wait, with what the underlying one rejects with', async ({ create }) => {
    const reason = new Error('no network today');
    const underlying = vi.fn<typeof fetch>(() => Promise.reject(reason));
    const cached = create({ baseURL: 'https://api.example.test', fetch: underlying });
    const url = `https://api.example.test${CHAT}`;
    const reasons = await Promise.all([1, 2, 3].map(() => rejection(cached(url, chatInit()))));
    expect(reasons).toEqual([reason, reason, reason]);
    expect(underlying).toHaveBeenCalledTimes(1);
    await rejection(cached(url, chatInit()));
    expect(underlying).toHaveBeenCalledTimes(2);
  });

  fetchStory('for a control that is none, with our code in its cause', async ({ upstream, create, chat }) => {
    const error = await rejection(create()(chat, chatInit('x', {}, { headers: { 'x-refrain-ttl': 'soon' } })));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      message: expect.stringContaining('x-refrain-ttl'),
      cause: { code: 'invalid_header' },
    });
    expect(upstream.calls).toHaveLength(0);
  });

  fetchStory('where the body of a request breaks off', async ({ upstream, create, chat }) => {
    const reason = new Error('no more to say');
    const init = () => ({
      ...chatInit(),
      body: new ReadableStream({ pull: () => Promise.reject(reason) }),
      duplex: 'half',
    });
    const straight = await rejection(fetch(chat, init() as RequestInit));
    const error = await rejection(create()(chat, init() as RequestInit));
    expect(likeness(error)).toEqual(likeness(straight));
    expect(error).toMatchObject({ cause: reason });
    expect(upstream.calls).toHaveLength(0);
  });

  fetchStory('where its limits are reached', async ({ upstream, create, chat }) => {
    upstream.script = () => {};
    const cached = create({ baseURL: `${upstream.url}/v1`, limits: { flights: 1 } });
    const running = rejection(cached(chat, chatInit('x')));
    await upstream.called(1);
    expect(await rejection(cached(chat, chatInit('y')))).toMatchObject({
      name: 'TypeError',
      cause: { code: 'overloaded' },
    });
    await cached.close();
    expect(await running).toBeInstanceOf(TypeError);
  });

  fetchStory('where its file is not to be used', async ({ upstream, create, chat }) => {
    const cached = create({
      baseURL: `${upstream.url}/v1`,
      store: { path: import.meta.dirname },
      logLevel: 'silent',
    });
    const error = await rejection(cached(chat, chatInit()));
    expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining('cannot be used') });
  });
});

describe("an upstream's error", () => {
  fetchStory('is its answer, and not kept', async ({ upstream, create, chat }) => {
    const cached = create();
    upstream.script = (call) => sendJson(call, errorAnswer('slow down'), 429, { 'retry-after': '2' });
    const answer = await cached(chat, chatInit());
    expect(answer).toMatchObject({ status: 429, ok: false });
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(await answer.json()).toMatchObject({ error: { message: 'slow down' } });
    await (await cached(chat, chatInit())).text();
    expect(upstream.calls).toHaveLength(2);
  });

  fetchStory('that it never made is only what only-if-cached asks for', async ({ upstream, create, chat }) => {
    const answer = await create()(chat, chatInit('x', {}, { headers: { 'cache-control': 'only-if-cached' } }));
    expect(answer.status).toBe(504);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(await answer.json()).toMatchObject({ error: { code: 'not_cached' } });
    expect(upstream.calls).toHaveLength(0);
  });
});
