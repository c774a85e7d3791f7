import { describe, expect } from 'vitest';
import { stop } from '../../src/lifecycle.ts';
import { CHAT, chatAnswer, chatRequest, resetAfter, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { startUpstream } from '../harness/upstream.ts';

const portOf = (url: string) => Number(new URL(url).port);
const told = ({ lines }: Proxy) =>
  lines.filter(({ level, upstream }) => upstream !== undefined && (level === 'warn' || level === 'info'));
const fresh = (content: string) => ({ body: chatRequest(content) });

describe('trouble with an upstream', () => {
  story('is told once when it begins and once when it is over', async ({ upstream, open }) => {
    const proxy = await open();
    await ask(proxy.url + CHAT, fresh('before'));
    expect(told(proxy)).toEqual([]);
    const port = portOf(upstream.url);
    const origin = upstream.url;
    await upstream.stop();
    for (const content of ['a', 'b', 'c']) {
      const { status, text } = await ask(proxy.url + CHAT, fresh(content));
      expect(status).toBe(502);
      expect(JSON.parse(text).error).toMatchObject({
        code: 'upstream_unreachable',
        message:
          `The upstream ${origin} could not be reached (ECONNREFUSED); ` +
          `start what should listen there, or correct REFRAIN_UPSTREAM.`,
      });
    }
    const down = {
      level: 'warn',
      upstream: origin,
      setting: 'REFRAIN_UPSTREAM',
      reason: 'ECONNREFUSED',
      msg: 'the upstream does not answer; start what should listen there, or correct REFRAIN_UPSTREAM',
    };
    expect(told(proxy)).toMatchObject([down]);
    await upstream.start(port);
    upstream.script = (call) => sendJson(call, '{}', 500);
    for (const content of ['d', 'e']) expect((await ask(proxy.url + CHAT, fresh(content))).status).toBe(500);
    const up = { level: 'info', upstream: origin, setting: 'REFRAIN_UPSTREAM', msg: 'the upstream answers again' };
    expect(told(proxy)).toMatchObject([down, up]);
    await upstream.stop();
    await Promise.all(['f', 'g'].map((content) => ask(proxy.url + CHAT, fresh(content))));
    expect(told(proxy)).toMatchObject([down, up, down]);
    await upstream.start(port);
  });

  story('is of that upstream alone', async ({ upstream, open }) => {
    const other = await startUpstream((call) => sendJson(call, chatAnswer()));
    const proxy = await open({ upstreams: { other: { url: `${other.url}/v1` } } });
    const { url } = other;
    await other.stop();
    for (const path of [`/other${CHAT}`, CHAT, `/other${CHAT}`]) await ask(proxy.url + path, fresh('x'));
    expect(told(proxy)).toMatchObject([
      { level: 'warn', upstream: url, setting: 'upstreams.other', reason: 'ECONNREFUSED' },
    ]);
    expect(upstream.calls).toHaveLength(1);
  });

  story('is none where a client leaves, or an answer that has begun breaks off', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = resetAfter('data: {}\n\n');
    await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
    upstream.script = () => {};
    const leaving = new AbortController();
    const left = fetch(proxy.url + CHAT, {
      method: 'POST',
      body: JSON.stringify(chatRequest()),
      signal: leaving.signal,
    }).catch(() => {});
    const { closed } = await upstream.called(2);
    leaving.abort();
    await Promise.all([left, closed]);
    expect(told(proxy)).toEqual([]);
  });

  story('is none where a stop ends what it waits for', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = () => {};
    const asked = ask(proxy.url + CHAT, fresh('x'));
    await upstream.called(1);
    await stop(proxy.app, 0);
    expect((await asked).status).toBe(502);
    expect(told(proxy)).toEqual([]);
  });

  story('that comes and goes is told of a few times a minute', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    let isDead = false;
    upstream.script = (call) => ((isDead = !isDead) ? call.response.destroy() : sendJson(call, chatAnswer()));
    const turn = async (times: number) => {
      for (let at = 0; at < times; at += 1) await ask(`${proxy.url}/v1/files`, { method: 'POST', body: 'x' });
    };
    await turn(40);
    expect(told(proxy)).toHaveLength(7);
    expect(told(proxy).at(-1)).toMatchObject({
      level: 'warn',
      msg: expect.stringContaining('answers and fails by turns'),
      changes: 6,
      seconds: 60,
    });
    clock.advance(61_000);
    await turn(2);
    expect(told(proxy)).toHaveLength(9);
  });
});
