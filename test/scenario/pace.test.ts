import { expect } from 'vitest';
import { stop } from '../../src/lifecycle.ts';
import {
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatEventsWithUsage,
  chatRequest,
  sendJson,
  sendStream,
} from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { landed } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const BODY = chatRequest('x', { stream: true });
const WITH_USAGE = chatRequest('x', { stream: true, stream_options: { include_usage: true } });
const DERIVES = { dialect: 'openai' } as const;
const EVENTS = chatEvents();
const upTo = (count: number) => EVENTS.slice(0, count).join('');
const eventsIn = (text: string) => text.split(/(?<=\n\n)/);
const paced = (pace: string, body = BODY) => ({ body, headers: { 'x-refrain-pace': pace } });

story('a kept stream is played as it came, with the head and bytes of an instant hit', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({ heartbeat: 1 }, clock);
  upstream.script = beginStream;
  const first = begin(proxy.url + CHAT, { body: BODY });
  const { response } = await upstream.called(1);
  const live = await first;
  let sent = '';
  for (const event of EVENTS) {
    clock.advance(500);
    response.write((sent += event) && event);
    await live.receives(Buffer.byteLength(sent));
  }
  response.end();
  await live.ended;
  await landed(proxy);

  const instant = await ask(proxy.url + CHAT, { body: BODY });
  const asked = begin(proxy.url + CHAT, paced('recorded'));
  const slow = await asked;
  for (let count = 1; count < EVENTS.length; count++) {
    clock.advance(499);
    clock.advance(1);
    await slow.receives(Buffer.byteLength(upTo(count)));
    expect(slow.received.toString()).toBe(upTo(count));
  }
  clock.advance(500);
  const answer = await slow.ended;
  expect(answer).toMatchObject({ text: EVENTS.join(''), broken: false });
  const { 'x-refrain-request-id': _, date, age, 'cache-status': status, ...same } = instant.headers;
  expect(answer.headers).toMatchObject(same);
  expect(same['content-length']).toBe(String(answer.body.length));
});

story('the setting is for all, and a request may want another', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({ pace: 2 }, clock);
  upstream.script = (call) => sendStream(call, EVENTS);
  expect((await ask(proxy.url + CHAT, { body: BODY })).headers['x-cache']).toBe('MISS');
  await landed(proxy);
  expect((await ask(proxy.url + CHAT, paced('instant'))).text).toBe(EVENTS.join(''));
  const slow = await begin(proxy.url + CHAT, { body: BODY });
  await slow.receives(Buffer.byteLength(upTo(1)));
  clock.advance(500);
  await slow.receives(Buffer.byteLength(upTo(2)));
  expect(slow.received.toString()).toBe(upTo(2));
  clock.advance(60_000);
  expect((await slow.ended).text).toBe(EVENTS.join(''));
});

story('kept JSON waits as long as its call took', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({}, clock);
  const body = chatRequest();
  upstream.script = () => {};
  const first = ask(proxy.url + CHAT, { body });
  const call = await upstream.called(1);
  clock.advance(3_000);
  sendJson(call, chatAnswer());
  await first;
  await landed(proxy);
  const startedAt = clock.now();
  let isOver = false;
  const slow = ask(proxy.url + CHAT, paced('recorded', body)).finally(() => (isOver = true));
  await until(() => {
    if (!isOver) clock.advance(100);
    return isOver;
  });
  expect(clock.now() - startedAt).toBeGreaterThanOrEqual(3_000);
  expect(await slow).toMatchObject({ text: chatAnswer(), headers: { 'x-cache': 'HIT' } });
});

story('a stream made from another comes as that one came', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open(DERIVES, clock);
  upstream.script = beginStream;
  const first = begin(proxy.url + CHAT, { body: WITH_USAGE });
  const { response } = await upstream.called(1);
  const live = await first;
  let sent = '';
  for (const event of chatEventsWithUsage()) {
    clock.advance(500);
    response.write((sent += event) && event);
    await live.receives(Buffer.byteLength(sent));
  }
  response.end();
  await live.ended;
  await landed(proxy);

  const { text, headers } = await ask(proxy.url + CHAT, { body: BODY });
  expect(headers['x-refrain-form']).toBe('sse from sse+usage');
  const slow = await begin(proxy.url + CHAT, paced('recorded'));
  let told = '';
  for (const event of eventsIn(text)) {
    // The usage, before the last event, is not told; its time passes.
    clock.advance(event.includes('[DONE]') ? 999 : 499);
    expect(slow.received.toString()).toBe(told);
    clock.advance(1);
    await slow.receives(Buffer.byteLength((told += event)));
    expect(slow.received.toString()).toBe(told);
  }
  expect((await slow.ended).text).toBe(text);
  expect(upstream.calls).toHaveLength(1);
});

story('a stream made from JSON comes in even steps over its call', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open(DERIVES, clock);
  upstream.script = () => {};
  const first = ask(proxy.url + CHAT, { body: chatRequest('x') });
  const call = await upstream.called(1);
  clock.advance(3_000);
  sendJson(call, chatAnswer());
  await first;
  await landed(proxy);

  const { text, headers } = await ask(proxy.url + CHAT, { body: BODY });
  expect(headers['x-refrain-form']).toBe('sse from json');
  const events = eventsIn(text);
  const { waiting } = clock;
  const asked = begin(proxy.url + CHAT, paced('recorded'));
  await until(() => clock.waiting > waiting);
  let [told, now] = ['', 0];
  for (const [at, event] of events.entries()) {
    const due = Math.round((3_000 * (at + 1)) / events.length);
    clock.advance(due - 1 - now);
    clock.advance(1);
    now = due;
    const slow = await asked;
    await slow.receives(Buffer.byteLength((told += event)));
    expect(slow.received.toString()).toBe(told);
  }
  expect((await (await asked).ended).text).toBe(text);
});

story('who waited for an answer that came in another form is not made to wait again', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open(DERIVES, clock);
  upstream.script = () => {};
  const first = ask(proxy.url + CHAT, { body: chatRequest('x') });
  const call = await upstream.called(1);
  const streams = ['recorded', '1/s'].map((pace) => ask(proxy.url + CHAT, paced(pace)));
  await until(() => proxy.app.admission.listeners >= 4);
  clock.advance(3_000);
  sendJson(call, chatAnswer());
  await first;
  for (const { headers, text } of await Promise.all(streams)) {
    expect(headers).toMatchObject({ 'x-cache': 'HIT', 'x-refrain-form': 'sse from json' });
    expect(text).toContain('[DONE]');
  }
  expect(upstream.calls).toHaveLength(1);
});

story('a client that leaves takes its timer with it, and a stop cuts what is played', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({}, clock);
  upstream.script = (call) => sendStream(call, EVENTS);
  await ask(proxy.url + CHAT, { body: BODY });
  await landed(proxy);
  const leaving = await begin(proxy.url + CHAT, paced('1/s'));
  const { waiting } = clock;
  leaving.hangUp();
  await until(() => clock.waiting === waiting - 1);

  const cut = await begin(proxy.url + CHAT, paced('0.01/s'));
  const stopped = stop(proxy.app, 1, clock);
  const cuts = clock.waiting;
  clock.advance(2_000);
  expect(await cut.ended).toMatchObject({ broken: true, text: upTo(1) });
  await stopped;
  expect(clock.waiting).toBeLessThan(cuts);
});

story('a pace that is none is refused, by name', async ({ open }) => {
  const proxy = await open();
  for (const pace of ['fast', '0/s', '-1/s', '5', '5/m', '1e3/s', '']) {
    const answer = await ask(proxy.url + CHAT, paced(pace));
    expect([pace, answer.status, JSON.parse(answer.text).error.message]).toEqual([
      pace,
      400,
      expect.stringContaining('x-refrain-pace'),
    ]);
  }
});
