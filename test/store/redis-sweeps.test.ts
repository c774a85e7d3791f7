import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { entryKey } from '../../src/redis/keys.ts';
import type { RedisNode, RedisReply } from '../../src/redis/commands.ts';
import type { RedisConnection } from '../../src/redis/connection.ts';
import { RedisSweeps } from '../../src/store/redis-sweeps.ts';
import { encodeValue, ID } from '../../src/store/redis-value.ts';
import { Sealing } from '../../src/store/sealing.ts';
import { createTestClock } from '../harness/clock.ts';
import { entryOf } from './entries.ts';

/** A server that holds values, tells how often it was searched, and may be out of reach. */
class Server implements RedisNode {
  readonly values = new Map<string, Buffer>();
  isUp = true;
  scans = 0;
  #onUp: (() => void)[] = [];

  readonly connection = {
    bulkServers: () => (this.isUp ? [this] : undefined),
    onState: (listener: () => void) => void this.#onUp.push(listener),
    onBulkUp: (listener: () => void) => void this.#onUp.push(listener),
  } as unknown as RedisConnection;

  changed(isUp: boolean): void {
    this.isUp = isUp;
    for (const listener of this.#onUp) listener();
  }

  async ask(name: string, [first]: readonly unknown[]): Promise<RedisReply | undefined> {
    if (!this.isUp) return undefined;
    if (name === 'TIME') return ['1', '0'].map((text) => Buffer.from(text));
    if (name === 'GETRANGE') return this.values.get(String(first)) ?? Buffer.alloc(0);
    if (name !== 'SCAN') throw new Error(`${name} is not expected`);
    this.scans += 1;
    return [Buffer.from('0'), [...this.values.keys()].map((text) => Buffer.from(text))];
  }

  async run(_: unknown, [name = '']: readonly string[]): Promise<RedisReply> {
    return this.values.delete(name) ? 1 : 0;
  }

  attempt(): never {
    throw new Error('not expected');
  }

  hold(key: string, answerId: string | null, alter: (value: Buffer) => Buffer = (value) => value): void {
    this.values.set(entryKey(key), alter(encodeValue(key, { ...entryOf(key), answerId }, new Sealing())));
  }
}

function start() {
  const clock = createTestClock();
  const server = new Server();
  return { clock, server, sweeps: new RedisSweeps({ connection: server.connection, clock, sealing: new Sealing() }) };
}

test('what is thrown away while Redis is out of reach waits behind one timer, however long', async () => {
  const { clock, server, sweeps } = start();
  server.changed(false);
  for (const answerId of ['a', 'b', 'c']) expect(await sweeps.start({ answerId })).toBe(undefined);
  for (let times = 0; times < 5; times += 1) {
    clock.advance(5_000);
    await setImmediate();
    expect(clock.waiting).toBe(1);
  }
  server.hold('one', 'b');
  server.changed(true);
  await setImmediate();
  expect(server.values.size).toBe(0);
  expect(clock.waiting).toBe(0);
});

test('all that waits is swept together', async () => {
  const { server, sweeps } = start();
  for (const answerId of ['a', 'b', 'c', 'd']) server.hold(answerId, answerId);
  const all = ['a', 'b', 'c', 'e'].map((answerId) => sweeps.start({ answerId }));
  expect((await Promise.all(all)).map((totals) => totals?.entries)).toEqual([1, 1, 1, 0]);
  expect(server.scans).toBeLessThanOrEqual(2);
  expect([...server.values.keys()]).toEqual([entryKey('d')]);
});

test.for([
  ['none', {}],
  ['without tags', { endpoint: '/v1/chat/completions', model: 'm', scope: 's' }],
  ['a text', 'label'],
])('a value whose label is odd (%s) is one of which nothing is known', async ([, label]) => {
  const { server, sweeps } = start();
  server.hold('fine', null);
  server.hold('odd', null, (value) => {
    const row = Buffer.from(JSON.stringify({ expiresAt: null, answerId: null, label }));
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(row.length);
    // The digits of the id and of the uses stand before the lengths.
    return Buffer.concat([value.subarray(0, ID.to + 11), lengths, row]);
  });
  expect(await sweeps.start({ purge: { tag: 'news' } })).toEqual({ entries: 0, bytes: 0 });
  expect(await sweeps.start({ purge: { scope: 'private:1' } })).toEqual({ entries: 0, bytes: 0 });
  expect((await sweeps.start({ purge: {} }))?.entries).toBe(2);
});
