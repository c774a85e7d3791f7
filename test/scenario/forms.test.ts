import { join } from 'node:path';
import { expect } from 'vitest';
import {
  CHAT,
  chatAnswer,
  chatEvents,
  chatEventsWithUsage,
  chatRequest,
  sendJson,
  sendStream,
} from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { landed, type Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Script } from '../harness/upstream.ts';

const JSON_BODY = chatRequest();
const STREAM = chatRequest('What is the sea?', { stream: true });
const WITH_USAGE = chatRequest('What is the sea?', { stream: true, stream_options: { include_usage: true } });
const DERIVES = { dialect: 'openai' } as const;
const EXACT = { 'x-refrain-form': 'exact' };

/** Answers each request in the form that it asks for. */
const answers: Script = (call) => {
  const { stream, stream_options: options } = JSON.parse(call.body.toString());
  if (!stream) return sendJson(call, chatAnswer());
  return sendStream(call, options?.include_usage ? chatEventsWithUsage() : chatEvents());
};

async function askFor(proxy: Proxy, body: object, headers: Record<string, string> = {}) {
  const answer = await ask(proxy.url + CHAT, { body, headers });
  await landed(proxy);
  const { 'x-cache': word, 'x-refrain-form': form = null, 'cache-status': status } = answer.headers;
  return { word, form, status, answer };
}

const HIT = { word: 'HIT' };

story('what was asked as JSON is streamed, and what was streamed is told as JSON', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = answers;
  expect(await askFor(proxy, JSON_BODY)).toMatchObject({ word: 'MISS', form: null });
  const stream = await askFor(proxy, STREAM);
  expect(stream).toMatchObject({ ...HIT, form: 'sse from json' });
  expect(stream.answer.headers['content-type']).toMatch(/^text\/event-stream/);
  expect(stream.answer.text).toMatch(/"content":"Salt water\."[\s\S]*data: \[DONE\]\n\n$/);
  expect(await askFor(proxy, WITH_USAGE)).toMatchObject({ ...HIT, form: 'sse+usage from json' });

  const other = { ...WITH_USAGE, seed: 1 };
  const streamed = await askFor(proxy, other);
  expect(streamed).toMatchObject({ word: 'MISS', form: null });
  const folded = await askFor(proxy, { ...JSON_BODY, seed: 1 });
  expect(folded).toMatchObject({
    ...HIT,
    form: 'json from sse+usage',
    status: expect.stringMatching(/^refrain; hit; ttl=/),
  });
  expect(JSON.parse(folded.answer.text)).toMatchObject({
    id: 'chatcmpl-2',
    object: 'chat.completion',
    choices: [{ message: { content: 'Salt wäter 🌊.' }, finish_reason: 'stop' }],
    usage: { total_tokens: 8 },
  });
  expect(upstream.calls).toHaveLength(2);
});

story('what says nothing of its type is streamed with one', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = ({ response }) => response.writeHead(200).end(chatAnswer());
  expect(await askFor(proxy, JSON_BODY)).toMatchObject({ word: 'MISS' });
  const { word, answer } = await askFor(proxy, STREAM);
  expect([word, answer.headers['content-type']]).toEqual(['HIT', 'text/event-stream; charset=utf-8']);
});

story(
  'each chunk says whether its choice has ended, for programs that read chunks by themselves',
  async ({ upstream, open }) => {
    const proxy = await open(DERIVES);
    upstream.script = answers;
    await askFor(proxy, JSON_BODY);
    const { form, answer } = await askFor(proxy, STREAM);
    expect(form).toBe('sse from json');
    const chunks = [...answer.text.matchAll(/^data: (\{.*)$/gm)].map(([, chunk = '']) => JSON.parse(chunk));
    const [last, ...others] = chunks.map(({ choices }) => choices[0].finish_reason).reverse();
    expect([last, new Set(others)]).toEqual(['stop', new Set([null])]);
  },
);

story('later hits are from memory, and say the same', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = answers;
  await askFor(proxy, WITH_USAGE);
  const first = await askFor(proxy, JSON_BODY);
  const later = await askFor(proxy, JSON_BODY);
  expect(later).toMatchObject({
    ...HIT,
    form: 'json from sse+usage',
    status: expect.stringContaining('detail=memory'),
  });
  expect(later.answer.text).toBe(first.answer.text);
});

story('a stream that does not say what it took is never told as JSON', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = answers;
  await askFor(proxy, STREAM);
  expect(await askFor(proxy, JSON_BODY)).toMatchObject({ word: 'MISS' });
  expect(await askFor(proxy, WITH_USAGE)).toMatchObject({ ...HIT, form: 'sse+usage from json' });
});

story('other servers have only their JSON streamed, unless that is set', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = answers;
  await askFor(proxy, WITH_USAGE);
  expect(await askFor(proxy, JSON_BODY)).toMatchObject({ word: 'MISS' });
  await askFor(proxy, { ...JSON_BODY, seed: 1 });
  expect(await askFor(proxy, { ...STREAM, seed: 1 })).toMatchObject({ ...HIT, form: 'sse from json' });
  const deriving = await open({ forms: 'derive' });
  await askFor(deriving, WITH_USAGE);
  expect(await askFor(deriving, JSON_BODY)).toMatchObject({ ...HIT, form: 'json from sse+usage' });
});

story('a request or an upstream may want its own form', async ({ upstream, open }) => {
  upstream.script = answers;
  const url = upstream.url;
  const proxy = await open({ upstreams: { own: { url, forms: 'exact' } } });
  await askFor(proxy, JSON_BODY);
  expect(await askFor(proxy, STREAM, EXACT)).toMatchObject({ word: 'MISS', form: null });
  expect(await ask(proxy.url + CHAT, { body: STREAM, headers: { 'x-refrain-form': 'json' } })).toMatchObject({
    status: 400,
  });
  const own = async (body: object) => (await ask(`${proxy.url}/own${CHAT}`, { body })).headers['x-cache'];
  expect(await own({ ...JSON_BODY, seed: 1 })).toBe('MISS');
  await landed(proxy);
  expect(await own({ ...STREAM, seed: 1 })).toBe('MISS');
});

story('who wants its own form gets none that was made for another', async ({ upstream, open }) => {
  upstream.script = answers;
  const url = upstream.url;
  const upstreams = {
    deriving: { url, forms: 'derive' },
    careful: { url, forms: 'from-json' },
    own: { url, forms: 'exact' },
  } as const;
  const proxy = await open({ ...DERIVES, upstreams });
  const at = async (name: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await ask(`${proxy.url}/${name}${CHAT}`, { body, headers });
    await landed(proxy);
    return { status: answer.status, word: answer.headers['x-cache'], form: answer.headers['x-refrain-form'] ?? null };
  };
  await at('deriving', JSON_BODY);
  expect(await at('deriving', STREAM)).toMatchObject({ ...HIT, form: 'sse from json' });
  expect(await at('careful', STREAM)).toMatchObject({ ...HIT, form: 'sse from json' });
  expect(await at('deriving', STREAM, { ...EXACT, 'cache-control': 'only-if-cached' })).toMatchObject({ status: 504 });
  expect(await at('own', STREAM)).toMatchObject({ word: 'MISS' });
  expect(await at('deriving', STREAM, EXACT)).toMatchObject({ ...HIT, form: null });

  await at('deriving', { ...WITH_USAGE, seed: 1 });
  expect(await at('deriving', { ...JSON_BODY, seed: 1 })).toMatchObject({ ...HIT, form: 'json from sse+usage' });
  expect(await at('careful', { ...JSON_BODY, seed: 1 })).toMatchObject({ word: 'MISS' });
});

story('a derived answer is as old as its source, and permitted like that', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({ ...DERIVES, ttl: 60 }, clock);
  upstream.script = answers;
  await askFor(proxy, JSON_BODY);
  clock.advance(10_000);
  const { answer } = await askFor(proxy, STREAM, { 'cache-control': 'only-if-cached' });
  expect(answer.headers).toMatchObject({ 'age': '10', 'x-cache': 'HIT' });
  expect(await askFor(proxy, WITH_USAGE, { 'cache-control': 'max-age=5' })).toMatchObject({ word: 'MISS' });
  expect(await askFor(proxy, STREAM, { 'cache-control': 'no-cache' })).toMatchObject({ word: 'MISS' });
  expect(await askFor(proxy, STREAM, { 'x-refrain-variant': '2' })).toMatchObject({ word: 'MISS' });
  expect(await askFor(proxy, STREAM, { authorization: 'Bearer another' })).toMatchObject({ word: 'MISS' });
  clock.advance(60_000);
  expect((await askFor(proxy, WITH_USAGE, { 'cache-control': 'only-if-cached' })).answer.status).toBe(504);
});

story('a derived answer goes with its source', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = answers;
  await askFor(proxy, JSON_BODY);
  await askFor(proxy, STREAM);
  const { entries } = (await (await fetch(`${proxy.adminUrl}/entries`)).json()) as {
    entries: { key: string; form: string }[];
  };
  expect(entries.map(({ form }) => form).toSorted()).toEqual(['json', 'sse']);
  const key = entries.find(({ form }) => form === 'json')?.key;
  expect((await fetch(`${proxy.adminUrl}/entries/${key}`, { method: 'DELETE' })).status).toBe(200);
  expect((await askFor(proxy, STREAM, { 'cache-control': 'only-if-cached' })).answer.status).toBe(504);
});

story('a refreshed answer is derived anew', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = answers;
  await askFor(proxy, JSON_BODY);
  await askFor(proxy, STREAM);
  upstream.script = (call) => sendJson(call, chatAnswer('Fresh water.'));
  await askFor(proxy, JSON_BODY, { 'cache-control': 'no-cache' });
  expect((await askFor(proxy, STREAM)).answer.text).toContain('Fresh water.');
});

story('without room in memory it is made each time, also from a file', async ({ upstream, open, folder }) => {
  const proxy = await open({ ...DERIVES, memory: { bytes: 0 }, store: { path: join(folder, 'cache.sqlite') } });
  upstream.script = answers;
  await askFor(proxy, JSON_BODY);
  for (const _ of [1, 2]) expect(await askFor(proxy, STREAM)).toMatchObject({ ...HIT, form: 'sse from json' });
  expect(upstream.calls).toHaveLength(1);
});

story('purged by its own key, a derived answer takes its source along', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  upstream.script = answers;
  await askFor(proxy, JSON_BODY);
  const { answer } = await askFor(proxy, STREAM);
  const digits = answer.headers['x-refrain-key'];
  expect(await (await fetch(`${proxy.adminUrl}/entries/${digits}.sse`)).json()).toMatchObject({ derivedFrom: 'json' });
  expect(await (await fetch(`${proxy.adminUrl}/entries/${digits}`)).json()).toMatchObject({ derivedFrom: null });
  expect((await fetch(`${proxy.adminUrl}/entries/${digits}.sse`, { method: 'DELETE' })).status).toBe(200);
  for (const body of [JSON_BODY, STREAM])
    expect((await askFor(proxy, body, { 'cache-control': 'only-if-cached' })).answer.status).toBe(504);
});
