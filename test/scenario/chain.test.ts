/**
 * Refrains in a row: the outer one keeps what the inner one may keep, no longer
 * than that, and never takes it for younger than it is.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendJson, sendStream } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { EMBEDDINGS, embeds } from '../harness/embeddings.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const wordOf = ({ headers }: Answer) => headers['x-cache'];
const BODY = { body: chatRequest() };
const statusOf = ({ headers }: Answer) => headers['cache-status'];

describe('a Refrain behind a Refrain', () => {
  for (const [what, asking, whole] of [
    ['JSON', BODY, chatAnswer()],
    ['a stream', { body: chatRequest('x', { stream: true }) }, chatEvents().join('')],
  ] as const) {
    story(`is asked once: ${what}`, async ({ upstream, open }) => {
      const inner = await open();
      const outer = await open({ upstream: `${inner.url}/v1` });
      const answers = [await ask(outer.url + CHAT, asking), await ask(outer.url + CHAT, asking)];
      expect(answers.map(wordOf)).toEqual(['MISS', 'HIT']);
      for (const { text } of answers) expect(text).toBe(whole);
      expect(upstream.calls).toHaveLength(1);
      expect(inner.app.ledger.counts()).toMatchObject({ requests: 1, miss: 1 });
    });
  }

  story('gives its hits with their age, and its time to live', async ({ open }) => {
    const clock = createTestClock();
    const inner = await open({ ttl: 100 }, clock);
    const outer = await open({ upstream: `${inner.url}/v1`, ttl: 1_000 }, clock);
    await ask(inner.url + CHAT, BODY);
    clock.advance(30_000);
    const miss = await ask(outer.url + CHAT, BODY);
    expect(miss.headers).toMatchObject({ age: '30', 'x-cache': 'MISS' });
    expect(statusOf(miss)).toMatch(/^refrain; hit; ttl=70; detail=memory, refrain; fwd=miss/);
    clock.advance(20_000);
    expect((await ask(outer.url + CHAT, BODY)).headers).toMatchObject({
      age: '50',
      'cache-status': 'refrain; hit; ttl=50; detail=memory',
    });
    expect(
      wordOf(await ask(outer.url + CHAT, { ...BODY, headers: { 'cache-control': 'max-age=49, only-if-cached' } })),
    ).toBe('MISS');
    clock.advance(50_000);
    expect(wordOf(await ask(outer.url + CHAT, BODY))).toBe('MISS');
  });

  story('is kept by the outer one for its own time, counted from when the answer was recorded', async ({ open }) => {
    const clock = createTestClock();
    const inner = await open({ ttl: Infinity }, clock);
    const outer = await open({ upstream: `${inner.url}/v1`, ttl: 40 }, clock);
    await ask(inner.url + CHAT, BODY);
    clock.advance(30_000);
    await ask(outer.url + CHAT, BODY);
    expect((await ask(outer.url + CHAT, BODY)).headers).toMatchObject({
      age: '30',
      'cache-status': 'refrain; hit; ttl=10; detail=memory',
    });
    clock.advance(10_000);
    const late = await ask(outer.url + CHAT, BODY);
    expect(statusOf(late)).toBe('refrain; hit; detail=memory, refrain; fwd=miss; detail=ttl');
    expect(wordOf(await ask(outer.url + CHAT, BODY))).toBe('MISS');
  });

  story('may follow, and the outer one keeps that, too', async ({ upstream, open }) => {
    const inner = await open();
    const outer = await open({ upstream: `${inner.url}/v1` });
    upstream.script = () => {};
    const first = ask(inner.url + CHAT, BODY);
    const call = await upstream.called(1);
    const second = ask(outer.url + CHAT, BODY);
    await until(() => inner.app.admission.listeners === 2);
    sendJson(call, chatAnswer());
    expect([wordOf(await first), String(statusOf(await second)).split(',')[0]]).toEqual([
      'MISS',
      'refrain; fwd=miss; collapsed',
    ]);
    expect(wordOf(await ask(outer.url + CHAT, BODY))).toBe('HIT');
  });

  story('that does not keep an answer has it kept nowhere', async ({ upstream, open }) => {
    const inner = await open();
    const outer = await open({ upstream: `${inner.url}/v1` });
    upstream.script = (call) => sendJson(call, chatAnswer(), 200, { 'cache-control': 'no-store' });
    for (let turn = 0; turn < 2; turn++)
      expect(statusOf(await ask(outer.url + CHAT, BODY))).toBe(
        'refrain; fwd=miss; detail=upstream-no-store, refrain; fwd=miss; detail=upstream-no-store',
      );
    expect(upstream.calls).toHaveLength(2);
  });

  story('that is told to stay out of it is believed by the outer one', async ({ upstream, open }) => {
    const inner = await open({ cache: 'off' });
    const outer = await open({ upstream: `${inner.url}/v1` });
    for (let turn = 0; turn < 2; turn++)
      expect(statusOf(await ask(outer.url + CHAT, BODY))).toBe(
        'refrain; fwd=bypass; detail=off, refrain; fwd=miss; detail=upstream-no-store',
      );
    expect(upstream.calls).toHaveLength(2);
  });

  story('tells the outer one by what an answer varies', async ({ upstream, open }) => {
    const inner = await open();
    const outer = await open({ upstream: `${inner.url}/v1` });
    upstream.script = (call) =>
      sendJson(call, chatAnswer(`for ${call.headers['user-agent']}`), 200, { vary: 'user-agent' });
    const askAs = (url: string, agent: string) => ask(url + CHAT, { ...BODY, headers: { 'user-agent': agent } });
    await askAs(inner.url, 'a');
    for (const agent of ['a', 'b', 'a', 'b'])
      expect((await askAs(outer.url, agent)).text).toBe(chatAnswer(`for ${agent}`));
    expect(upstream.calls).toHaveLength(2);
  });

  story('with another cache between them is not heard', async ({ upstream, open }) => {
    const outer = await open();
    upstream.script = (call) =>
      sendJson(call, chatAnswer(), 200, {
        'cache-control': 'private, no-store',
        'cache-status': 'refrain; hit; ttl=60, nginx; fwd=miss',
      });
    for (let turn = 0; turn < 2; turn++) expect(wordOf(await ask(outer.url + CHAT, BODY))).toBe('MISS');
  });

  story('whose answer is too old for one who follows is asked by him again', async ({ upstream, open }) => {
    const outer = await open();
    upstream.script = () => {};
    const headers = { 'cache-control': 'max-age=10' };
    const first = ask(outer.url + CHAT, BODY);
    const call = await upstream.called(1);
    const second = ask(outer.url + CHAT, { ...BODY, headers });
    await until(() => outer.app.admission.listeners === 2);
    sendJson(call, chatAnswer('old'), 200, {
      'cache-control': 'private, no-store',
      'cache-status': 'refrain; hit; ttl=60',
      age: '11',
    });
    const again = await upstream.called(2);
    expect(again.headers['cache-control']).toBe('max-age=10');
    sendJson(again, chatAnswer('new'));
    expect([(await first).text, (await second).text]).toEqual([chatAnswer('old'), chatAnswer('new')]);
  });

  const OLD = {
    'cache-control': 'private, no-store',
    'cache-status': 'refrain; hit; ttl=70; detail=memory',
    'age': '30',
  };

  story('gives who follows the age of the answer, too, and its time to live', async ({ upstream, open }) => {
    const clock = createTestClock();
    const inner = await open({}, clock);
    const outer = await open({ upstream: `${inner.url}/v1` }, clock);
    upstream.script = () => {};
    const first = ask(inner.url + CHAT, BODY);
    const call = await upstream.called(1);
    const second = ask(outer.url + CHAT, BODY);
    await until(() => inner.app.admission.listeners === 2);
    sendJson(call, chatAnswer(), 200, OLD);
    expect([wordOf(await first), (await second).headers.age]).toEqual(['MISS', '30']);
    expect(statusOf(await second)).toBe(
      'refrain; hit; ttl=70; detail=memory, refrain; fwd=miss; collapsed, refrain; fwd=miss',
    );
    for (const proxy of [inner, outer])
      expect((await ask(proxy.url + CHAT, BODY)).headers).toMatchObject({
        'age': '30',
        'cache-status': 'refrain; hit; ttl=70; detail=memory',
      });
  });

  story('that fetched it from a third has it kept for no longer than that one says', async ({ upstream, open }) => {
    const clock = createTestClock();
    const inner = await open({ ttl: 100 }, clock);
    const middle = await open({ upstream: `${inner.url}/v1` }, clock);
    const outer = await open({ upstream: `${middle.url}/v1` }, clock);
    await ask(inner.url + CHAT, BODY);
    clock.advance(30_000);
    await ask(outer.url + CHAT, BODY);
    expect((await ask(outer.url + CHAT, BODY)).headers).toMatchObject({
      'age': '30',
      'cache-status': 'refrain; hit; ttl=70; detail=memory',
    });
    expect(upstream.calls).toHaveLength(1);
  });

  story('that knew a part of a batch says how old that is', async ({ upstream, open }) => {
    const clock = createTestClock();
    const inner = await open({}, clock);
    const outer = await open({ upstream: `${inner.url}/v1` }, clock);
    upstream.script = embeds();
    const askFor = (url: string, ...input: string[]) => ask(url + EMBEDDINGS, { body: { model: 'm', input } });
    await askFor(inner.url, 'a');
    clock.advance(60_000);
    expect((await askFor(outer.url, 'a', 'b')).headers).toMatchObject({ 'x-cache': 'MISS', 'age': '60' });
    expect((await askFor(outer.url, 'a')).headers).toMatchObject({ 'x-cache': 'HIT', 'age': '60' });
    const answer = await askFor(inner.url, 'c');
    expect(answer.headers.age).toBeUndefined();
  });

  for (const noStore of ['obey', 'ignore'] as const) {
    story(`that has it kept nowhere by what it is is believed with noStore=${noStore}`, async ({ upstream, open }) => {
      const outer = await open({ noStore });
      for (const [at, status] of [
        'fwd=bypass; detail=off',
        'fwd=stale; fwd-status=503; ttl=-5',
        'hit; ttl=-5',
      ].entries()) {
        const asking = { body: chatRequest(status) };
        const headers = { 'cache-control': 'private, no-store', 'cache-status': `refrain; ${status}`, 'age': '65' };
        upstream.script = (call) => sendJson(call, chatAnswer(), 200, headers);
        for (let turn = 0; turn < 2; turn++) expect(wordOf(await ask(outer.url + CHAT, asking)), status).toBe('MISS');
        expect(upstream.calls).toHaveLength(2 * (at + 1));
      }
    });
  }

  story('streams through a third', async ({ upstream, open }) => {
    const clock = createTestClock();
    const inner = await open({}, clock);
    const middle = await open({ upstream: `${inner.url}/v1` }, clock);
    const outer = await open({ upstream: `${middle.url}/v1` }, clock);
    upstream.script = (call) => sendStream(call, chatEvents());
    const body = chatRequest('x', { stream: true });
    await ask(inner.url + CHAT, { body });
    clock.advance(5_000);
    await ask(middle.url + CHAT, { body });
    clock.advance(5_000);
    await ask(outer.url + CHAT, { body });
    clock.advance(5_000);
    expect(await ask(outer.url + CHAT, { body })).toMatchObject({
      text: chatEvents().join(''),
      headers: { 'x-cache': 'HIT', age: '15' },
    });
    expect(upstream.calls).toHaveLength(1);
  });
});
