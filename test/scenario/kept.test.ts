import { expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson, sendStream } from '../harness/answers.ts';
import { type Answer, ask, begin } from '../harness/client.ts';
import { story } from '../harness/story.ts';

const wordOf = (answer: Answer) => answer.headers['x-cache'];

story('an answer whose upstream said no-store is not kept', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = (call) => sendJson(call, chatAnswer(), 200, { 'cache-control': 'private, no-store' });
  expect((await ask(proxy.url + CHAT, { body: chatRequest() })).headers['cache-status']).toBe(
    'refrain; fwd=miss; detail=upstream-no-store',
  );
  expect(wordOf(await ask(proxy.url + CHAT, { body: chatRequest() }))).toBe('MISS');
});

story('no-store counts on whichever line of Cache-Control the upstream says it', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = ({ response }) =>
    response
      .writeHead(200, ['content-type', 'application/json', 'cache-control', 'private', 'cache-control', 'no-store'])
      .end(chatAnswer());
  await ask(proxy.url + CHAT, { body: chatRequest() });
  expect(wordOf(await ask(proxy.url + CHAT, { body: chatRequest() }))).toBe('MISS');
});

story(
  'where nothing may be kept, nobody follows: each gets the answer from its beginning',
  async ({ upstream, open }) => {
    const proxy = await open({ maxEntryBytes: 0 });
    upstream.script = beginStream;
    const first = await begin(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
    const [begun, ...rest] = chatEvents();
    upstream.calls[0]?.response.write(begun);
    await first.receives(1);
    const second = await begin(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
    upstream.calls[0]?.response.end(rest.join(''));
    upstream.calls[1]?.response.end(chatEvents().join(''));
    for (const { ended } of [first, second])
      expect(await ended).toMatchObject({ text: chatEvents().join(''), broken: false, headers: { 'x-cache': 'MISS' } });
  },
);

story('an answer beyond maxEntryBytes is relayed live, and latecomers fetch their own', async ({ upstream, open }) => {
  const proxy = await open({ maxEntryBytes: 1_000 });
  const long = chatAnswer('x'.repeat(400_000));
  upstream.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': long.length });
    response.write(long.slice(0, 500));
  };
  const body = chatRequest();
  const clients = [await begin(proxy.url + CHAT, { body }), await begin(proxy.url + CHAT, { body })];
  const { response } = await upstream.called(1);
  response.write(long.slice(500, 5_000));
  await Promise.all(clients.map((client) => client.receives(5_000)));
  upstream.script = (call) => sendJson(call, long);
  expect(await ask(proxy.url + CHAT, { body })).toMatchObject({ text: long, headers: { 'x-cache': 'MISS' } });
  response.end(long.slice(5_000));
  for (const { ended } of clients) expect(await ended).toMatchObject({ text: long, broken: false });
  expect(wordOf(await ask(proxy.url + CHAT, { body }))).toBe('MISS');
});

story('a purge while the answer is on its way: it is delivered, not kept', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = beginStream;
  const live = await begin(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
  const { response } = await upstream.called(1);
  const [key = ''] = proxy.app.cache.keysInTheAir();
  proxy.app.cache.removals.purge(key);
  response.end(chatEvents().join(''));
  expect(await live.ended).toMatchObject({ text: chatEvents().join(''), broken: false });
  expect(proxy.lines).toContainEqual(
    expect.objectContaining({ msg: 'answer not kept', why: 'purged', key: key.slice(0, 16) }),
  );
  upstream.script = (call) => sendStream(call, chatEvents());
  expect(wordOf(await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) }))).toBe('MISS');
});
