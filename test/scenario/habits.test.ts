import { describe, expect } from 'vitest';
import { CHAT, chatEvents, chatRequest, sendStream } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

const body = chatRequest('x', { stream: true });
const EVENTS = 'text/event-stream';

const send = async (proxy: Proxy, control: string | string[], accept = EVENTS) => {
  const { headers } = await ask(proxy.url + CHAT, { body, headers: { 'cache-control': control, accept } });
  return headers['x-cache'];
};

describe('no-cache, exactly and alone, beside Accept: text/event-stream', () => {
  story('is a habit of libraries and no wish, and goes upstream as it came', async ({ upstream, open }) => {
    const proxy = await open();
    expect([await send(proxy, 'no-cache'), await send(proxy, 'no-cache')]).toEqual(['MISS', 'HIT']);
    expect(upstream.calls[0]?.headers).toMatchObject({ 'cache-control': 'no-cache', accept: EVENTS });
    for (const accept of ['application/json, text/event-stream', 'Text/Event-Stream;q=0.9'])
      expect(await send(proxy, 'no-cache', accept)).toBe('HIT');
  });

  story('is none where Pragma says it too, as clients that fetch streams have it', async ({ open }) => {
    const proxy = await open();
    const headers = { 'cache-control': 'no-cache', 'pragma': 'no-cache', 'accept': EVENTS };
    const words = [];
    for (let turn = 0; turn < 2; turn++)
      words.push((await ask(proxy.url + CHAT, { body, headers })).headers['x-cache']);
    expect(words).toEqual(['MISS', 'HIT']);
  });

  story('is joined like any other request', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = () => {};
    const clients = [send(proxy, 'no-cache')];
    const call = await upstream.called(1);
    clients.push(send(proxy, 'no-cache'));
    while (proxy.app.admission.listeners < 2) await new Promise((resolve) => setImmediate(resolve));
    sendStream(call, chatEvents());
    expect((await Promise.all(clients)).sort()).toEqual(['FOLLOW', 'MISS']);
  });

  story('is a wish where it is anything else', async ({ open }) => {
    const proxy = await open();
    await send(proxy, 'max-age=60');
    const wishes: [string | string[], string?][] = [
      ['no-cache', '*/*'],
      ['no-cache', 'application/json'],
      ['no-cache', 'text/event-stream;q=0'],
      ['no-cache', 'text/event-streams'],
      ['no-cache', ''],
      ['no-cache, max-age=60'],
      ['no-cache, no-cache'],
      [['no-cache', 'no-cache']],
      ['No-Cache'],
      ['no-cache=x'],
    ];
    for (const [control, accept] of wishes)
      expect(await send(proxy, control, accept), `${control} ${accept}`).toBe('MISS');
  });
});

describe('no-store, exactly and alone, beside Accept: text/event-stream', () => {
  story('is a wish, unless the operator says otherwise', async ({ upstream, open }) => {
    const proxy = await open();
    expect([await send(proxy, 'no-store'), await send(proxy, 'no-store')]).toEqual(['BYPASS', 'BYPASS']);
    const other = await open({ sse: { noStore: 'ignore' } });
    expect([await send(other, 'no-store'), await send(other, 'no-store')]).toEqual(['MISS', 'HIT']);
    expect(upstream.calls.at(-1)?.headers['cache-control']).toBe('no-store');
    for (const [control, accept] of [
      ['no-store', '*/*'],
      ['no-store, no-cache'],
      ['no-store, max-age=0'],
      ['No-Store'],
    ] as const) {
      expect(await send(other, control, accept), control).toBe('BYPASS');
    }
  });
});
