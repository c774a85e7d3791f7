import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson, sendStream } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { story } from '../harness/story.ts';

const STREAM = { body: chatRequest('x', { stream: true }) };
const digest = (body: Buffer) => createHash('sha256').update(body).digest('hex');

describe('equal requests at the same time', () => {
  story('of 500 that stream, one asks the upstream and all get its bytes', async ({ upstream, open }) => {
    const proxy = await open();
    const events = chatEvents(Array.from({ length: 100 }, (_, index) => `pièce ${index} 🌊 `));
    upstream.script = beginStream;
    const clients = Array.from({ length: 500 }, () => begin(proxy.url + CHAT, STREAM));
    const live = await Promise.all(clients);
    const { response } = await upstream.called(1);
    for (const event of events) response.write(event);
    response.end();
    const answers = await Promise.all(live.map(({ ended }) => ended));

    expect(upstream.calls).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => digest(body)))).toEqual(new Set([digest(Buffer.from(events.join('')))]));
    expect(answers.every(({ broken }) => !broken)).toBe(true);
    const words = answers.map(({ headers }) => headers['x-cache']);
    expect(words.filter((word) => word === 'MISS')).toHaveLength(1);
    expect(words.filter((word) => word === 'FOLLOW')).toHaveLength(499);
    expect(answers.find(({ headers }) => headers['x-cache'] === 'FOLLOW')?.headers['cache-status']).toBe(
      'refrain; fwd=miss; collapsed',
    );
  });

  story('share one JSON answer', async ({ upstream, open }) => {
    const proxy = await open();
    const whole = chatAnswer();
    upstream.script = ({ response }) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': whole.length,
        'set-cookie': 'a=b',
        'x-ratelimit-remaining-requests': '7',
        'x-account': 'of the leader',
      });
      response.write(whole.slice(0, 10));
    };
    const live = await Promise.all(Array.from({ length: 20 }, () => begin(proxy.url + CHAT, { body: chatRequest() })));
    const { response } = await upstream.called(1);
    response.end(whole.slice(10));
    const answers = await Promise.all(live.map(({ ended }) => ended));
    expect(upstream.calls).toHaveLength(1);
    expect(answers.map(({ text }) => text)).toEqual(Array(20).fill(whole));
    const followers = answers.filter(({ headers }) => headers['x-cache'] === 'FOLLOW');
    expect(followers).toHaveLength(19);
    for (const { headers } of followers) {
      for (const name of ['set-cookie', 'x-ratelimit-remaining-requests', 'x-account'])
        expect(headers[name]).toBeUndefined();
      expect(headers['content-length']).toBe(String(whole.length));
    }
  });

  story('do not share across forms where those are exact', async ({ upstream, open }) => {
    const proxy = await open({ forms: 'exact' });
    upstream.script = () => {};
    const json = ask(proxy.url + CHAT, { body: chatRequest() });
    const stream = ask(proxy.url + CHAT, { body: chatRequest('What is the sea?', { stream: true }) });
    const calls = [await upstream.called(1), await upstream.called(2)];
    for (const call of calls) {
      if (JSON.parse(call.body.toString()).stream) sendStream(call, chatEvents());
      else sendJson(call, chatAnswer());
    }
    expect((await json).text).toBe(chatAnswer());
    expect((await stream).text).toBe(chatEvents().join(''));
  });

  story('may join after any byte of the stream, also inside a character', async ({ upstream, open }) => {
    // The last event may not end the stream before its upstream does.
    const proxy = await open({}, createTestClock());
    const whole = Buffer.from(chatEvents(['wä', '🌊']).join(''));
    upstream.script = beginStream;
    const leader = await begin(proxy.url + CHAT, STREAM);
    const { response } = await upstream.called(1);
    const followers = [];
    for (let at = 0; at < whole.length; at++) {
      response.write(whole.subarray(at, at + 1));
      await leader.receives(at + 1);
      if (at % 3 !== 0) continue;
      const follower = await begin(proxy.url + CHAT, STREAM);
      await follower.receives(at + 1);
      expect(follower.message.headers['x-cache']).toBe('FOLLOW');
      followers.push(follower);
    }
    response.end();
    for (const { ended } of [leader, ...followers]) {
      const { body, broken } = await ended;
      expect(broken).toBe(false);
      expect(body.equals(whole)).toBe(true);
    }
    expect(upstream.calls).toHaveLength(1);
    expect((await ask(proxy.url + CHAT, STREAM)).body.equals(whole)).toBe(true);
  });
});
