/**
 * A key that proves uncacheable: whoever waits for another's answer to it waits
 * in vain, so for a while nobody does. Told by how many calls are open at once,
 * not by the clock on the wall.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { ScriptedUpstream } from '../harness/upstream.ts';

const ASKED = { body: chatRequest() };
const JSON_ASKED = { body: chatRequest('x', { response_format: { type: 'json_object' } }) };
/** Says nothing that could be kept. */
const UNFIT = chatAnswer('x', { choices: [{ index: 0, message: { content: 'x' }, finish_reason: null }] });
const REMEMBERED_MS = 120_000;

/** Has a model say this once. */
function answered(content: string, finish_reason = 'stop', others: object = {}, asked = ASKED) {
  const choices = [{ index: 0, message: { role: 'assistant', content, ...others }, finish_reason }];
  return (proxy: Proxy, upstream: ScriptedUpstream) => {
    upstream.script = (call) => sendJson(call, chatAnswer('', { choices }));
    return ask(proxy.url + CHAT, asked);
  };
}

/** Of `count` equal requests at once, the most that are at the upstream together; then all are answered. */
async function together(
  proxy: Proxy,
  upstream: ScriptedUpstream,
  count: number,
  body: string,
  asked = ASKED,
): Promise<{ calls: number; words: unknown[] }> {
  const before = upstream.calls.length;
  upstream.script = () => {};
  const clients = Array.from({ length: count }, () => ask(proxy.url + CHAT, asked));
  await expect.poll(() => proxy.app.admission.listeners).toBe(count);
  await upstream.called(before + 1);
  await expect.poll(() => proxy.app.admission.flights - (upstream.calls.length - before)).toBe(0);
  const calls = upstream.calls.slice(before);
  for (const call of calls) sendJson(call, body);
  const answers = await Promise.all(clients);
  expect(answers.map(({ text }) => text)).toEqual(Array(count).fill(body));
  return { calls: calls.length, words: answers.map(({ headers }) => headers['x-cache']) };
}

describe('a key whose answer could not be kept', () => {
  story('is asked for by 100 at once as by one: none waits for another', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, UNFIT);
    await ask(proxy.url + CHAT, ASKED);
    const { calls, words } = await together(proxy, upstream, 100, UNFIT);
    expect(calls).toBe(100);
    expect(words).toEqual(Array(100).fill('MISS'));
  });

  story('is waited for again after two minutes, and not before', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    upstream.script = (call) => sendJson(call, UNFIT);
    await ask(proxy.url + CHAT, ASKED);
    clock.advance(REMEMBERED_MS - 1);
    upstream.script = () => {};
    expect((await together(proxy, upstream, 10, UNFIT)).calls).toBe(10);
    clock.advance(REMEMBERED_MS);
    expect((await together(proxy, upstream, 10, UNFIT)).calls).toBe(1);
  });

  story('is a hit as soon as an answer can be kept', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, UNFIT);
    await ask(proxy.url + CHAT, ASKED);
    expect((await together(proxy, upstream, 10, chatAnswer())).calls).toBe(10);
    expect((await ask(proxy.url + CHAT, ASKED)).headers['x-cache']).toBe('HIT');
  });

  for (const [what, refuse, asked = ASKED] of [
    [
      'failed once',
      (proxy: Proxy, upstream: ScriptedUpstream) => {
        upstream.script = (call) => sendJson(call, '{}', 500);
        return ask(proxy.url + CHAT, ASKED);
      },
    ],
    [
      'was once asked for not to be kept',
      (proxy: Proxy) => ask(proxy.url + CHAT, { ...ASKED, headers: { 'x-refrain-ttl': '0' } }),
    ],
    [
      'was purged while it came',
      async (proxy: Proxy, upstream: ScriptedUpstream) => {
        upstream.script = () => {};
        const asked = ask(proxy.url + CHAT, ASKED);
        const call = await upstream.called(1);
        await proxy.app.cache.removals.purgeAll({});
        sendJson(call, chatAnswer());
        return asked;
      },
    ],
    ['said nothing', answered('')],
    ['was filtered', answered('half', 'content_filter')],
    ['was no JSON', answered('{', 'stop', {}, JSON_ASKED), JSON_ASKED],
    [
      'called a tool with half its arguments',
      answered('', 'tool_calls', {
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{' } }],
      }),
    ],
  ] as const) {
    story(`only because it ${what} is waited for all the same`, async ({ upstream, open }) => {
      const proxy = await open();
      await refuse(proxy, upstream);
      const { calls, words } = await together(proxy, upstream, 10, chatAnswer(), asked);
      expect(calls).toBe(1);
      expect(words.filter((word) => word === 'FOLLOW')).toHaveLength(9);
    });
  }
});
