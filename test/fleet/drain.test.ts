import { expect } from 'vitest';
import { stop } from '../../src/lifecycle.ts';
import { beginStream, CHAT, chatEvents } from '../harness/answers.ts';
import { begin } from '../harness/client.ts';
import { fleetTest, question } from '../harness/fleet.ts';
import { until } from '../harness/until.ts';

const EVENTS = chatEvents();
const STREAM = question('Will it end?', { stream: true });

fleetTest(
  'a node that stops plays its answers to the end, to clients of other nodes too',
  async ({ fleet, upstream }) => {
    const [leader, other] = await fleet();
    upstream.script = beginStream;
    const asked = begin(leader.url + CHAT, STREAM);
    await asked;
    const { response } = await upstream.called(1);
    const [head = '', ...rest] = EVENTS;
    response.write(head);
    const live = await begin(other.url + CHAT, STREAM);
    await live.receives(Buffer.byteLength(head));
    asked.hangUp();
    await until(() => leader.app.fleet()?.reading().followed === 1 && leader.app.admission.listeners === 1);
    const stopped = stop(leader.app, 20);
    for (const event of rest) response.write(event);
    response.end();
    const { body, broken } = await live.ended;
    expect([broken, String(body)]).toEqual([false, EVENTS.join('')]);
    await stopped;
    expect(upstream.calls).toHaveLength(1);
  },
);
