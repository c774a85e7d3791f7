/**
 * One question asked as JSON at one node and as a stream at another.
 */
import { expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendJson, sendStream } from '../harness/answers.ts';
import { type Asking, ask } from '../harness/client.ts';
import { landed, type Proxy } from '../harness/proxy.ts';
import { story, wordOf } from './nodes.ts';

const JSON_FORM: Asking = { body: chatRequest() };
const STREAM: Asking = { body: chatRequest('What is the sea?', { stream: true }) };
const ONLY_IF_CACHED = { 'cache-control': 'only-if-cached' };

/** Resolves once a node has the answer: it is on its way to Redis for a moment after it was given. */
async function kept({ url }: Proxy, asking: Asking): Promise<void> {
  while ((await ask(url + CHAT, { ...asking, headers: ONLY_IF_CACHED })).status !== 200);
}

story('both forms at once make two calls at most, and are had everywhere', async ({ join, upstream }) => {
  upstream.script = (call) => {
    const { stream } = JSON.parse(call.body.toString());
    return stream ? sendStream(call, chatEvents()) : sendJson(call, chatAnswer());
  };
  const nodes = [await join({ dialect: 'openai' }), await join({ dialect: 'openai' })] as const;
  const [document, stream] = await Promise.all([ask(nodes[0].url + CHAT, JSON_FORM), ask(nodes[1].url + CHAT, STREAM)]);
  expect(JSON.parse(document.text).choices[0].message.content).toBe('Salt water.');
  expect(stream.text).toMatch(/data: \[DONE\]\n\n$/);
  expect(upstream.calls.length).toBeLessThanOrEqual(2);
  const { length } = upstream.calls;
  for (const node of nodes) await landed(node);
  for (const node of nodes) {
    for (const form of [JSON_FORM, STREAM]) {
      await kept(node, form);
      expect(await wordOf(node, form)).toMatch(/^HIT /);
    }
  }
  expect(upstream.calls).toHaveLength(length);
});

story('what one node asked as JSON another streams, and asks nobody', async ({ join, upstream }) => {
  const nodes = [await join({ dialect: 'openai' }), await join({ dialect: 'openai' })] as const;
  expect(await wordOf(nodes[0], JSON_FORM)).toBe('MISS');
  await landed(nodes[0]);
  await kept(nodes[1], STREAM);
  const { headers } = await ask(nodes[1].url + CHAT, STREAM);
  expect(headers).toMatchObject({ 'x-cache': 'HIT', 'x-refrain-form': 'sse from json' });
  expect(upstream.calls).toHaveLength(1);
});
