import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { stop } from '../../src/lifecycle.ts';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';

story('a proxy that stops turns new requests away on the connections that it still has', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = beginStream;
  const body = JSON.stringify(chatRequest('x', { stream: true }));
  const question =
    `POST ${CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`;
  const live = await begin(proxy.url + CHAT, { body: chatRequest('other', { stream: true }) });
  let stopped: Promise<void> | undefined;
  const text = await talk(proxy.url, async (socket) => {
    socket.write(question);
    const { response } = await upstream.called(2);
    stopped = stop(proxy.app, 60);
    expect((await ask(`${proxy.adminUrl}/readyz`)).status).toBe(503);
    socket.write(question);
    response.end(chatEvents().join(''));
  });
  upstream.calls[0]?.response.end(chatEvents().join(''));
  expect((await live.ended).broken).toBe(false);
  await stopped;
  const [, first = '', second = ''] = text.split('HTTP/1.1 ');
  expect(first).toMatch(/^200 OK/);
  expect(second).toMatch(
    /^503 Service Unavailable[\s\S]*retry-after: 1[\s\S]*connection: close[\s\S]*"code":"stopping"/i,
  );
  expect(upstream.calls).toHaveLength(2);
});

/** An answer of which nothing but the head is read before `read` is called, on a connection that is to be kept. */
const askSlowly = (url: string, method = 'POST') =>
  new Promise<{ word: unknown; read: () => Promise<{ isWhole: boolean; bytes: number }> }>((resolve, reject) => {
    const options = { method, agent: new Agent({ keepAlive: true }), headers: { 'content-type': 'application/json' } };
    const outgoing = request(url, options, (message) => {
      let bytes = 0;
      message
        .on('data', (chunk: Buffer) => (bytes += chunk.length))
        .on('error', () => {})
        .pause();
      const closed = new Promise((close) => message.on('close', close));
      const read = async () => {
        message.resume();
        await closed;
        return { isWhole: message.complete, bytes };
      };
      resolve({ word: message.headers['x-cache'], read });
    });
    outgoing.on('error', reject).end(method === 'POST' ? JSON.stringify(chatRequest()) : undefined);
  });

story(
  'a proxy that stops sends what it has begun to a slow reader to its end, and keeps no idle connection',
  async ({ upstream, open }) => {
    const proxy = await open({ maxEntryBytes: 64e6 });
    const answer = chatAnswer('x'.repeat(9e6));
    upstream.script = (call) => sendJson(call, answer);
    const asking = { body: chatRequest() };
    expect((await ask(proxy.url + CHAT, asking)).headers['x-cache']).toBe('MISS');
    const idle = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    idle.resume();
    const idleClosed = once(idle, 'close');
    await once(idle, 'connect');
    const slow = await askSlowly(proxy.url + CHAT);
    expect(slow.word).toBe('HIT');
    let isStopped = false;
    const stopped = stop(proxy.app, 60).then(() => (isStopped = true));
    await idleClosed;
    expect(isStopped).toBe(false);
    expect(await slow.read()).toEqual({ isWhole: true, bytes: answer.length });
    await stopped;
  },
);

story('a proxy that stops cuts a reader that is too slow for the time that it has', async ({ upstream, open }) => {
  const proxy = await open({ maxEntryBytes: 64e6 });
  upstream.script = (call) => sendJson(call, chatAnswer('x'.repeat(9e6)));
  await ask(proxy.url + CHAT, { body: chatRequest() });
  const slow = await askSlowly(proxy.url + CHAT);
  await stop(proxy.app, 0);
  expect(await slow.read()).toMatchObject({ isWhole: false });
});

story('a proxy that stops sends to its operator what it has begun', async ({ upstream, open }) => {
  const proxy = await open({ maxEntryBytes: 64e6 });
  upstream.script = (call) => sendJson(call, chatAnswer('x'.repeat(9e6)));
  const { headers } = await ask(proxy.url + CHAT, { body: chatRequest() });
  const slow = await askSlowly(`${proxy.adminUrl}/entries/${headers['x-refrain-key']}`, 'GET');
  // Its deadline never comes.
  const stopped = stop(proxy.app, 60, createTestClock());
  await once(proxy.app.api, 'close');
  // As often as its idle connections are looked for.
  for (let sweep = 0; sweep < 3; sweep++) proxy.app.admin.closeIdleConnections();
  expect(await slow.read()).toMatchObject({ isWhole: true });
  await stopped;
});
