/**
 * `config/openapi.json` and the listener are held to each other.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAdmin } from '../../src/admin/admin.ts';
import { type DoctorReport, examineRunning } from '../../src/admin/doctor.ts';
import type { EndedRequest } from '../../src/admin/events.ts';
import type { ProxyState } from '../../src/admin/state.ts';
import { createConfig } from '../../src/config/config.ts';
import { paths } from '../../src/config/settings.ts';
import { showConfig, type ShownConfig } from '../../src/config/shown.ts';
import type { IntervalRow } from '../../src/ledger/interval.ts';
import { type BillQuery, billOf } from '../../src/ledger/bill.ts';
import { seriesOf } from '../../src/ledger/series-reading.ts';
import type { SeriesQuery } from '../../src/ledger/time-series.ts';
import { createLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import { DESCRIPTION, faultsIn, faultsOf, OPERATIONS } from './schema.ts';
import { CheckedAdminClient } from './checked-client.ts';

const usage = { input: 1, cachedInput: 0, output: 2, reasoning: 0 };
const line = {
  requests: 3,
  hits: 1,
  follows: 0,
  misses: 1,
  bypasses: 1,
  refusals: 0,
  hitRate: 0.5,
  tokens: { spent: usage, saved: usage },
  dollars: { spent: 0.1, saved: 0.1 },
  unpricedTokens: 0,
  waitedSaved: 1.5,
};
const summary = {
  ...line,
  models: [{ model: null, ...line }],
  endpoints: [{ endpoint: 'chat', ...line }],
  scopes: [{ scope: 'shared:x', ...line }],
  bypassReasons: [{ reason: 'no-store', requests: 1 }],
  unkeptReasons: [{ reason: 'missing-choice', requests: 2 }],
  derivations: [{ reason: 'json from sse+usage', requests: 1 }],
};
const STATS = {
  since: '2026-11-01',
  periods: { today: summary, week: summary, all: { ...summary, hitRate: null } },
  fleet: { nodes: 3, since: '2026-11-01', periods: { today: summary, week: summary, all: summary } },
  hints: [{ about: 'header:x-foo', requests: 37, setting: null, text: 'header x-foo kept 37 requests from hitting' }],
};

const STATE: ProxyState = {
  version: '1.2.3',
  node: null,
  startedAt: '2026-11-01T00:00:00.000Z',
  readiness: 'ready',
  requests: { requests: 900, hit: 4, follow: 1, miss: 700, bypass: 100, refusal: 95 },
  tiers: [{ tier: 'memory', entries: 3, bytes: 10, maxBytes: 100, evictions: 1_000 }],
  files: { store: true, ledger: false, redis: true },
  flights: 1,
  listeners: 2,
  flightBytes: 3,
  eventLoopDelay: { '0.5': 0, '0.99': 0.2, '1': 0.3 },
  upstreams: [
    {
      origin: 'http://up',
      setting: 'upstream',
      state: 'down',
      since: '2026-11-01T00:00:00.000Z',
      reason: 'ECONNREFUSED',
    },
  ],
  api: { host: '127.0.0.1', port: 4747, tls: false },
};

const INTERVALS: readonly IntervalRow[] = [
  { resolution: 'minute', time: 1_200, by: 'all', name: '', sums: { 'hit': 3, 'hit<=1': 3, 'miss': 1, 'miss:new': 1 } },
  { resolution: 'minute', time: 1_200, by: 'model', name: 'gpt', sums: { 'hit': 3, 'saved.input': 10 } },
  { resolution: 'minute', time: 1_320, by: 'all', name: '', sums: { bypass: 1 } },
];

/** A listener with everything that it can be given. */
async function openWhole(isWhole = true, outOfReach: readonly string[] = []) {
  const memory = createMemoryStore({ maxBytes: 1e6 });
  const listeners = new Set<(note: EndedRequest) => void>();
  const purged = { entries: 0, bytes: 0, flights: 0 };
  const clock = createTestClock();
  const admin = createAdmin({
    host: '127.0.0.1',
    hosts: [],
    token: () => null,
    readiness: () => 'ready',
    outOfReach: () => outOfReach,
    explain: async () => ({
      same: true,
      first: null,
      differences: [],
      ignore: null,
      a: { key: null, why: 'x' },
      b: { key: null, why: 'x' },
    }),
    catalogue: memory,
    priceOf: () => null,
    removals: {
      purge: async () => {},
      purgeAll: async () => purged,
      countAll: async () => purged,
      written: async () => true,
    },
    clock,
    log: createLog('silent'),
    lru: () => memory.info(),
    ...(isWhole && {
      reload: async () => ({ applied: ['ttl'], restart: ['port'] }),
      stats: async () => STATS,
      series: async (query: SeriesQuery) => ({ node: null, ...seriesOf(query, INTERVALS) }),
      bill: async (query: BillQuery, now: number) => ({
        node: null,
        ...(await billOf(query, now, (asked) => seriesOf(asked, INTERVALS))),
      }),
      state: async () => STATE,
      doctor: async () => examineRunning(STATE, STATS.hints, ['ttl = 1h, from --ttl']),
      rank: async () => [],
      metrics: async () => '# HELP refrain_x x\nrefrain_x 1\n',
      settings: () =>
        showConfig(createConfig({ admin: { token: 'canary' }, maxTtl: Infinity, ttl: Infinity }), [
          { path: 'ttl', shown: '"inf"', from: '--ttl' },
        ]),
      subscribe(listener: (note: EndedRequest) => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    }),
  });
  const server = createServer(admin).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    admin,
    clock,
    listeners,
    tell: (note: EndedRequest) => listeners.forEach((listener) => listener(note)),
  };
}

interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method: string }[] };
  readonly handle: { readonly stack?: readonly Layer[] };
}

function routesOf(stack: readonly Layer[]): string[] {
  return stack.flatMap(({ route, handle }) =>
    route
      ? [
          ...new Set(
            route.stack.map(({ method }) => `${method.toUpperCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`),
          ),
        ]
      : routesOf(handle.stack ?? []),
  );
}

describe('config/openapi.json', () => {
  test('names every route, and no other', async () => {
    const { admin } = await openWhole();
    expect(routesOf((admin as unknown as { router: { stack: Layer[] } }).router.stack).sort()).toEqual(
      [...OPERATIONS].sort(),
    );
    expect(OPERATIONS.length).toBeGreaterThan(10);
  });

  test('refers to schemas that there are, and uses each', () => {
    const text = JSON.stringify(DESCRIPTION);
    const named = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
    expect([...named].sort()).toEqual(Object.keys(DESCRIPTION.components.schemas).sort());
  });

  test('is what is sent', async () => {
    const { url } = await openWhole();
    expect((await new CheckedAdminClient(url).ask('GET', '/openapi.json')).value).toEqual(DESCRIPTION);
  });

  test('describes stats and metrics as they are', async () => {
    const { url } = await openWhole();
    expect((await new CheckedAdminClient(url).ask('GET', '/stats')).value).toEqual({
      ...STATS,
      lru: { hits: 0, misses: 0, maxsize: 1e6, currsize: 0, entries: 0 },
    });
    const { status, headers, text } = await ask(`${url}/metrics`);
    expect(faultsOf('GET /metrics', status, headers['content-type'], text)).toEqual([]);
    expect([headers['content-type'], text]).toEqual([
      'text/plain; version=0.0.4; charset=utf-8',
      '# HELP refrain_x x\nrefrain_x 1\n',
    ]);
  });

  test('describes a time series as it is', async () => {
    const { url } = await openWhole();
    const { value } = await new CheckedAdminClient(url).ask('GET', '/stats?series=minute&from=1200&to=1400');
    expect(faultsIn('TimeSeries', value)).toEqual([]);
    expect(value).toMatchObject({
      time: [1_200, 1_320],
      outcomes: { hit: [3, 0], miss: [1, 0], bypass: [0, 1] },
      reasons: { new: [1, 0] },
      models: [{ model: 'gpt', tokens: { saved: 10 } }],
    });
    for (const [query, param] of [
      ['series=day', 'series'],
      ['series=hour&from=2&to=1', 'from'],
      ['series=hour&model=x&scope=shared:y', 'scope'],
      ['series=hour&scope=x', 'scope'],
      ['series=hour&tags=x', '"tags"'],
      ['series=minute&tag=x', 'series'],
      ['tag=x&model=y', 'tag'],
      ['since=-1', 'since'],
      ['tag=x&from=1', '"from"'],
      ['series=hour&from=1.5', 'from'],
    ])
      expect(await new CheckedAdminClient(url).ask('GET', `/stats?${query}`)).toMatchObject({
        status: 400,
        value: { error: { code: 'invalid_query', param } },
      });
  });

  test('describes the state and the findings as they are', async () => {
    const { url } = await openWhole();
    expect((await new CheckedAdminClient(url).ask('GET', '/state')).value).toEqual(STATE);
    const { value } = await new CheckedAdminClient(url).ask<DoctorReport>('GET', '/doctor');
    expect(value.ok).toBe(false);
    expect(value.checks.map(({ check, state }) => [check, state])).toEqual([
      ['settings', 'ok'],
      ['Refrain', 'ok'],
      ['files', 'failure'],
      ['upstreams', 'warning'],
      ['memory', 'warning'],
      ['event loop', 'warning'],
      ['hit rate', 'warning'],
      ['hints', 'warning'],
    ]);
  });

  test('describes what is ready without Redis', async () => {
    const ready = async (outOfReach: readonly string[]) => {
      const { url } = await openWhole(true, outOfReach);
      return new CheckedAdminClient(url).ask('GET', '/readyz');
    };
    expect(await ready([])).toEqual({ status: 200, value: { status: 'ready' } });
    expect(await ready(['redis'])).toEqual({ status: 200, value: { status: 'ready', redis: 'down' } });
  });

  test('describes settings as they are, and no secret is among them', async () => {
    const { url } = await openWhole();
    const { value } = await new CheckedAdminClient(url).ask<ShownConfig>('GET', '/settings');
    expect(value.settings.map(({ path }) => path)).toEqual(paths);
    const of = (wanted: string) => value.settings.find(({ path }) => path === wanted);
    expect(of('ttl')).toEqual({ path: 'ttl', value: 'inf', from: '--ttl' });
    expect(of('memory.bytes')).toEqual({ path: 'memory.bytes', value: 256 * 2 ** 20, from: null });
    expect(of('admin.token')).toEqual({ path: 'admin.token', value: 'set (not shown)', from: null });
    expect(of('scope.shared')).toMatchObject({ value: null });
    expect(JSON.stringify(value)).not.toContain('canary');
  });

  test('has no route for what is not at hand', async () => {
    const { url } = await openWhole(false);
    for (const path of ['/stats', '/metrics', '/events', '/settings', '/state', '/doctor'])
      expect(await new CheckedAdminClient(url).ask('GET', path)).toMatchObject({
        status: 404,
        value: { error: { code: 'unknown_route' } },
      });
  });

  test('would not let an answer differ', () => {
    const fits = (body: object) => faultsOf('POST /purge', 200, 'application/json', JSON.stringify(body));
    expect(fits({ entries: 1, bytes: 2, flights: 0, dryRun: false })).toEqual([]);
    for (const body of [
      { entries: 1, bytes: 2, flights: 0 },
      { entries: '1', bytes: 2, flights: 0, dryRun: false },
      { entries: 1, bytes: 2, flights: 0, dryRun: false, more: 1 },
      { entries: -1, bytes: 2, flights: 0, dryRun: true },
    ]) {
      expect(fits(body)).not.toEqual([]);
    }
    expect(faultsOf('POST /purge', 418, 'application/json', '{}')).not.toEqual([]);
  });
});

describe('GET /events', () => {
  const NOTE = { time: Date.UTC(2026, 0, 1), outcome: 'hit', model: 'a\n\ndata: forged\r\n' };

  test('tells each request as it ends, on a line of its own, and takes no notes for nobody', async () => {
    const { url, listeners, tell, clock } = await openWhole();
    expect([listeners.size, clock.waiting]).toEqual([0, 0]);
    const live = await begin(`${url}/events`);
    expect(live.message.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    tell(NOTE);
    tell({ ...NOTE, time: NOTE.time + 1 });
    clock.advance(100);
    const event = (time: string) => `data: ${JSON.stringify({ ...NOTE, time })}\n\n`;
    const expected = event('2026-01-01T00:00:00.000Z') + event('2026-01-01T00:00:00.001Z');
    await live.receives(expected.length);
    expect(live.received.toString()).toBe(expected);
    live.hangUp();
    await until(() => listeners.size === 0);
    expect(clock.waiting).toBe(0);
  });

  test('is listened to once for all who read, and says something where nothing happens', async () => {
    const { url, listeners, tell, clock } = await openWhole();
    const readers = await Promise.all([1, 2, 3].map(() => begin(`${url}/events`)));
    expect(listeners.size).toBe(1);
    let read = 0;
    const note = { ...NOTE, toJSON: () => ({ read: (read += 1) }) };
    Object.defineProperty(note, 'toJSON', { enumerable: true });
    tell(note);
    clock.advance(100);
    for (const reader of readers) await reader.receives(1);
    expect(read).toBe(1);
    const told = readers.map(({ received }) => received.length);
    clock.advance(14_999);
    clock.advance(1);
    for (const [at, reader] of readers.entries()) {
      await reader.receives((told[at] as number) + 3);
      expect(reader.received.toString()).toMatch(/\n\n:\n\n$/);
      reader.hangUp();
    }
  });

  test('drops a reader that lags 1 MiB, and no other', async () => {
    const { url, tell, clock } = await openWhole();
    const quick = await begin(`${url}/events`);
    const slow = await begin(`${url}/events`);
    slow.message.pause();
    let isDropped = false;
    slow.message.on('close', () => (isDropped = true));
    const note = { ...NOTE, model: 'x'.repeat(2 ** 21) };
    for (let told = 1; told <= 6; told += 1) {
      tell(note);
      clock.advance(100);
      await quick.receives(told * 2 ** 21);
    }
    slow.message.resume();
    expect(await slow.ended).toMatchObject({ broken: true });
    expect([isDropped, slow.received.length < quick.received.length]).toEqual([true, true]);
    quick.hangUp();
  });

  test('turns away whoever comes when 128 read, until one leaves', async () => {
    const { url } = await openWhole();
    const readers = await Promise.all(Array.from({ length: 128 }, () => begin(`${url}/events`)));
    expect((await ask(`${url}/events`)).headers['retry-after']).toBe('1');
    expect(await new CheckedAdminClient(url).ask('GET', '/events')).toMatchObject({
      status: 503,
      value: { error: { code: 'overloaded' } },
    });
    readers[0]?.hangUp();
    let next = await begin(`${url}/events`);
    for (; next.message.statusCode === 503; next = await begin(`${url}/events`)) next.hangUp();
    expect(next.message.statusCode).toBe(200);
    for (const reader of [next, ...readers]) reader.hangUp();
  });

  test('has no body for HEAD', async () => {
    const { url } = await openWhole();
    expect(await ask(`${url}/events`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  story('tells of every kind of request as it is described', async ({ upstream, open }) => {
    const proxy = await open();
    const live = await begin(`${proxy.adminUrl}/events`);
    await ask(proxy.url + CHAT, { body: chatRequest() });
    await ask(proxy.url + CHAT, { body: chatRequest() });
    await ask(`${proxy.url}/v1/models`);
    await ask(proxy.url + CHAT, { body: chatRequest(), headers: { 'x-refrain-ttl': 'soon' } });
    upstream.script = ({ response }) => response.destroy();
    await ask(proxy.url + CHAT, { body: chatRequest('other') });
    const told = () =>
      live.received
        .toString()
        .split('\n\n')
        .slice(0, -1)
        .map((event) => JSON.parse(event.replace(/^data: /, '')));
    while (told().length < 5) await live.receives(live.received.length + 1);
    live.hangUp();
    expect(told().map(({ outcome }) => outcome)).toEqual(['miss', 'hit', 'bypass', 'refusal', 'miss']);
    for (const event of told()) expect(faultsIn('Event', event), JSON.stringify(event)).toEqual([]);
    expect(faultsIn('Event', { ...told()[0], more: 1 })).not.toEqual([]);
  });
});
