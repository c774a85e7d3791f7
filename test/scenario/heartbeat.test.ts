import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { beginStream, CHAT, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const STREAM = { body: chatRequest('x', { stream: true }) };
const EVENTS = chatEvents();
const BEAT = ': refrain is waiting\n';

story('a silent stream gets a comment between two events, and only there', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({ heartbeat: 15 }, clock);
  upstream.script = beginStream;
  const client = await begin(proxy.url + CHAT, STREAM);
  const { response } = await upstream.called(1);
  let expected = '';
  const arrives = async (text: string) => {
    expected += text;
    await client.receives(Buffer.byteLength(expected));
    expect(client.received.toString()).toBe(expected);
  };
  const sends = async (text: string) => {
    response.write(text);
    await arrives(text);
  };
  clock.advance(15_000);
  await arrives(BEAT);
  await sends(EVENTS[0] as string);
  clock.advance(14_999);
  await sends(EVENTS[1] as string);
  clock.advance(15_000);
  await arrives(BEAT);
  clock.advance(15_000);
  await arrives(BEAT);
  const [whole = ''] = EVENTS.slice(2);
  await sends(whole.slice(0, 20));
  clock.advance(60_000);
  // The end of an event may come in pieces.
  await sends(whole.slice(20, -1));
  await sends(whole.slice(-1));
  clock.advance(15_000);
  await arrives(BEAT);
  response.end(EVENTS.slice(3).join(''));
  expect(await client.ended).toMatchObject({ text: expected + EVENTS.slice(3).join(''), broken: false });
  expect((await ask(proxy.url + CHAT, STREAM)).text).toBe(EVENTS.join(''));
});

story('nothing is added to a stream that passes as it is coded', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({ heartbeat: 15 }, clock);
  upstream.script = ({ response }) =>
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).flushHeaders();
  const headers = { 'cache-control': 'no-store', 'accept-encoding': 'gzip' };
  const client = await begin(proxy.url + CHAT, { ...STREAM, headers });
  clock.advance(60_000);
  const packed = gzipSync(EVENTS.join(''));
  upstream.calls[0]?.response.end(packed);
  expect((await client.ended).body.equals(packed)).toBe(true);
});

story('nothing is added to JSON, nor to a stream where it is off', async ({ upstream, open }) => {
  const clock = createTestClock();
  const [beating, silent] = [await open({ heartbeat: 1 }, clock), await open({}, clock)];
  upstream.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  };
  const json = await begin(beating.url + CHAT, { body: chatRequest('x') });
  upstream.script = beginStream;
  const stream = await begin(silent.url + CHAT, STREAM);
  clock.advance(10_000);
  upstream.calls[0]?.response.end('{}');
  upstream.calls[1]?.response.end(EVENTS.join(''));
  expect([(await json.ended).text, (await stream.ended).text]).toEqual(['{}', EVENTS.join('')]);
});

story('a client that has left gets none', async ({ upstream, open }) => {
  const clock = createTestClock();
  const proxy = await open({ heartbeat: 1 }, clock);
  upstream.script = beginStream;
  const client = await begin(proxy.url + CHAT, STREAM);
  client.hangUp();
  await until(() => proxy.app.admission.listeners === 0);
  clock.advance(10_000);
  upstream.script = (call) => sendJson(call, '{}');
  expect((await ask(`${proxy.url}/v1/models`)).status).toBe(200);
});
