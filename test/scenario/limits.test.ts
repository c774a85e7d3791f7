import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type ClientRequest, request, type Server } from 'node:http';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const body = (content: string, others: object = {}) => ({ body: chatRequest(content, others) });

describe('more upstream calls at a time than the limit', () => {
  story('are turned away with 503 and Retry-After, while hits are served', async ({ upstream, open }) => {
    const proxy = await open({ limits: { flights: 2 } });
    await ask(proxy.url + CHAT, body('kept'));
    upstream.script = () => {};
    const running = [ask(proxy.url + CHAT, body('a')), ask(`${proxy.url}/v1/models`)];
    await upstream.called(3);
    for (const turned of [
      await ask(proxy.url + CHAT, body('b')),
      await ask(`${proxy.url}/v1/models`),
      await ask(proxy.url + CHAT, { ...body('c'), headers: { 'cache-control': 'no-cache' } }),
    ]) {
      expect(turned).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(JSON.parse(turned.text).error.code).toBe('overloaded');
    }
    expect((await ask(proxy.url + CHAT, body('kept'))).headers['x-cache']).toBe('HIT');
    for (const call of upstream.calls.slice(1)) sendJson(call, chatAnswer());
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    upstream.script = (call) => sendJson(call, chatAnswer());
    expect((await ask(proxy.url + CHAT, body('b'))).status).toBe(200);
    expect([proxy.app.admission.flights, proxy.app.admission.listeners]).toEqual([0, 0]);
  });

  story('may all be the same call', async ({ upstream, open }) => {
    const proxy = await open({ limits: { flights: 1 } });
    upstream.script = () => {};
    const clients = [
      ask(proxy.url + CHAT, body('a')),
      ask(proxy.url + CHAT, body('a')),
      ask(proxy.url + CHAT, body('a')),
    ];
    const call = await upstream.called(1);
    await until(() => proxy.app.admission.listeners === 3);
    sendJson(call, chatAnswer());
    expect((await Promise.all(clients)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

story('more requests that wait than the limit are turned away', async ({ upstream, open }) => {
  const proxy = await open({ limits: { listeners: 2 } });
  upstream.script = () => {};
  const clients = [ask(proxy.url + CHAT, body('a')), ask(proxy.url + CHAT, body('a'))];
  const call = await upstream.called(1);
  await until(() => proxy.app.admission.listeners === 2);
  expect((await ask(proxy.url + CHAT, body('a'))).status).toBe(503);
  sendJson(call, chatAnswer());
  await Promise.all(clients);
  expect((await ask(proxy.url + CHAT, body('a'))).headers['x-cache']).toBe('HIT');
});

story('answers that together hold more than the limit are relayed, and not kept', async ({ upstream, open }) => {
  const proxy = await open({ limits: { bytes: 100_000 } });
  upstream.script = beginStream;
  const clients = await Promise.all(
    ['a', 'b'].map((content) => begin(proxy.url + CHAT, body(content, { stream: true }))),
  );
  const events = chatEvents(['x'.repeat(80_000)]);
  for (const call of upstream.calls) call.response.write(events[0] as string);
  for (const call of upstream.calls) call.response.write(events[1] as string);
  for (const client of clients) await client.receives(80_000);
  for (const call of upstream.calls) call.response.end(events.slice(2).join(''));
  for (const { ended } of clients) expect(await ended).toMatchObject({ text: events.join(''), broken: false });
  upstream.script = (call) => sendJson(call, chatAnswer());
  const words = [];
  for (const content of ['a', 'b'])
    words.push((await ask(proxy.url + CHAT, body(content, { stream: true }))).headers['x-cache']);
  expect(words.filter((word) => word === 'MISS').length).toBeGreaterThan(0);
  await ask(proxy.url + CHAT, body('after'));
  expect((await ask(proxy.url + CHAT, body('after'))).headers['x-cache']).toBe('HIT');
});

describe('long answers that are sent from the store', () => {
  const long = (content: string) => chatAnswer(content.repeat(9_000_000));

  /** A client that reads the head of its answer and no more. */
  const readHead = (url: string, content: string) =>
    new Promise<ClientRequest>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const asking = request(url + CHAT, { method: 'POST', agent: false, headers }, (message) => {
        message.on('error', () => {}).pause();
        resolve(asking);
      });
      asking.on('error', reject).end(JSON.stringify(chatRequest(content)));
    });

  story('hold as much as the limit and no more, each once for all its readers', async ({ upstream, open }) => {
    const proxy = await open({ maxEntryBytes: 64e6, limits: { bytes: 12_000_000 } });
    upstream.script = (call) => sendJson(call, long(JSON.parse(call.body.toString()).messages[0].content));
    for (const content of ['a', 'b', 'c']) await ask(proxy.url + CHAT, body(content));
    const slow = [];
    for (const content of ['a', 'a', 'a', 'b']) slow.push(await readHead(proxy.url, content));
    const turned = await ask(proxy.url + CHAT, body('c'));
    expect([turned.status, turned.headers['retry-after'], turned.headers['cache-status']]).toEqual([
      503,
      '1',
      'refrain; detail=overloaded',
    ]);
    // They hold it already.
    expect((await ask(proxy.url + CHAT, body('b'))).text).toBe(long('b'));
    upstream.script = (call) => sendJson(call, chatAnswer());
    await ask(proxy.url + CHAT, body('short'));
    expect((await ask(proxy.url + CHAT, body('short'))).headers['x-cache']).toBe('HIT');
    for (const asking of slow) asking.destroy();
    const again = async () => (await ask(proxy.url + CHAT, body('c'))).status;
    await expect.poll(again).toBe(200);
  });

  story('are given to an encrypted connection as it takes them', async ({ upstream, open, folder }) => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    for (const [name, text] of Object.entries({ key, cert })) writeFileSync(join(folder, name), text);
    const proxy = await open({ tls: { cert: join(folder, 'cert'), key: join(folder, 'key') } });
    upstream.script = (call) => sendJson(call, chatAnswer('x'.repeat(5_000_000)));
    const ends: TLSSocket[] = [];
    (proxy.app.api as Server).on('secureConnection', (socket: TLSSocket) => void ends.push(socket));
    const sent = JSON.stringify(chatRequest());
    const asking = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: ${sent.length}\r\n\r\n${sent}`;
    const port = Number(new URL(proxy.url).port);
    const dial = async () => {
      const socket = connect({ port, rejectUnauthorized: false });
      socket.on('error', () => {}).write(asking);
      await once(socket, 'readable');
      return socket;
    };
    const first = await dial();
    first.on('data', () => {});
    await until(() => proxy.app.cache.flights === 0);
    const slow = await dial();
    expect(String(slow.read(400))).toContain('x-cache: HIT');
    expect(ends.at(-1)?.writableLength).toBeLessThan(500_000);
    let bytes = 0;
    slow.on('data', (piece: Buffer) => (bytes += piece.length));
    await until(() => bytes > 5_000_000);
    first.destroy();
    slow.destroy();
  });
});

describe('a call without a first byte', () => {
  story('lets one further attempt start each time that takeoverAfter passes', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ flight: { takeoverAfter: 20 } }, clock);
    upstream.script = () => {};
    const clients = [ask(proxy.url + CHAT, body('a'))];
    const join = async (listeners: number) => {
      clients.push(ask(proxy.url + CHAT, body('a')));
      await until(() => proxy.app.admission.listeners === listeners);
    };
    await upstream.called(1);
    clock.advance(20_000);
    await join(2);
    expect(upstream.calls).toHaveLength(1);
    clock.advance(1);
    await join(3);
    await upstream.called(2);
    await join(4);
    await join(5);
    expect(upstream.calls).toHaveLength(2);
    sendJson(await upstream.called(2), chatAnswer('second'));
    sendJson(await upstream.called(1), chatAnswer('first'));
    const texts = (await Promise.all(clients)).map(({ text }) => JSON.parse(text).choices[0].message.content);
    expect(texts).toEqual(['first', 'first', 'second', 'second', 'second']);
  });
});

describe('a key whose answer cannot be kept', () => {
  const UNKEPT = errorAnswer('an error where an answer should be');

  story('is not waited for again for two minutes, and is once that is over', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    upstream.script = (call) => sendJson(call, UNKEPT);
    await ask(proxy.url + CHAT, body('a'));
    upstream.script = () => {};
    const answerAll = async (from: number, count: number) => {
      const clients = Array.from({ length: 3 }, () => ask(proxy.url + CHAT, body('a')));
      await upstream.called(from + count);
      await until(() => proxy.app.admission.listeners === 3);
      expect(upstream.calls).toHaveLength(from + count);
      for (const call of upstream.calls.slice(from)) sendJson(call, UNKEPT);
      await Promise.all(clients);
    };
    await answerAll(1, 3);
    clock.advance(120_001);
    await answerAll(4, 1);
  });

  story('is waited for again as soon as an answer is kept', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, UNKEPT);
    await ask(proxy.url + CHAT, body('a'));
    upstream.script = (call) => sendJson(call, chatAnswer());
    await ask(proxy.url + CHAT, body('a'));
    expect((await ask(proxy.url + CHAT, body('a'))).headers['x-cache']).toBe('HIT');
    upstream.script = () => {};
    const refresh = { ...body('a'), headers: { 'cache-control': 'max-age=0' } };
    const clients = [ask(proxy.url + CHAT, refresh), ask(proxy.url + CHAT, refresh)];
    const call = await upstream.called(3);
    await until(() => proxy.app.admission.listeners === 2);
    sendJson(call, chatAnswer());
    await Promise.all(clients);
    expect(upstream.calls).toHaveLength(3);
  });
});

story('one failure is told to everybody who waited, and to nobody else', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = () => {};
  const clients = Array.from({ length: 1_000 }, () => ask(proxy.url + CHAT, body('a')));
  const call = await upstream.called(1);
  await until(() => proxy.app.admission.listeners === 1_000);
  sendJson(call, '{"error":{"message":"overloaded"}}', 503, { 'retry-after': '7' });
  const answers = await Promise.all(clients);
  expect(new Set(answers.map(({ status, headers }) => `${status} ${headers['retry-after']}`))).toEqual(
    new Set(['503 7']),
  );
  expect(upstream.calls).toHaveLength(1);
  upstream.script = (later) => sendJson(later, chatAnswer());
  expect((await ask(proxy.url + CHAT, body('a'))).headers['x-cache']).toBe('MISS');
});
