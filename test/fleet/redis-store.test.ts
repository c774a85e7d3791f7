import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { entryKey, leaseKey } from '../../src/redis/keys.ts';
import type { Entry } from '../../src/response/entry.ts';
import type { EntryRows, Position } from '../../src/store/listing.ts';
import { createRedisStore, type RedisStore } from '../../src/store/redis.ts';
import { eventually, type RedisServer } from '../harness/redis-server.ts';
import { askedOf } from '../store/catalogue-contract.ts';
import { entryOf, textOf } from '../store/entries.ts';
import { aCluster, aServer } from './redis-place.ts';

const place = aServer();
const server = () => place.servers[0] as RedisServer;

const KEY = `${'ab'.repeat(32)}.json`;
const LEASE = leaseKey(KEY);

const textUnder = async (store: RedisStore, key = KEY) => (await store.get(key))?.entry.body.toString();

/** Two processes over one Redis. */
const two = async () => [await place.openEmpty(), await place.open()] as const;

describe('under a lease', () => {
  const lease = { key: KEY, token: 'token-1' };

  test('that holds an entry is written, over another too, and the lease is given back', async () => {
    const [store, other] = await two();
    store.set(KEY, entryOf('old'));
    await store.written();
    await server().ask('SET', LEASE, 'token-1 node-a');
    store.set(KEY, entryOf('new'), lease);
    await store.written();
    expect(await textUnder(other)).toBe('new');
    expect(await server().ask('EXISTS', LEASE)).toBe(0);
  });

  test.each([
    ['another', 'token-2 node-b'],
    ['one whose token begins so', 'token-11 node-b'],
    ['nobody', null],
  ])('that is held by %s an entry is written only where none is', async (_, holder) => {
    const [store, other] = await two();
    if (holder !== null) await server().ask('SET', LEASE, holder);
    store.set(KEY, entryOf('first'), lease);
    await store.written();
    expect(await textUnder(other)).toBe('first');
    store.set(KEY, entryOf('late'), lease);
    await store.written();
    expect(await textUnder(other)).toBe('first');
    expect(await textUnder(store)).toBe('first');
    expect(await server().ask('GET', LEASE)).toBe(holder);
  });

  test('that nobody holds an entry is written over what is too short for one, or no value', async () => {
    const [store, other] = await two();
    for (const [index, odd] of [['SET'], ['LPUSH']].entries()) {
      await server().ask(`${odd}`, entryKey(`odd ${index}`), 'x');
      store.set(`odd ${index}`, entryOf('whole'), lease);
      await store.written();
      expect(await textUnder(other, `odd ${index}`)).toBe('whole');
    }
  });

  test('without a token an entry is written only where none is, whoever leads', async () => {
    const [store, other] = await two();
    await server().ask('SET', LEASE, 'token-1 node-a');
    other.set(KEY, entryOf('there'));
    await other.written();
    store.set(KEY, entryOf('promoted'), { key: KEY, token: '' });
    await store.written();
    expect(await textUnder(other)).toBe('there');
    expect(await server().ask('GET', LEASE)).toBe('token-1 node-a');
  });

  test('an entry that Redis is too full for is not kept, nor what it replaces, nor the lease', async () => {
    const [store, other] = await two();
    onTestFinished(async () => void (await server().ask('CONFIG', 'SET', 'maxmemory', '0')));
    store.set(KEY, entryOf('old'));
    await store.written();
    await server().ask('SET', LEASE, 'token-1 node-a');
    await server().ask('CONFIG', 'SET', 'maxmemory', '1');
    store.set(KEY, entryOf('new'), lease);
    await eventually(async () => store.written());
    expect([store.dropped, await textUnder(store), await textUnder(other)]).toEqual([1, undefined, undefined]);
    expect(await server().ask('EXISTS', LEASE, entryKey(KEY))).toBe(0);
  });
});

test('an entry lives as long as it may be served, and one without an end for a year', async () => {
  const store = await place.openEmpty({ retention: 100 });
  store.set('a', entryOf('a', { expiresAt: Date.now() + 60_000 }));
  store.set('b', entryOf('b', { expiresAt: Infinity }));
  store.set('c', entryOf('c', { expiresAt: Date.now() - 200_000 }));
  await store.written();
  const msOf = async (key: string) => Number(await server().ask('PTTL', entryKey(key)));
  expect(await msOf('a')).toBeGreaterThan(155_000);
  expect(await msOf('a')).toBeLessThanOrEqual(160_000);
  expect(await msOf('b')).toBeGreaterThan(364 * 24 * 3600 * 1000);
  await eventually(async () => (await msOf('c')) === -2);
});

test('values of another version, cut, or of something else are misses, and are written over', async () => {
  const store = await place.openEmpty();
  store.set(KEY, entryOf('text'));
  await store.written();
  const client = server().connect();
  onTestFinished(() => client.disconnect());
  const value = (await client.getBuffer(entryKey(KEY))) as Buffer;
  const later = Buffer.from(value);
  later[11] = 9;
  for (const odd of [later, value.subarray(0, 99), Buffer.from('OK'), Buffer.alloc(0)]) {
    await client.set(entryKey(KEY), odd);
    expect(await store.get(KEY)).toBeUndefined();
    expect(await store.list({ filter: {}, sort: 'newest', limit: 5, after: null })).toMatchObject({ next: null });
  }
  await client.del(entryKey(KEY));
  await client.lpush(entryKey(KEY), 'a list');
  expect(await store.get(KEY)).toBeUndefined();
  store.set(KEY, entryOf('again'));
  await store.written();
  expect(await textUnder(store)).toBe('again');
});

describe('while Redis is gone', () => {
  test('lookups are misses within 50 ms, and what was changed is written when it is back', async () => {
    const store = await place.openEmpty();
    const connection = await place.connect();
    const other = createRedisStore({ connection, clock: systemClock });
    onTestFinished(() => other.close());
    for (const key of ['replaced', 'deleted', 'kept']) store.set(key, entryOf('old'));
    await store.written();
    await server().kill('SIGSTOP');
    const start = performance.now();
    expect(await Promise.all([1, 2, 3, 4].map((index) => textUnder(store, `lookup ${index}`)))).toEqual(Array(4));
    expect(performance.now() - start).toBeLessThan(90);
    store.set('replaced', entryOf('new'));
    store.delete('deleted');
    store.set('added', entryOf('new'));
    expect(await textUnder(store, 'replaced')).toBe('new');
    expect(await textUnder(store, 'deleted')).toBeUndefined();
    expect(await store.written()).toBe(false);
    await server().kill('SIGCONT');
    await eventually(async () => store.written());
    await eventually(async () => (await textUnder(other, 'kept')) === 'old');
    const found = await Promise.all(['replaced', 'deleted', 'added'].map((key) => textUnder(other, key)));
    expect(found).toEqual(['new', undefined, 'new']);
  });

  test('what is written is bounded in bytes; beyond, sets are counted, and what they replace is gone', async () => {
    const store = await place.openEmpty();
    const body = entryOf(textOf(1, 1_000_000));
    await server().kill('SIGSTOP');
    for (let index = 0; index < 40; index += 1) store.set(`large ${index}`, body);
    expect(store.dropped).toBeGreaterThan(5);
    expect(await store.get('large 0')).toBeDefined();
    expect(await store.get('large 39')).toBeUndefined();
    await server().kill('SIGCONT');
    await eventually(async () => store.written());
    expect((await store.size()).entries).toBe(40 - store.dropped);
  });

  test('changes beyond the most that may wait take no room from later ones', async () => {
    const store = await place.openEmpty();
    const body = entryOf(textOf(1, 1_000_000));
    await server().kill('SIGSTOP');
    for (let index = 0; index < 101_000; index += 1) store.delete(`deleted ${index}`);
    for (let index = 0; index < 40; index += 1) store.set(`large ${index}`, body);
    expect(store.dropped).toBe(40);
    await server().kill('SIGCONT');
    await eventually(async () => store.written());
    store.set('later', body);
    expect(store.dropped).toBe(40);
  });

  test('what is purged is gone at once, and deleted when it is back; what was set later stays', async () => {
    const [store, other] = await two();
    const set = (key: string, tag: string) => store.set(key, entryOf(key, { request: askedOf({ tags: [tag] }) }));
    set('a', 'x');
    set('b', 'y');
    await store.written();
    await server().kill('SIGSTOP');
    await Promise.all([1, 2, 3].map((index) => store.get(`lookup ${index}`)));
    expect(await store.purge({ tag: 'x' })).toBeUndefined();
    set('c', 'x');
    await server().kill('SIGCONT');
    await eventually(async () => (await textUnder(other, 'b')) === 'b');
    expect(await store.get('a')).toBeUndefined();
    await eventually(async () => (await textUnder(other, 'a')) === undefined);
    await store.written();
    await eventually(async () => (await textUnder(other, 'c')) === 'c');
    set('a', 'x');
    await store.written();
    await eventually(async () => (await textUnder(store, 'a')) === 'a');
  });

  test('what is purged on its way there, or before that, is gone at once, and does not arrive', async () => {
    const [store, other] = await two();
    const set = (key: string) => store.set(key, entryOf(key, { request: askedOf({ tags: ['x'] }) }));
    await server().kill('SIGSTOP');
    // Of each key one change at a time is on its way.
    for (const key of ['once', 'twice', 'twice']) set(key);
    const purging = store.purge({ tag: 'x' });
    expect(await Promise.all(['once', 'twice'].map((key) => textUnder(store, key)))).toEqual([undefined, undefined]);
    await server().kill('SIGCONT');
    await purging;
    await eventually(async () => store.written());
    store.set('later', entryOf('later'));
    await eventually(async () => (await textUnder(other, 'later')) === 'later');
    expect(await Promise.all(['once', 'twice'].map((key) => textUnder(other, key)))).toEqual([undefined, undefined]);
  });
});

test('a purge leaves what came after its place in the log, by the mark of each entry', async () => {
  const store = await place.openEmpty();
  const marked = (log: string, id: number): Entry =>
    entryOf('x', { request: askedOf(), purgeMark: { log, id, record: 'r' } });
  const marks = { before: marked('L', 4), at: marked('L', 5), after: marked('L', 6), other: marked('M', 9) };
  for (const [key, entry] of Object.entries(marks)) store.set(key, entry);
  store.set('unmarked', entryOf('x', { request: askedOf() }));
  await store.written();
  expect((await store.purge({}, { log: 'L', id: 5, record: 'r' }))?.entries).toBe(4);
  expect((await store.listByPrefix('', 9))?.map(({ key }) => key)).toEqual(['after']);
});

test('a change while a lookup is under way makes what it finds old', async () => {
  const store = await place.openEmpty();
  store.set('a', entryOf('old'));
  store.set('b', entryOf('old'));
  await store.written();
  const [found, deleted] = [store.get('a'), store.get('b')];
  store.set('a', entryOf('new'));
  store.delete('b');
  expect((await found)?.entry.body.toString()).toBe('new');
  expect(await deleted).toBeUndefined();
});

test('a page that takes too long is empty, and goes on where it was', async () => {
  let now = Date.now();
  // Each look at the clock takes longer than a page may.
  const clock = { ...systemClock, now: () => (now += 1_500) };
  const store = await place.openEmpty({ clock });
  const keys = Array.from({ length: 2_000 }, (_, index) => `key ${index}`);
  for (const key of keys) store.set(key, entryOf(key, { request: askedOf({ tags: ['x'] }) }));
  await store.written();
  const listed: string[] = [];
  let empty = 0;
  for (let after: Position | null | undefined = null; after !== undefined; ) {
    const page: EntryRows | undefined = await store.list({ filter: { tag: 'x' }, sort: 'newest', limit: 700, after });
    if (page?.rows.length === 0) empty += 1;
    listed.push(...(page?.rows ?? []).map(({ key }) => key));
    after = page?.next ?? undefined;
  }
  expect(empty).toBeGreaterThan(10);
  expect(listed).toEqual(keys.toReversed());
});

test('the size that Redis says of itself is read now and then', async () => {
  const store = await place.openEmpty();
  store.set('a', entryOf('text'));
  await store.written();
  expect(store.held.entries).toBe(0);
  await eventually(async () => store.held.entries === 1);
  expect(store.held.bytes).toBeGreaterThan(100_000);
});

describe('a cluster', () => {
  const cluster = aCluster();

  test('of which one server is gone takes what lies on the others, and the rest when it is back', async () => {
    const store = await cluster.openEmpty();
    const other = await cluster.open();
    const [first] = cluster.servers as [RedisServer];
    const keys = Array.from({ length: 60 }, (_, index) => `key ${index}`);
    await first.kill('SIGSTOP');
    for (const key of keys) store.set(key, entryOf(key));
    const there = async () => (await other.getMany(keys)).size;
    await eventually(async () => (await there()) > 20);
    await first.kill('SIGCONT');
    await eventually(async () => (await there()) === keys.length);
  });
});
