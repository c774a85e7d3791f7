/**
 * Readers that leave a cached fetch: by a signal, by cancelling, or by letting
 * go of an answer.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect } from 'vitest';
import { beginStream, chatAnswer, chatEvents } from '../harness/answers.ts';
import { until } from '../harness/until.ts';
import { chatInit, fetchStory, rejection, STREAMED, wordOf } from './fetch-story.ts';

const WHOLE = chatEvents().join('');

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('an abort', () => {
  fetchStory('before anything is asked asks nothing', async ({ upstream, create, chat }) => {
    const signal = AbortSignal.abort();
    const cached = create();
    const init = chatInit('x', {}, { signal });
    for (const asked of [cached(chat, init), cached(new Request(chat, init))]) {
      expect(await rejection(asked)).toMatchObject({ name: 'AbortError' });
    }
    expect(upstream.calls).toHaveLength(0);
  });

  fetchStory('rejects with the reason of its signal', async ({ upstream, create, chat }) => {
    upstream.script = () => {};
    const controller = new AbortController();
    const asked = rejection(create()(chat, chatInit('x', {}, { signal: controller.signal })));
    await upstream.called(1);
    const reason = new Error('too slow');
    controller.abort(reason);
    expect(await asked).toBe(reason);
  });

  for (const others of [{}, STREAMED]) {
    const what = 'stream' in others ? 'stream' : 'JSON';

    fetchStory(`of all aborts the upstream call (${what})`, async ({ upstream, create, chat }) => {
      upstream.script = () => {};
      const cached = create();
      const controllers = [new AbortController(), new AbortController()];
      const asked = controllers.map(({ signal }) => rejection(cached(chat, chatInit('x', others, { signal }))));
      const call = await upstream.called(1);
      for (const controller of controllers) controller.abort();
      for (const each of asked) expect(await each).toMatchObject({ name: 'AbortError' });
      await call.closed;
      expect(call.response.writableEnded).toBe(false);
    });

    fetchStory(`of the first leaves the others their answer (${what})`, async ({ upstream, create, chat }) => {
      const contentType = 'stream' in others ? 'text/event-stream' : 'application/json';
      upstream.script = ({ response }) => response.writeHead(200, { 'content-type': contentType }).flushHeaders();
      const cached = create();
      const controller = new AbortController();
      const inits = [
        chatInit('x', others, { signal: controller.signal }),
        chatInit('x', others),
        chatInit('x', others),
      ];
      const [first, ...rest] = await Promise.all(inits.map((init) => cached(chat, init)));
      controller.abort();
      expect(await rejection((first as Response).text())).toMatchObject({ name: 'AbortError' });
      const whole = 'stream' in others ? WHOLE : chatAnswer();
      (await upstream.called(1)).response.end(whole);
      for (const other of rest) expect(await other.text()).toBe(whole);
      expect(wordOf(await cached(chat, chatInit('x', others)))).toBe('HIT');
      expect(upstream.calls).toHaveLength(1);
    });
  }

  fetchStory('in the middle of a stream breaks off that reader alone', async ({ upstream, create, chat }) => {
    upstream.script = beginStream;
    const cached = create();
    const controller = new AbortController();
    const [first, second] = await Promise.all([
      cached(chat, chatInit('x', STREAMED, { signal: controller.signal })),
      cached(chat, chatInit('x', STREAMED)),
    ]);
    const { response } = await upstream.called(1);
    response.write(chatEvents()[0]);
    const reader = (first.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    const next = rejection(reader.read());
    controller.abort();
    expect(await next).toMatchObject({ name: 'AbortError' });
    response.end(WHOLE.slice(chatEvents()[0]?.length));
    expect(await second.text()).toBe(WHOLE);
  });

  fetchStory('of the last in the middle of a stream aborts the upstream call', async ({ upstream, create, chat }) => {
    upstream.script = beginStream;
    const controller = new AbortController();
    const answer = await create()(chat, chatInit('x', STREAMED, { signal: controller.signal }));
    const call = await upstream.called(1);
    controller.abort();
    await call.closed;
    expect(await rejection(answer.text())).toMatchObject({ name: 'AbortError' });
  });

  fetchStory('after the end changes nothing', async ({ create, chat }) => {
    const controller = new AbortController();
    const cached = create();
    const answer = await cached(chat, chatInit('x', {}, { signal: controller.signal }));
    expect(await answer.text()).toBe(chatAnswer());
    controller.abort();
    expect(wordOf(await cached(chat, chatInit()))).toBe('MISS');
    expect(wordOf(await cached(chat, chatInit('x')))).toBe('HIT');
  });
});

describe('a reader leaves', () => {
  fetchStory('that cancels its stream; the last one aborts the call', async ({ upstream, create, chat }) => {
    upstream.script = beginStream;
    const cached = create();
    const [first, second] = await Promise.all([
      cached(chat, chatInit('x', STREAMED)),
      cached(chat, chatInit('x', STREAMED)),
    ]);
    const call = await upstream.called(1);
    await (first.body as ReadableStream).cancel();
    call.response.write(chatEvents()[0]);
    const reader = (second.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(chatEvents()[0]);
    await reader.cancel();
    await call.closed;
    expect(call.response.writableEnded).toBe(false);
  });

  fetchStory('however its answer ends, and leaves its place to the next', async ({ upstream, create, chat }) => {
    const cached = create({ baseURL: `${upstream.url}/v1`, limits: { flights: 1, listeners: 1 } });
    const ends: readonly ((answer: Response, controller: AbortController) => unknown)[] = [
      (answer) => answer.text(),
      (answer) => answer.body?.cancel(),
      (answer) => answer.body?.getReader({ mode: 'byob' }).cancel(),
      (_, controller) => controller.abort(),
    ];
    for (const [at, end] of ends.entries()) {
      for (const others of [{}, STREAMED]) {
        const controller = new AbortController();
        const answer = await cached(chat, chatInit(`${at}`, others, { signal: controller.signal }));
        await end(answer, controller);
      }
    }
    expect(wordOf(await cached(chat, chatInit('last')))).toBe('MISS');
  });

  fetchStory('that has let go of its answer unread', async ({ upstream, create, chat }) => {
    upstream.script = beginStream;
    const cached = create();
    const ask = async () => (await cached(chat, chatInit('x', STREAMED))).status;
    expect(await ask()).toBe(200);
    const call = await upstream.called(1);
    let isClosed = false;
    void call.closed.then(() => (isClosed = true));
    await until(() => {
      collectGarbage();
      return isClosed;
    });
    expect(call.response.writableEnded).toBe(false);
  });
});
