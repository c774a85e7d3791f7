/**
 * `config/openapi.json` and the listener are held to each other.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAdmin } from '../../src/admin/admin.ts';
import type { Noted } from '../../src/admin/events.ts';
import { createLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { until } from '../harness/until.ts';
import { DESCRIPTION, faultsOf, OPERATIONS } from './schema.ts';
import { Operator } from './operator.ts';

const usage = { input: 1, cachedInput: 0, output: 2, reasoning: 0 };
const line = {
  requests: 3, hits: 1, follows: 0, misses: 1, bypasses: 1, refusals: 0, hitRate: 0.5, tokens: { spent: usage, saved: usage }, dollars: { spent: 0.1, saved: 0.1 }, unpricedTokens: 0, waitedSaved: 1.5,
};
const summary = { ...line, models: [{ model: null, ...line }], endpoints: [{ endpoint: 'chat', ...line }], scopes: [{ scope: 'shared:x', ...line }] };
const STATS = { since: '2026-11-01', periods: { today: summary, week: summary, all: { ...summary, hitRate: null } } };

/** A listener with everything that it can be given. */
async function openWhole(isWhole = true) {
  const memory = createMemoryStore({ maxBytes: 1e6 });
  const listeners = new Set<(note: Noted) => void>();
  const purged = { entries: 0, bytes: 0, flights: 0 };
  const admin = createAdmin({
    host: '127.0.0.1', token: null, readiness: () => 'ready', explain: async () => ({ same: true, first: null, differences: [], a: { key: null, why: 'x' }, b: { key: null, why: 'x' } }),
    books: memory, cache: { purge: () => {}, purgeAll: async () => purged, countAll: async () => purged, written: async () => true }, clock: createTestClock(), log: createLog('silent'),
    figures: { lru: memory.info, ...(isWhole && { stats: async () => STATS, metrics: async () => '# HELP refrain_x x\nrefrain_x 1\n' }) },
    ...(isWhole && {
      subscribe(listener: (note: Noted) => void) {
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
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, admin, listeners, tell: (note: Noted) => listeners.forEach((listener) => listener(note)) };
}

interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method: string }[] };
  readonly handle: { readonly stack?: readonly Layer[] };
}

function routesOf(stack: readonly Layer[]): string[] {
  return stack.flatMap(({ route, handle }) =>
    route ? [...new Set(route.stack.map(({ method }) => `${method.toUpperCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`))] : routesOf(handle.stack ?? []),
  );
}

describe('config/openapi.json', () => {
  test('names every route, and no other', async () => {
    const { admin } = await openWhole();
    expect(routesOf((admin as unknown as { router: { stack: Layer[] } }).router.stack).sort()).toEqual([...OPERATIONS].sort());
    expect(OPERATIONS.length).toBeGreaterThan(10);
  });

  test('refers to schemas that there are, and uses each', () => {
    const text = JSON.stringify(DESCRIPTION);
    const named = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
    expect([...named].sort()).toEqual(Object.keys(DESCRIPTION.components.schemas).sort());
  });

  test('is what is sent', async () => {
    const { url } = await openWhole();
    expect((await new Operator(url).ask('GET', '/openapi.json')).value).toEqual(DESCRIPTION);
  });

  test('describes stats and metrics as they are', async () => {
    const { url } = await openWhole();
    expect((await new Operator(url).ask('GET', '/stats')).value).toEqual({ ...STATS, lru: { hits: 0, misses: 0, maxsize: 1e6, currsize: 0, entries: 0 } });
    const { status, headers, text } = await ask(`${url}/metrics`);
    expect(faultsOf('GET /metrics', status, headers['content-type'], text)).toEqual([]);
    expect([headers['content-type'], text]).toEqual(['text/plain; version=0.0.4; charset=utf-8', '# HELP refrain_x x\nrefrain_x 1\n']);
  });

  test('has no route for what is not at hand', async () => {
    const { url } = await openWhole(false);
    for (const path of ['/stats', '/metrics', '/events']) expect(await new Operator(url).ask('GET', path)).toMatchObject({ status: 404, value: { error: { code: 'unknown_route' } } });
  });

  test('would not let an answer differ', () => {
    const fits = (body: object) => faultsOf('POST /purge', 200, 'application/json', JSON.stringify(body));
    expect(fits({ entries: 1, bytes: 2, flights: 0, dryRun: false })).toEqual([]);
    for (const body of [{ entries: 1, bytes: 2, flights: 0 }, { entries: '1', bytes: 2, flights: 0, dryRun: false }, { entries: 1, bytes: 2, flights: 0, dryRun: false, more: 1 }, { entries: -1, bytes: 2, flights: 0, dryRun: true }]) {
      expect(fits(body)).not.toEqual([]);
    }
    expect(faultsOf('POST /purge', 418, 'application/json', '{}')).not.toEqual([]);
  });
});

describe('GET /events', () => {
  const NOTE = { time: Date.UTC(2026, 0, 1), outcome: 'hit', model: 'a\n\ndata: forged\r\n' };

  test('tells each request as it ends, on a line of its own', async () => {
    const { url, listeners, tell } = await openWhole();
    const live = await begin(`${url}/events`);
    expect(live.message.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    tell(NOTE);
    tell({ ...NOTE, time: NOTE.time + 1 });
    const event = (time: string) => `data: ${JSON.stringify({ ...NOTE, time })}\n\n`;
    const expected = event('2026-01-01T00:00:00.000Z') + event('2026-01-01T00:00:00.001Z');
    await live.receives(expected.length);
    expect(live.received.toString()).toBe(expected);
    live.hangUp();
    await until(() => listeners.size === 0);
  });

  test('drops a reader that lags 1 MiB, and no other', async () => {
    const { url, listeners, tell } = await openWhole();
    const quick = await begin(`${url}/events`);
    const slow = await begin(`${url}/events`);
    slow.message.pause();
    const note = { ...NOTE, model: 'x'.repeat(256 * 1024) };
    for (let told = 1; listeners.size === 2; told += 1) {
      tell(note);
      await quick.receives(told * 256 * 1024);
    }
    expect(listeners.size).toBe(1);
    slow.message.resume();
    expect((await slow.ended).broken).toBe(true);
    quick.hangUp();
  });
});
