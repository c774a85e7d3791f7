import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest } from '../harness/answers.ts';
import { ask, begin, type LiveAnswer } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { ScriptedUpstream } from '../harness/upstream.ts';

const STREAM = { body: chatRequest('x', { stream: true }) };
const EVENTS = chatEvents();
const WHOLE = EVENTS.join('');

/** Sends the first `count` events and waits until every client has them. */
async function sendFirst(upstream: ScriptedUpstream, count: number, clients: readonly LiveAnswer[]): Promise<void> {
  const { response } = await upstream.called(1);
  const first = EVENTS.slice(0, count).join('');
  if (first !== '') response.write(first);
  await Promise.all(clients.map((client) => client.receives(Buffer.byteLength(first))));
}

describe('when the client that asked first leaves', () => {
  for (const [when, count] of [
    ['after the headers', 0],
    ['after one event', 1],
    ['in the middle', 3],
    ['before the last event', EVENTS.length - 1],
  ] as const) {
    story(`${when}, the others get all of it and it is kept`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = beginStream;
      const leader = await begin(proxy.url + CHAT, STREAM);
      const followers = await Promise.all(Array.from({ length: 3 }, () => begin(proxy.url + CHAT, STREAM)));
      await sendFirst(upstream, count, [leader, ...followers]);
      leader.hangUp();
      await leader.ended;
      const { response } = await upstream.called(1);
      response.end(EVENTS.slice(count).join(''));
      for (const { ended } of followers) expect(await ended).toMatchObject({ text: WHOLE, broken: false });
      const next = await ask(proxy.url + CHAT, STREAM);
      expect(next).toMatchObject({ text: WHOLE, headers: { 'x-cache': 'HIT' } });
      expect(upstream.calls).toHaveLength(1);
    });
  }
});

describe('when every client leaves', () => {
  for (const body of [chatRequest('x', { stream: true }), chatRequest('x')]) {
    story(
      `the upstream call is aborted and nothing is kept (${'stream' in body ? 'stream' : 'JSON'})`,
      async ({ upstream, open }) => {
        const proxy = await open();
        upstream.script = () => {};
        const clients = [begin(proxy.url + CHAT, { body }), begin(proxy.url + CHAT, { body })];
        const call = await upstream.called(1);
        for (const client of clients) {
          client.catch(() => {});
          client.hangUp();
        }
        await call.closed;
        expect(call.response.writableEnded).toBe(false);
        upstream.script = (later) => later.response.writeHead(418).end();
        expect((await ask(proxy.url + CHAT, { body })).headers['x-cache']).toBe('MISS');
      },
    );
  }

  story('an answer that has begun is aborted too', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = beginStream;
    const client = await begin(proxy.url + CHAT, STREAM);
    await sendFirst(upstream, 2, [client]);
    const call = await upstream.called(1);
    client.hangUp();
    await call.closed;
    expect(call.response.writableEnded).toBe(false);
  });

  story('and answers are to be finished, the next request is a hit', async ({ upstream, open }) => {
    const proxy = await open({ onAbandon: 'finish' });
    upstream.script = beginStream;
    const client = await begin(proxy.url + CHAT, STREAM);
    await sendFirst(upstream, 2, [client]);
    client.hangUp();
    await client.ended;
    const { response, closed } = await upstream.called(1);
    response.write(EVENTS.slice(2, -1).join(''));
    const late = await begin(proxy.url + CHAT, STREAM);
    response.end(EVENTS.at(-1));
    await closed;
    expect(await late.ended).toMatchObject({ text: WHOLE, broken: false, headers: { 'x-cache': 'FOLLOW' } });
    expect(await ask(proxy.url + CHAT, STREAM)).toMatchObject({ text: WHOLE, headers: { 'x-cache': 'HIT' } });
    expect(upstream.calls).toHaveLength(1);
  });

  story(
    'an answer to be finished is aborted once it turns out too large to keep, or an error',
    async ({ upstream, open }) => {
      const proxy = await open({ onAbandon: 'finish', maxEntryBytes: 1_000 });
      for (const begun of [true, false]) {
        const turn = upstream.calls.length + 1;
        upstream.script = begun ? beginStream : () => {};
        const client = begin(proxy.url + CHAT, { body: chatRequest(String(begun), { stream: true }) });
        const call = await upstream.called(turn);
        if (begun) await client;
        client.catch(() => {});
        client.hangUp();
        await until(() => proxy.app.admission.listeners === 0);
        if (begun) call.response.write(`: ${'x'.repeat(2_000)}\n\n`);
        else call.response.writeHead(500).write('x');
        await call.closed;
        expect(call.response.writableEnded).toBe(false);
      }
    },
  );

  story(
    'an answer that will not be kept is aborted even where answers are to be finished',
    async ({ upstream, open }) => {
      const proxy = await open({ onAbandon: 'finish' });
      upstream.script = beginStream;
      const client = await begin(proxy.url + CHAT, { ...STREAM, headers: { 'cache-control': 'no-store' } });
      const call = await upstream.called(1);
      client.hangUp();
      await call.closed;
      expect(call.response.writableEnded).toBe(false);
    },
  );
});

describe('after the terminal event', () => {
  story('the client may hang up: the answer is kept as soon as the upstream ends', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = beginStream;
    const client = await begin(proxy.url + CHAT, STREAM);
    await sendFirst(upstream, EVENTS.length, [client]);
    client.hangUp();
    await client.ended;
    const { response } = await upstream.called(1);
    const late = await begin(proxy.url + CHAT, STREAM);
    await late.receives(Buffer.byteLength(WHOLE));
    response.end('\n');
    expect(await late.ended).toMatchObject({ text: `${WHOLE}\n`, broken: false });
    expect(await ask(proxy.url + CHAT, STREAM)).toMatchObject({ text: `${WHOLE}\n`, headers: { 'x-cache': 'HIT' } });
  });

  story('an upstream that never ends is given a second, then the answer is kept', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    upstream.script = beginStream;
    const client = await begin(proxy.url + CHAT, STREAM);
    await sendFirst(upstream, EVENTS.length, [client]);
    clock.advance(1_000);
    expect(await client.ended).toMatchObject({ text: WHOLE, broken: false });
    expect(await ask(proxy.url + CHAT, STREAM)).toMatchObject({ text: WHOLE, headers: { 'x-cache': 'HIT' } });
  });

  story('it has a second from its last byte on, and ten in all', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    upstream.script = beginStream;
    const client = await begin(proxy.url + CHAT, STREAM);
    await sendFirst(upstream, EVENTS.length, [client]);
    const { response } = await upstream.called(1);
    for (let said = 1; said <= 10; said++) {
      clock.advance(999);
      response.write('\n');
      await client.receives(Buffer.byteLength(WHOLE) + said);
    }
    clock.advance(10);
    expect(await client.ended).toMatchObject({ text: WHOLE + '\n'.repeat(10), broken: false });
    expect((await ask(proxy.url + CHAT, STREAM)).text).toBe(WHOLE + '\n'.repeat(10));
  });

  story('a reset of the upstream changes nothing', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = beginStream;
    const client = await begin(proxy.url + CHAT, STREAM);
    await sendFirst(upstream, EVENTS.length, [client]);
    const { response } = await upstream.called(1);
    response.socket?.resetAndDestroy();
    expect(await client.ended).toMatchObject({ text: WHOLE, broken: false });
    expect(await ask(proxy.url + CHAT, STREAM)).toMatchObject({ text: WHOLE, headers: { 'x-cache': 'HIT' } });
  });
});

story('a reader that stops reading holds back neither the others nor the upstream', async ({ upstream, open }) => {
  const proxy = await open();
  const long = chatAnswer('x'.repeat(3_000_000));
  upstream.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': long.length });
    response.flushHeaders();
  };
  const stalled = await begin(proxy.url + CHAT, { body: chatRequest() });
  stalled.message.pause();
  const reader = await begin(proxy.url + CHAT, { body: chatRequest() });
  const { response } = await upstream.called(1);
  response.end(long);
  expect((await reader.ended).text).toBe(long);
  stalled.message.resume();
  expect((await stalled.ended).text).toBe(long);
});
