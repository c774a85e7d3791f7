import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { createConfig } from '../../src/config/config.ts';
import { start, stop } from '../../src/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import { beginStream, CHAT, chatEvents, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { recorded, recordsOf } from '../harness/proxy.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';

story('the API says whether it is well, and who it is; no upstream is asked', async ({ upstream, open }) => {
  const proxy = await open();
  for (const [path, status, text] of [
    ['/healthz', 200, '{"status":"alive","listener":"api"}'],
    ['/readyz', 200, '{"status":"ready","listener":"api"}'],
    ['/readyz?from=probe', 200, '{"status":"ready","listener":"api"}'],
  ] as const) {
    expect(await ask(proxy.url + path)).toMatchObject({ status, text });
    expect(await ask(proxy.url + path, { method: 'HEAD' })).toMatchObject({ status, text: '' });
    for (const method of ['POST', 'DELETE', 'OPTIONS'])
      expect((await ask(proxy.url + path, { method, headers: { 'content-length': '0' } })).status).toBe(404);
  }
  const page = await ask(`${proxy.url}/`);
  expect(page.headers['content-type']).toBe('text/plain; charset=utf-8');
  for (const text of ['Refrain', `${proxy.url}/v1`, `${proxy.adminUrl}/`]) expect(page.text).toContain(text);
  expect((await ask(`${proxy.url}/`, { method: 'HEAD' })).text).toBe('');
  expect(upstream.calls).toHaveLength(0);
  expect(proxy.app.ledger.counts().requests).toBe(0);
});

story('all other paths are the upstream’s', async ({ upstream, open }) => {
  const proxy = await open();
  for (const path of ['/v1/healthz', '/v1/readyz', '/healthz/', '/healthz2', '/readyz/x', '/v1'])
    await ask(proxy.url + path);
  expect(upstream.calls).toHaveLength(6);
});

story('the page of text shows nothing of what a client wrote but a plain name', async ({ open }) => {
  const { url } = await open();
  const pageFor = (host: string) =>
    talk(url, (socket) => socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`));
  expect(await pageFor('cache.example:8080')).toContain('http://cache.example:8080/v1');
  expect(await pageFor('<script>alert(1)</script>')).not.toContain('script>');
});

story('an API that stops still says that it is alive, and takes no requests', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = beginStream;
  const body = JSON.stringify(chatRequest('x', { stream: true }));
  let stopped: Promise<void> | undefined;
  const text = await talk(proxy.url, async (socket) => {
    socket.write(`POST ${CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n`);
    socket.write(`content-type: application/json\r\n\r\n${body}`);
    const { response } = await upstream.called(1);
    stopped = stop(proxy.app, 60);
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    socket.write('GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    response.end(chatEvents().join(''));
  });
  await stopped;
  expect(text).toMatch(/200 OK[\s\S]*"alive"[\s\S]*503 Service Unavailable[\s\S]*"stopping"/);
});

test('an API that starts says so at once', async () => {
  const config = createConfig({ port: 0, admin: { port: 0 }, store: { path: null } });
  const app = createApp(config, createLog('silent'));
  const seen: unknown[] = [];
  const slow = {
    ...app,
    async open() {
      const url = `http://127.0.0.1:${(app.api.address() as AddressInfo).port}`;
      for (const path of ['/healthz', '/readyz', '/']) seen.push((await ask(url + path)).status);
      await app.open();
    },
  };
  try {
    await start(slow, config);
    expect(seen).toEqual([200, 503, 200]);
  } finally {
    await stop(app, 0);
  }
});

story('a request with a malformed control counts under its endpoint', async ({ open }) => {
  const proxy = await open();
  const records = recordsOf(proxy);
  for (const [path, headers] of [
    [CHAT, { 'x-refrain-ttl': 'soon' }],
    ['/v1/embeddings', { 'x-refrain-nothing': '1' }],
    ['/v1/models', { 'x-refrain-ttl': 'soon' }],
  ] as const)
    expect((await ask(proxy.url + path, { method: 'POST', headers, body: chatRequest() })).status).toBe(400);
  await recorded(records, 3);
  expect(records.map(({ outcome, endpoint }) => [outcome, endpoint])).toEqual([
    ['refusal', 'chat'],
    ['refusal', 'embeddings'],
    ['refusal', 'other'],
  ]);
  expect((await ask(`${proxy.adminUrl}/metrics`)).text).toContain(
    'refrain_requests_total{outcome="refusal",endpoint="chat"} 1',
  );
});
