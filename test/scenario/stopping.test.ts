import { expect } from 'vitest';
import { stop } from '../../src/lifecycle.ts';
import { beginStream, CHAT, chatEvents, chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';

story('a proxy that stops turns new requests away on the connections that it still has', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = beginStream;
  const body = JSON.stringify(chatRequest('x', { stream: true }));
  const request = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const live = await begin(proxy.url + CHAT, { body: chatRequest('other', { stream: true }) });
  let stopped: Promise<void> | undefined;
  const text = await talk(proxy.url, async (socket) => {
    socket.write(request);
    const { response } = await upstream.called(2);
    stopped = stop(proxy.app, 60);
    expect((await ask(`${proxy.adminUrl}/readyz`)).status).toBe(503);
    socket.write(request);
    response.end(chatEvents().join(''));
  });
  upstream.calls[0]?.response.end(chatEvents().join(''));
  expect((await live.ended).broken).toBe(false);
  await stopped;
  const [, first = '', second = ''] = text.split('HTTP/1.1 ');
  expect(first).toMatch(/^200 OK/);
  expect(second).toMatch(/^503 Service Unavailable[\s\S]*retry-after: 1[\s\S]*connection: close[\s\S]*"code":"stopping"/i);
  expect(upstream.calls).toHaveLength(2);
});
