import { join } from 'node:path';
import { expect } from 'vitest';
import {
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatEventsWithUsage,
  chatRequest,
  errorAnswer,
  sendJson,
  sendStream,
} from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const JSON_BODY = chatRequest();
const STREAM = chatRequest('What is the sea?', { stream: true });
const WITH_USAGE = chatRequest('What is the sea?', { stream: true, stream_options: { include_usage: true } });
const DERIVES = { dialect: 'openai' } as const;

const askFor = (proxy: Proxy, body: object) => ask(proxy.url + CHAT, { body });
const listening = (proxy: Proxy, count: number) => until(() => proxy.app.admission.listeners >= count);
const many = <Value>(count: number, make: () => Value) => Array.from({ length: count }, make);

for (const store of [{}, { store: { path: 'cache.sqlite' } }]) {
  const where = 'store' in store ? 'a file' : 'memory';

  story(
    `100 requests of both forms make one call where JSON came first (${where})`,
    async ({ upstream, open, folder }) => {
      const path = 'store' in store ? join(folder, 'cache.sqlite') : null;
      const proxy = await open({ ...DERIVES, store: { path } });
      upstream.script = () => {};
      const first = askFor(proxy, JSON_BODY);
      const call = await upstream.called(1);
      const documents = many(49, () => askFor(proxy, JSON_BODY));
      const streams = many(50, () => askFor(proxy, STREAM));
      await listening(proxy, 100);
      sendJson(call, chatAnswer());
      for (const { text } of await Promise.all([first, ...documents])) expect(text).toBe(chatAnswer());
      for (const { headers, text } of await Promise.all(streams)) {
        expect(headers).toMatchObject({ 'x-cache': 'HIT', 'x-refrain-form': 'sse from json' });
        expect(text).toContain('"content":"Salt water."');
      }
      expect(upstream.calls).toHaveLength(1);
    },
  );
}

story('all at once they make two calls at most', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = (call) => {
    const { stream } = JSON.parse(call.body.toString());
    return stream ? sendStream(call, chatEvents()) : sendJson(call, chatAnswer());
  };
  const all = await Promise.all(many(50, () => [askFor(proxy, STREAM), askFor(proxy, JSON_BODY)]).flat());
  expect(all.every(({ status }) => status === 200)).toBe(true);
  expect(upstream.calls.length).toBeLessThanOrEqual(2);
});

story('JSON is told from the stream that is on its way, once it is whole', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = beginStream;
  const live = await begin(proxy.url + CHAT, { body: WITH_USAGE });
  const { response } = await upstream.called(1);
  const documents = [askFor(proxy, JSON_BODY), askFor(proxy, JSON_BODY)];
  await listening(proxy, 4);
  const events = chatEventsWithUsage();
  response.write(events.slice(0, 2).join(''));
  await live.receives(1);
  response.end(events.slice(2).join(''));
  for (const { headers, text } of await Promise.all(documents)) {
    expect(headers).toMatchObject({ 'x-cache': 'HIT', 'x-refrain-form': 'json from sse+usage' });
    expect(JSON.parse(text).choices[0].message.content).toBe('Salt wäter 🌊.');
  }
  expect((await live.ended).text).toBe(events.join(''));
  expect(upstream.calls).toHaveLength(1);
});

story('the one who led may leave; the call goes on for who waits in another form', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = () => {};
  const leader = begin(proxy.url + CHAT, { body: JSON_BODY });
  leader.catch(() => {});
  const call = await upstream.called(1);
  const stream = askFor(proxy, STREAM);
  await listening(proxy, 3);
  leader.hangUp();
  await until(() => proxy.app.admission.listeners === 2);
  sendJson(call, chatAnswer());
  expect((await stream).headers).toMatchObject({ 'x-cache': 'HIT', 'x-refrain-form': 'sse from json' });
  expect(upstream.calls).toHaveLength(1);
});

story('where all leave, the call is aborted, and no other is made', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = () => {};
  const all = [begin(proxy.url + CHAT, { body: JSON_BODY })];
  const call = await upstream.called(1);
  all.push(...many(2, () => begin(proxy.url + CHAT, { body: STREAM })));
  await listening(proxy, 4);
  for (const one of all.toReversed()) {
    one.catch(() => {});
    one.hangUp();
  }
  await call.closed;
  await until(() => proxy.app.admission.listeners === 0 && proxy.app.cache.flights === 0);
  expect(call.response.writableEnded).toBe(false);
  expect(upstream.calls).toHaveLength(1);
});

for (const [how, answer] of [
  ['fails', (call: Parameters<typeof sendJson>[0]) => sendJson(call, errorAnswer('no'), 500)],
  ['breaks off', (call: Parameters<typeof sendJson>[0]) => call.response.destroy()],
  [
    'may not be kept',
    (call: Parameters<typeof sendJson>[0]) => sendJson(call, chatAnswer(), 200, { 'cache-control': 'no-store' }),
  ],
  ['is not understood', (call: Parameters<typeof sendJson>[0]) => sendJson(call, chatAnswer('x', { unheard_of: 1 }))],
] as const) {
  story(`where the call that is waited for ${how}, one of its own is made`, async ({ upstream, open }) => {
    const proxy = await open(DERIVES);
    upstream.script = () => {};
    const first = askFor(proxy, JSON_BODY).catch(() => null);
    const call = await upstream.called(1);
    const streams = many(2, () => askFor(proxy, STREAM));
    await listening(proxy, 4);
    upstream.script = (next) => sendStream(next, chatEvents());
    answer(call);
    const answers = await Promise.all(streams);
    for (const { text, headers } of answers) {
      expect(text).toBe(chatEvents().join(''));
      expect(headers['x-refrain-form']).toBeUndefined();
    }
    await first;
    expect(upstream.calls.length).toBeLessThanOrEqual(3);
    expect(upstream.calls.filter(({ body }) => JSON.parse(body.toString()).stream === true)).toHaveLength(1);
  });
}

story('nobody waits for a call that is silent for too long', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({ ...DERIVES, flight: { takeoverAfter: 10 } }, clock);
  upstream.script = () => {};
  const first = begin(proxy.url + CHAT, { body: JSON_BODY });
  first.catch(() => {});
  await upstream.called(1);
  clock.advance(10_001);
  upstream.script = (call) => sendStream(call, chatEvents());
  expect((await askFor(proxy, STREAM)).headers['x-cache']).toBe('MISS');
  first.hangUp();
});

story('a stream that may not say what it took is not waited for', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = beginStream;
  const live = await begin(proxy.url + CHAT, { body: STREAM });
  const { response } = await upstream.called(1);
  upstream.script = (call) => sendJson(call, chatAnswer());
  expect((await askFor(proxy, JSON_BODY)).headers['x-cache']).toBe('MISS');
  response.end(chatEvents().join(''));
  await live.ended;
});
