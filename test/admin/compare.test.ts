/**
 * The views of the admin API for people: a proxy's state, the entries near one, and how two differ.
 */
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { DoctorReport } from '../../src/admin/doctor.ts';
import type { NearestJson } from '../../src/admin/nearest.ts';
import type { ProxyState } from '../../src/admin/state.ts';
import type { Explanation } from '../../src/request/explain.ts';
import { beginStream, CHAT, chatEvents, chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { CheckedAdminClient, type Refusal } from './checked-client.ts';

const send = (proxy: Proxy, body: object, headers: Record<string, string> = {}) =>
  ask(proxy.url + CHAT, { body, headers });

describe('the entries near one', () => {
  story('are those that differ least, and where', async ({ open }) => {
    const proxy = await open();
    const admin = new CheckedAdminClient(proxy.adminUrl);
    for (const more of [{ seed: 1 }, { seed: 2 }, { seed: 2, top_p: 1, temperature: 0 }])
      await send(proxy, chatRequest('a', more));
    const [last, second, first] = (await admin.rows()).map(({ key }) => key);
    const { value } = await admin.ask<NearestJson>('GET', `/entries/${first}/nearest`);
    expect(value).toEqual({
      key: first,
      why: null,
      nearest: [
        { key: second, first: '/body/seed', differences: 1 },
        { key: last, first: '/body/seed', differences: 3 },
      ],
    });
    await send(proxy, { ...chatRequest('a'), model: 'other' });
    const [other] = await admin.rows({ model: 'other' });
    const alone = await admin.ask<NearestJson>('GET', `/entries/${other?.key.slice(0, 16)}/nearest`);
    expect(alone.value).toMatchObject({ why: expect.stringContaining('nothing to compare'), nearest: [] });
    expect((await admin.ask('GET', `/entries/${'0'.repeat(64)}/nearest`)).status).toBe(404);
  });

  story('are not known where what was asked is not kept', async ({ open }) => {
    const proxy = await open({ store: { prompts: false } });
    const admin = new CheckedAdminClient(proxy.adminUrl);
    await send(proxy, chatRequest());
    const [row] = await admin.rows();
    const { value } = await admin.ask<NearestJson>('GET', `/entries/${row?.key}/nearest`);
    expect(value).toMatchObject({ why: expect.stringContaining('store.prompts'), nearest: [] });
  });
});

describe('two entries', () => {
  story('are compared by their keys, with the setting that would join them', async ({ open }) => {
    const proxy = await open();
    const admin = new CheckedAdminClient(proxy.adminUrl);
    for (const run of ['1', '2']) await send(proxy, chatRequest('a', { trace: { id: run } }), { 'x-lab': run });
    await send(proxy, chatRequest('b'));
    const [other, second, first] = (await admin.rows()).map(({ key }) => key);
    const compare = (...keys: unknown[]) => admin.ask<Explanation & Refusal>('POST', '/explain', { body: { keys } });
    expect((await compare(first, second)).value).toMatchObject({
      same: false,
      ignore: 'default,header:x-lab,/trace/id',
      differences: [{ pointer: '/headers/x-lab' }, { pointer: '/body/trace/id' }],
    });
    expect((await compare(first, other)).value).toMatchObject({ same: false, ignore: null });
    expect((await compare(first, first?.slice(0, 16))).value).toMatchObject({ same: true, ignore: null });
    for (const keys of [[first], [first, second, other], [first, 'x'], [first, 1]])
      expect((await compare(...keys)).value.error.code).toBe('invalid_body');
    const { status } = await admin.ask('POST', '/explain', { body: { keys: [first, second], key: first } });
    expect(status).toBe(400);
  });
});

describe('an entry', () => {
  story('says what its hits saved', async ({ open }) => {
    const proxy = await open();
    const admin = new CheckedAdminClient(proxy.adminUrl);
    for (const model of ['gpt-4o-mini', 'llama'])
      for (let at = 0; at < 3; at += 1) await send(proxy, { ...chatRequest(), model });
    const savedBy = async (model: string) => {
      const [row] = await admin.rows({ model });
      expect((await admin.show(row?.key ?? '')).saved).toEqual(row?.saved);
      return row?.saved;
    };
    // 5 x 0.15 + 3 x 0.6 millionths, twice.
    expect(await savedBy('gpt-4o-mini')).toEqual({
      dollars: expect.closeTo(5.1e-6, 9),
      tokens: 16,
      seconds: expect.any(Number),
    });
    expect(await savedBy('llama')).toMatchObject({ dollars: null, tokens: 16 });
  });
});

describe('an answer', () => {
  story(
    'that is a stream has the arrival of each of its events, after a restart too',
    async ({ folder, upstream, open }) => {
      const clock = createTestClock();
      const settings = { store: { path: join(folder, 'cache.sqlite') } };
      const proxy = await open(settings, clock);
      const events = [': a comment\n\n', ...chatEvents(['a', 'b'])];
      upstream.script = (call) => beginStream(call);
      const live = await begin(proxy.url + CHAT, { body: chatRequest('a', { stream: true }) });
      const call = await upstream.called(1);
      let sent = 0;
      for (const event of events) {
        clock.advance(30);
        call.response.write(event);
        await live.receives((sent += event.length));
      }
      call.response.end();
      await live.ended;
      const read = async ({ adminUrl }: Proxy) => {
        const admin = new CheckedAdminClient(adminUrl);
        const [row] = await admin.rows();
        return (await admin.show(row?.key ?? '')).answer.arrivals;
      };
      const arrivals = [60, 90, 120, 150, 180];
      expect(await read(proxy)).toEqual(arrivals);
      await proxy.stop();
      expect(await read(await open(settings, clock))).toEqual(arrivals);
    },
  );

  story('that is JSON has none', async ({ open }) => {
    const proxy = await open();
    await send(proxy, chatRequest());
    const admin = new CheckedAdminClient(proxy.adminUrl);
    const [row] = await admin.rows();
    expect((await admin.show(row?.key ?? '')).answer.arrivals).toBeNull();
  });
});

describe('a proxy that runs', () => {
  story('says how it is, and what it knows to be wrong', async ({ upstream, open }) => {
    const proxy = await open();
    const admin = new CheckedAdminClient(proxy.adminUrl);
    const state = async () => (await admin.ask<ProxyState>('GET', '/state')).value;
    const failing = async () =>
      (await admin.ask<DoctorReport>('GET', '/doctor')).value.checks.filter(({ state }) => state !== 'ok');
    await send(proxy, chatRequest());
    await send(proxy, chatRequest());
    expect(await state()).toMatchObject({
      readiness: 'ready',
      node: null,
      requests: { requests: 2, hit: 1, miss: 1 },
      tiers: [{ tier: 'memory', entries: 1 }],
      upstreams: [],
      api: { host: '127.0.0.1', port: Number(new URL(proxy.url).port) },
    });
    expect(await failing()).toEqual([]);
    const port = Number(new URL(upstream.url).port);
    await upstream.stop();
    await send(proxy, chatRequest('x'));
    const [down] = (await state()).upstreams;
    expect(down).toMatchObject({ setting: 'REFRAIN_UPSTREAM', state: 'down', reason: 'ECONNREFUSED' });
    expect(await failing()).toMatchObject([{ check: 'upstreams', state: 'warning' }]);
    await upstream.start(port);
    await send(proxy, chatRequest('y'));
    expect((await state()).upstreams).toMatchObject([{ state: 'up', reason: 'ECONNREFUSED' }]);
  });

  story('shows nothing of it without its token', async ({ open }) => {
    const proxy = await open({ admin: { token: 'canary-token-1234' } });
    for (const path of ['/state', '/doctor', '/stats?series=hour', `/entries/${'0'.repeat(64)}/nearest`])
      expect((await new CheckedAdminClient(proxy.adminUrl).ask('GET', path)).status).toBe(401);
  });
});
