import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { landed, type Proxy } from '../harness/proxy.ts';
import { type Cast, story as base } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { Call, Script, ScriptedUpstream } from '../harness/upstream.ts';

const story = base.extend<{ path: string }>({
  path: async ({ folder }, use) => use(join(folder, 'kept', 'cache.sqlite')),
});

const HOUR = 3_600_000;
const KEY = { authorization: 'Bearer sk-1' };

const askAs = (proxy: Proxy, headers: Record<string, string> = KEY, content = 'a', others: object = {}) =>
  ask(proxy.url + CHAT, { body: chatRequest(content, others), headers });

const wordOf = async (proxy: Proxy, headers?: Record<string, string>, content?: string) =>
  (await askAs(proxy, headers, content)).headers['x-cache'];

const refuse =
  (status: number): Script =>
  (call) =>
    sendJson(call, errorAnswer('no'), status);
const cut: Script = ({ response }) => response.socket?.resetAndDestroy();

/** A proxy that has an answer, whose caller's acceptance has just become old. */
async function openAged(open: Cast['open'], overrides: Overrides = {}) {
  const clock = createTestClock();
  const proxy = await open({ ttl: 86_400, ...overrides }, clock);
  await askAs(proxy);
  clock.advance(HOUR);
  return { proxy, clock };
}

/** A request that went up as a check: its answer, and the call, which the upstream has not answered yet. */
async function check(upstream: ScriptedUpstream, proxy: Proxy) {
  upstream.script = () => {};
  const checked = askAs(proxy);
  return { checked, call: await upstream.called(2) };
}

describe('a credential that was accepted longer ago than auth.recheck', () => {
  story('has one of its requests go up, and is young again', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: 86_400 }, clock);
    expect([await wordOf(proxy), await wordOf(proxy)]).toEqual(['MISS', 'HIT']);
    clock.advance(HOUR - 1);
    expect(await wordOf(proxy)).toBe('HIT');
    clock.advance(1);
    upstream.script = (call) => sendJson(call, chatAnswer('fresh'));
    const checked = await askAs(proxy);
    expect([checked.headers['x-cache'], checked.text]).toEqual(['MISS', chatAnswer('fresh')]);
    // It was a refresh, and what it brought is kept.
    const hit = await askAs(proxy);
    expect([hit.headers['x-cache'], hit.text]).toEqual(['HIT', chatAnswer('fresh')]);
    clock.advance(HOUR - 1);
    expect(await wordOf(proxy)).toBe('HIT');
    expect(upstream.calls).toHaveLength(2);
  });

  story('has its hits while that one is on its way', async ({ upstream, open }) => {
    const { proxy } = await openAged(open);
    const { checked, call } = await check(upstream, proxy);
    expect(new Set(await Promise.all(Array.from({ length: 50 }, () => wordOf(proxy))))).toEqual(new Set(['HIT']));
    sendJson(call, chatAnswer());
    expect((await checked).headers['x-cache']).toBe('MISS');
    expect(upstream.calls).toHaveLength(2);
  });

  for (const status of [401, 403]) {
    story(`has no hits any more once it is refused with ${status}`, async ({ upstream, open }) => {
      const { proxy } = await openAged(open);
      upstream.script = refuse(status);
      expect((await askAs(proxy)).status).toBe(status);
      expect((await askAs(proxy)).status).toBe(status);
      expect((await askAs(proxy, { ...KEY, 'openai-project': 'other' })).status).toBe(status);
      expect((await askAs(proxy, { ...KEY, 'cache-control': 'only-if-cached' })).status).toBe(504);
      upstream.script = (call) => sendJson(call, chatAnswer());
      expect([await wordOf(proxy), await wordOf(proxy)]).toEqual(['MISS', 'HIT']);
    });
  }

  const troubles: readonly (readonly [string, Script])[] = [
    ...[400, 402, 404, 429, 500, 503].map((status) => [`${status}`, refuse(status)] as const),
    ['a cut', cut],
  ];
  for (const [what, script] of troubles) {
    story(
      `has its hits where the upstream answers with ${what}, and is not asked about again at once`,
      async ({ upstream, open }) => {
        const { proxy, clock } = await openAged(open);
        upstream.script = script;
        const checked = await askAs(proxy);
        expect([checked.status, checked.headers['x-cache'], checked.text]).toEqual([200, 'HIT', chatAnswer()]);
        const calls = upstream.calls.length;
        expect(calls).toBeGreaterThan(1);
        expect([await wordOf(proxy), await wordOf(proxy)]).toEqual(['HIT', 'HIT']);
        expect(upstream.calls).toHaveLength(calls);
        clock.advance(60_000);
        upstream.script = (call) => sendJson(call, chatAnswer());
        expect([await wordOf(proxy), await wordOf(proxy)]).toEqual(['MISS', 'HIT']);
      },
    );
  }

  story('has its hits where there is no upstream any more, from the file too', async ({ upstream, open, path }) => {
    const first = await open({ store: { path }, ttl: 86_400 });
    await askAs(first);
    await first.stop();
    const proxy = await open({ store: { path }, ttl: 86_400, auth: { recheck: 0 } });
    await upstream.stop();
    expect([await wordOf(proxy), await wordOf(proxy)]).toEqual(['HIT', 'HIT']);
    expect((await askAs(proxy, KEY, 'never asked')).status).toBe(502);
    await upstream.start();
  });

  story('waits 5 s for the upstream to begin, and no longer where an answer is kept', async ({ upstream, open }) => {
    const { proxy, clock } = await openAged(open);
    const { checked, call } = await check(upstream, proxy);
    clock.advance(5_000);
    expect((await checked).headers['x-cache']).toBe('HIT');
    // The call goes on, and its refusal counts.
    refuse(401)(call);
    await landed(proxy);
    upstream.script = refuse(401);
    expect((await askAs(proxy)).status).toBe(401);
  });

  story('has a late answer kept all the same, and is young again by it', async ({ upstream, open }) => {
    // Nothing of it waits for a reader.
    const { proxy, clock } = await openAged(open, { maxEntryBytes: 4_000_000 });
    const { checked, call } = await check(upstream, proxy);
    clock.advance(5_000);
    expect((await checked).text).toBe(chatAnswer());
    const late = chatAnswer('late'.repeat(500_000));
    sendJson(call, late);
    await landed(proxy);
    expect((await askAs(proxy)).text).toBe(late);
    expect(upstream.calls).toHaveLength(2);
  });

  story('does not hold up a late answer that is too large to be kept', async ({ upstream, open }) => {
    const { proxy, clock } = await openAged(open, { maxEntryBytes: 10_000 });
    const { checked, call } = await check(upstream, proxy);
    clock.advance(5_000);
    await checked;
    sendJson(call, chatAnswer('x'.repeat(20_000_000)));
    await landed(proxy);
    expect(await wordOf(proxy)).toBe('HIT');
    expect(upstream.calls).toHaveLength(2);
  });

  story('may have nothing kept to fall back to', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await open({}, clock);
    await askAs(proxy);
    clock.advance(HOUR);
    upstream.script = refuse(500);
    expect((await askAs(proxy, KEY, 'new')).status).toBe(500);
  });

  story('gets a stream from its first event on', async ({ upstream, open }) => {
    const proxy = await open({ auth: { recheck: 0 } });
    upstream.script = beginStream;
    const live = await begin(proxy.url + CHAT, { body: chatRequest('a', { stream: true }), headers: KEY });
    const events = chatEvents();
    const { response } = await upstream.called(1);
    response.write(events[0] as string);
    await live.receives((events[0] as string).length);
    response.end(events.slice(1).join(''));
    expect(await live.ended).toMatchObject({ text: events.join(''), broken: false });
  });

  story('is let go of by a client that leaves', async ({ upstream, open }) => {
    const { proxy } = await openAged(open);
    upstream.script = beginStream;
    const live = await begin(proxy.url + CHAT, { body: chatRequest('b', { stream: true }), headers: KEY });
    live.hangUp();
    await landed(proxy);
    expect(await wordOf(proxy)).toBe('HIT');
  });
});

describe('is never rechecked', () => {
  const cases: readonly (readonly [string, Overrides, Record<string, string>])[] = [
    ['a caller without a credential', {}, {}],
    ['only-if-cached', {}, { ...KEY, 'cache-control': 'only-if-cached' }],
    ['anybody where auth.recheck is off', { auth: { recheck: null } }, KEY],
  ];
  for (const [what, overrides, headers] of cases) {
    story(what, async ({ upstream, open }) => {
      const clock = createTestClock();
      const proxy = await open({ ttl: 86_400, ...overrides }, clock);
      const { 'cache-control': _, ...plain } = headers;
      await askAs(proxy, plain);
      clock.advance(12 * HOUR);
      expect(await wordOf(proxy, headers)).toBe('HIT');
      expect(upstream.calls).toHaveLength(1);
    });
  }
});

story('auth.recheck=0 asks about each request', async ({ upstream, open }) => {
  const proxy = await open({ auth: { recheck: 0 } });
  expect([await wordOf(proxy), await wordOf(proxy), await wordOf(proxy)]).toEqual(['MISS', 'MISS', 'MISS']);
  expect(upstream.calls).toHaveLength(3);
});

story(
  'a credential that was never accepted is asked about before its first hit of a shared scope',
  async ({ upstream, open }) => {
    const proxy = await open({ scope: { shared: 'team', members: ['*'] } });
    upstream.script = (call) =>
      call.headers.authorization === 'Bearer sk-1' ? sendJson(call, chatAnswer()) : refuse(401)(call);
    await askAs(proxy);
    expect((await askAs(proxy, { authorization: 'Bearer stranger' })).status).toBe(401);
    expect(await wordOf(proxy)).toBe('HIT');
  },
);

story('equal requests of a credential that nobody knows are one call', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = () => {};
  const clients = Array.from({ length: 20 }, () => askAs(proxy));
  const call = await upstream.called(1);
  await until(() => proxy.app.admission.listeners === 20);
  sendJson(call, chatAnswer());
  expect((await Promise.all(clients)).map(({ status }) => status)).toEqual(clients.map(() => 200));
  expect(upstream.calls).toHaveLength(1);
});

describe('what upstreams said of credentials', () => {
  const CREDENTIALS = [{ authorization: 'Bearer sk-1' }, { authorization: 'Basic dTpw' }, { 'api-key': 'k-1' }];

  story('outlives a restart: an acceptance', async ({ upstream, open, path }) => {
    const clock = createTestClock();
    const overrides = { store: { path }, ttl: 86_400 };
    const first = await open(overrides, clock);
    for (const headers of CREDENTIALS) await askAs(first, headers);
    await first.stop();
    const second = await open(overrides, clock);
    for (const headers of CREDENTIALS) expect(await wordOf(second, headers)).toBe('HIT');
    expect(upstream.calls).toHaveLength(CREDENTIALS.length);
    await second.stop();
    clock.advance(HOUR);
    const third = await open(overrides, clock);
    for (const headers of CREDENTIALS)
      expect([await wordOf(third, headers), await wordOf(third, headers)]).toEqual(['MISS', 'HIT']);
  });

  story('outlives a restart: a refusal, until it is accepted', async ({ upstream, open, path }) => {
    const overrides = { store: { path }, ttl: 86_400 };
    const first = await open(overrides);
    for (const headers of CREDENTIALS) await askAs(first, headers);
    upstream.script = refuse(401);
    for (const headers of CREDENTIALS) await askAs(first, headers, 'other');
    await first.stop();
    const second = await open(overrides);
    for (const headers of CREDENTIALS) {
      expect((await askAs(second, { ...headers, 'cache-control': 'only-if-cached' })).status).toBe(504);
      expect((await askAs(second, headers)).status).toBe(401);
    }
    upstream.script = (call: Call) => sendJson(call, chatAnswer());
    for (const headers of CREDENTIALS)
      expect([await wordOf(second, headers), await wordOf(second, headers)]).toEqual(['MISS', 'HIT']);
    await second.stop();
    const third = await open(overrides);
    for (const headers of CREDENTIALS) expect(await wordOf(third, headers)).toBe('HIT');
  });

  story('is digests and times, for the owner alone', async ({ open, path }) => {
    const proxy = await open({ store: { path } });
    for (const headers of CREDENTIALS) await askAs(proxy, headers);
    await proxy.stop();
    const file = join(dirname(path), 'callers.json');
    const text = readFileSync(file, 'utf8');
    for (const secret of ['sk-1', 'dTpw', 'k-1']) expect(text).not.toContain(secret);
    expect(JSON.parse(text).callers).toHaveLength(CREDENTIALS.length);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  story('is in memory alone where the store is', async ({ open }) => {
    const proxy = await open();
    await askAs(proxy);
    expect(existsSync('callers.json')).toBe(false);
  });

  story('is what either of two proxies over one folder heard', async ({ upstream, open, path }) => {
    const overrides = { store: { path }, ttl: 86_400 };
    const [one, other] = [await open(overrides), await open(overrides)];
    await askAs(one);
    await one.stop();
    upstream.script = refuse(401);
    await askAs(other, { authorization: 'Bearer sk-2' });
    await other.stop();
    const third = await open(overrides);
    expect(await wordOf(third)).toBe('HIT');
    expect((await askAs(third, { authorization: 'Bearer sk-2', 'cache-control': 'only-if-cached' })).status).toBe(504);
  });

  for (const [what, text] of [
    ['no JSON', 'x'],
    ['another file', '{"callers":{}}'],
    ['a time to come', `{"version":1,"callers":[["x",${Number.MAX_SAFE_INTEGER},null]]}`],
  ] as const) {
    story(`is had anew where its file is ${what}`, async ({ open, path }) => {
      const overrides = { store: { path }, ttl: 86_400 };
      const first = await open(overrides);
      await askAs(first);
      await first.stop();
      writeFileSync(join(dirname(path), 'callers.json'), text);
      const second = await open(overrides);
      expect([await wordOf(second), await wordOf(second)]).toEqual(['MISS', 'HIT']);
      expect(second.lines.filter(({ level }) => level === 'warn')).toHaveLength(what === 'a time to come' ? 0 : 1);
    });
  }
});
