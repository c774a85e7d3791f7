/**
 * Refrain behind an nginx that runs by the file of config/deploy, over TLS.
 */
import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { expect } from 'vitest';
import { beginStream, CHAT, chatEvents, chatRequest } from '../harness/answers.ts';
import { story } from '../harness/story.ts';
import { SiteNginx } from './nginx.ts';

const API = 'refrain.example';
const ADMIN = 'admin.refrain.example';

const served = story.extend<{ ask: (name: string, path: string, options?: object) => ReturnType<typeof request> }>({
  ask: async ({ open }, use) => {
    const proxy = await open({ admin: { hosts: [ADMIN] } });
    const nginx = await SiteNginx.start({ api: proxy.url, admin: proxy.adminUrl });
    const lookup: LookupFunction = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    const dispatcher = new Agent({ connect: { ca: nginx.certificate, lookup } });
    await use((name, path, options) => request(`https://${name}:${nginx.port}${path}`, { dispatcher, ...options }));
    await dispatcher.destroy();
    await nginx.stop();
  },
});

served('each token comes through as it is sent, live and to those who follow', async ({ ask, upstream }) => {
  const post = { method: 'POST', body: JSON.stringify(chatRequest('What is the sea?', { stream: true })) };
  const headers = { 'content-type': 'application/json' };
  const events = chatEvents();
  upstream.script = beginStream;
  const asked = ask(API, CHAT, { ...post, headers });
  const { response } = await upstream.called(1);
  const answers = [await asked, await ask(API, CHAT, { ...post, headers })];
  expect(answers.map((answer) => answer.headers['x-cache'])).toEqual(['MISS', 'FOLLOW']);
  const readers = answers.map(({ body }) => body.setEncoding('utf8')[Symbol.asyncIterator]());
  const texts = ['', ''];
  // Each is sent only once all before it have come through, so that one that is held back would hang.
  let sent = '';
  for (const event of events) {
    response.write(event);
    sent += event;
    for (const [at, reader] of readers.entries())
      while ((texts[at] as string).length < sent.length) texts[at] += (await reader.next()).value;
  }
  response.end();
  for (const reader of readers) expect((await reader.next()).done).toBe(true);
  expect(texts).toEqual([sent, sent]);
});

served('bodies up to the bound of Refrain come through, and larger ones get 413', async ({ ask, upstream }) => {
  const send = async (bytes: number) => {
    const body = Buffer.alloc(bytes, ' ');
    body.write(JSON.stringify(chatRequest()));
    const { statusCode, body: answer } = await ask(API, CHAT, { method: 'POST', body });
    await answer.dump();
    return statusCode;
  };
  expect(await send(20 * 1024 * 1024)).toBe(200);
  expect(upstream.calls).toHaveLength(1);
  expect(await send(101 * 1024 * 1024)).toBe(413);
});

served('the page and the admin API are at the name that they were given', async ({ ask }) => {
  const stats = await ask(ADMIN, '/stats');
  expect([stats.statusCode, Object.keys((await stats.body.json()) as object)]).toEqual([
    200,
    expect.arrayContaining(['periods']),
  ]);
  const health = await ask(API, '/healthz');
  expect(health.statusCode).toBe(200);
  await health.body.dump();
});
