import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatEvents } from '../harness/answers.ts';
import { begin, type LiveAnswer } from '../harness/client.ts';
import { asks, fleetTest, numberIn, question } from '../harness/fleet.ts';
import { until } from '../harness/until.ts';

const EVENTS = chatEvents(Array.from({ length: 60 }, (_, index) => ` wörd ${index} 🌊`));
const WHOLE = Buffer.from(EVENTS.join(''));
const STREAM = question('All at once.', { stream: true });

describe('1,000 equal streams over three nodes', () => {
  fleetTest('that are asked at once cost one call, and have equal bytes', async ({ fleet, upstream }) => {
    const nodes = await fleet();
    upstream.script = () => {};
    const asked = Array.from({ length: 1_000 }, (_, index) =>
      begin((nodes[index % 3] as (typeof nodes)[0]).url + CHAT, STREAM),
    );
    const call = await upstream.called(1);
    await until(() => nodes.reduce((sum, { app }) => sum + app.admission.listeners, 0) >= 1_000);
    expect(upstream.calls).toHaveLength(1);
    beginStream(call);
    for (const event of EVENTS) {
      call.response.write(event);
      await new Promise((resolve) => setImmediate(resolve));
    }
    call.response.end();
    const words = new Map<string, number>();
    for (const live of await Promise.all(asked)) {
      const { body, broken, headers } = await live.ended;
      expect([broken, body.equals(WHOLE)]).toEqual([false, true]);
      words.set(String(headers['x-cache']), (words.get(String(headers['x-cache'])) ?? 0) + 1);
    }
    expect(Object.fromEntries(words)).toEqual({ MISS: 1, FOLLOW: 999 });
    expect(upstream.calls).toHaveLength(1);
    for (const node of nodes)
      expect((await asks(node, 'All at once.', { stream: true })).headers['x-cache']).toBe('HIT');
    expect(upstream.calls).toHaveLength(1);
  });

  fleetTest('that join one after another, while it is sent, cost one call too', async ({ fleet, upstream }) => {
    const nodes = await fleet();
    upstream.script = beginStream;
    const first = await begin(nodes[0].url + CHAT, STREAM);
    const { response } = await upstream.called(1);
    const joined: Promise<LiveAnswer>[] = [];
    let sent = 0;
    for (const event of EVENTS) {
      response.write(event);
      sent += Buffer.byteLength(event);
      await first.receives(sent);
      for (let index = 0; index < 5; index++)
        joined.push(begin((nodes[index % 3] as (typeof nodes)[0]).url + CHAT, STREAM));
      // Each has what there is before the next is sent.
      const last = await joined.at(-1);
      await last?.receives(sent);
    }
    await Promise.all(joined);
    response.end();
    for (const live of [first, ...(await Promise.all(joined))]) {
      const { body, broken } = await live.ended;
      expect([broken, body.equals(WHOLE)]).toEqual([false, true]);
    }
    expect(upstream.calls).toHaveLength(1);
  });
});

fleetTest("an answer that is no 200 is nobody else's: each node asks for itself", async ({ fleet, upstream }) => {
  const nodes = await fleet();
  upstream.script = ({ response }) => void response.writeHead(429, { 'content-type': 'application/json' }).end('{}');
  const statuses = await Promise.all(nodes.map(async (node) => (await asks(node, 'Too many?')).status));
  expect(statuses).toEqual([429, 429, 429]);
  expect(upstream.calls).toHaveLength(3);
});

fleetTest('what one node has fetched is a hit on the others, by name of the tier', async ({ fleet, upstream }) => {
  const nodes = await fleet();
  numberIn(await asks(nodes[0], 'Once.'), 'Once.');
  // It is in Redis a moment after its flight has landed; who asks before that follows.
  await until(() => nodes[0].app.admission.flights === 0);
  await nodes[0].app.store.written();
  for (const node of nodes.slice(1)) {
    const { headers } = await asks(node, 'Once.');
    expect(headers['x-cache']).toBe('HIT');
    expect(headers['cache-status']).toContain('redis');
  }
  expect(upstream.calls).toHaveLength(1);
});
