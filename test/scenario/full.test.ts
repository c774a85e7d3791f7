import { join } from 'node:path';
import { describe, expect } from 'vitest';
import {
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  responseAnswer,
  sendJson,
} from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story as base } from '../harness/story.ts';

const story = base.extend<{ onDisk: object }>({
  onDisk: async ({ folder }, use) => use({ memory: { bytes: 0 }, store: { path: join(folder, 'cache.sqlite') } }),
});

const asking = (content: string, others: object = {}) => ({ body: chatRequest(content, others) });
const ask200 = async (proxy: Proxy, content: string) => {
  const { status, headers } = await ask(proxy.url + CHAT, asking(content));
  return `${status} ${headers['x-cache']}`;
};

describe('with no room for a further call', () => {
  story('what is on disk is a hit all the same, and what is not is turned away', async ({ upstream, open, onDisk }) => {
    const proxy = await open({ ...onDisk, limits: { flights: 1 } });
    expect(await ask200(proxy, 'kept')).toBe('200 MISS');
    await proxy.app.store.size();
    upstream.script = beginStream;
    const held = await begin(proxy.url + CHAT, asking('held', { stream: true }));
    expect([await ask200(proxy, 'kept'), await ask200(proxy, 'new')]).toEqual(['200 HIT', '503 MISS']);
    (await upstream.called(2)).response.end(chatEvents().join(''));
    await held.ended;
    upstream.script = (call) => sendJson(call, chatAnswer());
    expect(await ask200(proxy, 'new')).toBe('200 MISS');
  });
});

describe('with no room for a further reader', () => {
  story('nobody waits for the disk either, and the turned away leave no trace', async ({ upstream, open, onDisk }) => {
    const proxy = await open({ ...onDisk, limits: { listeners: 1 } });
    expect(await ask200(proxy, 'kept')).toBe('200 MISS');
    await proxy.app.store.size();
    upstream.script = beginStream;
    const held = await begin(proxy.url + CHAT, asking('held', { stream: true }));
    expect(await ask200(proxy, 'kept')).toMatch(/^503 /);
    (await upstream.called(2)).response.end(chatEvents().join(''));
    await held.ended;
    expect(await ask200(proxy, 'kept')).toBe('200 HIT');
    expect([proxy.app.admission.flights, proxy.app.admission.listeners, proxy.app.cache.flights]).toEqual([0, 0, 0]);
  });
});

describe('an answer that is deleted at its upstream', () => {
  story('is gone from the disk, not only hidden', async ({ upstream, open, onDisk }) => {
    const proxy = await open(onDisk);
    const response = { body: { model: 'm', input: 'x' } };
    upstream.script = (call) => sendJson(call, responseAnswer('x', 'resp_gone'));
    await ask(`${proxy.url}/v1/responses`, response);
    expect(await proxy.app.store.size()).toMatchObject({ entries: 1 });
    await ask(`${proxy.url}/v1/responses/resp_gone`, { method: 'DELETE' });
    expect(await proxy.app.store.size()).toMatchObject({ entries: 0 });
    expect((await ask(`${proxy.url}/v1/responses`, response)).headers['x-cache']).toBe('MISS');
  });
});

describe('with no room for a further reader, and nothing to look up', () => {
  story('no call is made that nobody could read, kept or not', async ({ upstream, open }) => {
    const proxy = await open({ limits: { listeners: 1 } });
    upstream.script = beginStream;
    const held = await begin(proxy.url + CHAT, asking('held', { stream: true }));
    expect(await ask200(proxy, 'new')).toMatch(/^503 /);
    expect((await ask(`${proxy.url}/v1/models`)).status).toBe(503);
    (await upstream.called(1)).response.end(chatEvents().join(''));
    await held.ended;
    expect(upstream.calls).toHaveLength(1);
  });
});
