import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Hub, HubState } from '../../src/fleet/hub.ts';
import { RedisHub } from '../../src/fleet/redis-hub.ts';
import { createLog } from '../../src/log.ts';
import { connectRedis } from '../../src/redis/connection.ts';
import { entryKey } from '../../src/redis/keys.ts';
import { type HubSubject, keepsTheHubContract } from '../harness/hub-contract.ts';
import { type RedisCluster, startCluster } from '../harness/redis-cluster.ts';
import { eventually, type RedisServer, startRedisServer } from '../harness/redis-server.ts';

const HELD = 100;

async function connect(urls: readonly string[]): Promise<RedisHub> {
  const connection = connectRedis({ urls, log: createLog('silent') });
  await connection.ready;
  // Of a cluster, one server is enough to be ready.
  for (let key = 0; key < 20; key++) await expect.poll(() => connection.ask('EXISTS', [`${key}`])).toBeDefined();
  await expect.poll(() => connection.bulkServers()).toBeDefined();
  return new RedisHub({ connection, lengths: { purges: HELD, callers: HELD, replaced: HELD } });
}

/** @param ask asks the server on which a key lies */
function meetingAt(urls: readonly string[], ask: RedisServer['ask'], close: () => Promise<unknown>) {
  return {
    join: () => connect(urls),
    async put(key: string, storedAt: number | null) {
      if (storedAt === null) return ask('DEL', entryKey(key));
      const bytes = Buffer.alloc(20, 'x');
      bytes.writeDoubleBE(storedAt);
      return ask('SET', entryKey(key), bytes);
    },
    pass: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
    settle: <T>(promise: Promise<T>) => promise,
    close,
  } satisfies Awaited<ReturnType<HubSubject['open']>>;
}

keepsTheHubContract('the hub over Redis', {
  held: HELD,
  async open() {
    const server = await startRedisServer();
    return meetingAt([server.url], server.ask.bind(server), () => server.stop());
  },
});

describe('over three masters', () => {
  let cluster: RedisCluster;
  let client: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
    client = new Cluster(cluster.url.split(','));
  });
  afterAll(async () => {
    client.disconnect();
    await cluster.stop();
  });

  keepsTheHubContract('the hub over a cluster', {
    held: HELD,
    async open() {
      for (const master of cluster.masters) await master.ask('FLUSHALL');
      return meetingAt(
        cluster.url.split(','),
        (command, ...args) => client.call(command, ...args),
        async () => {},
      );
    },
  });
});

describe('a log over a server with a replica', () => {
  async function open() {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const replica = await server.startReplica();
    onTestFinished(() => replica.stop());
    // Until then it is no replica that the server counts on.
    await eventually(async () => String(await server.ask('INFO', 'replication')).includes('state=online'));
    const hub = await join(server);
    return { server, replica, hub, log: hub.log('purges') };
  }

  test('says that it has a record once the replica has it too', async () => {
    const { server, replica, log } = await open();
    for (const id of [1, 2, 3]) {
      expect(await log.append(`r${id}`)).toBe(id);
      expect(await replica.ask('XLEN', 'refrain:1:{fleet}:log:purges')).toBe(id);
    }
    await server.kill('SIGKILL');
    await replica.ask('REPLICAOF', 'NO', 'ONE');
    const after = await (await join(replica)).log('purges').read(0, 10);
    expect(after?.records.map(({ text }) => text)).toEqual(['r1', 'r2', 'r3']);
  });

  test('does not say so where the replica does not answer, and nobody else waits for that', async () => {
    const { replica, hub, log } = await open();
    expect(await log.append('confirmed')).toBe(1);
    await replica.kill('SIGSTOP');
    const appending = log.append('unconfirmed');
    for (let at = 0; at < 20; at++) {
      expect(await hub.claim({ key: `${at}`, token: 't', ms: 5_000, seen: null, takesOver: false })).toEqual({
        kind: 'granted',
      });
    }
    expect(await appending).toBeNull();
    await replica.kill('SIGCONT');
  });

  test('ends earlier at a replica that leads without having it', async () => {
    const { replica, log } = await open();
    await log.append('kept');
    await replica.ask('REPLICAOF', 'NO', 'ONE');
    await log.append('lost');
    expect((await log.read(0, 10))?.last).toBe(2);
    const slice = await (await join(replica)).log('purges').read(0, 10);
    expect(slice).toMatchObject({ last: 1, records: [{ id: 1, text: 'kept' }] });
    expect(slice?.incarnation).toBe((await log.read(0, 10))?.incarnation);
  });
});

describe('a hub whose server', () => {
  test('is lost says nothing, at once, and goes on when it is back', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const hub = await join(server);
    const heard: string[] = [];
    hub.listen((message) => heard.push(message.toString()));
    let news = 0;
    hub.log('purges').onNews(() => news++);
    const turns = stateOf(hub);
    await server.kill('SIGKILL');
    await turns.until('down');
    expect(hub.state).toBe('down');
    const lease = { key: 'k', token: 't' };
    const said = await Promise.all([
      hub.claim({ ...lease, ms: 5_000, seen: null, takesOver: false }),
      hub.renew([lease], 5_000),
      hub.release(lease),
      hub.send(hub.node, Buffer.from('x')),
      hub.log('purges').append('x'),
      hub.log('purges').read(0, 1),
      hub.board('facts').put('a', 'b'),
      hub.board('facts').agree('a', 'b'),
      hub.board('facts').remove(['a']),
      hub.board('facts').all(),
    ]);
    expect(said).toEqual(said.map(() => null));
    const before = news;
    await server.start();
    await turns.until('up');
    await expect.poll(() => news).toBeGreaterThan(before);
    await expect.poll(() => hub.send(hub.node, Buffer.from('again'))).toBe(true);
    await expect.poll(() => heard).toContain('again');
  });

  test('is full keeps what is read, and says that it took nothing', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const hub = await join(server);
    expect(await hub.log('purges').append('before')).toBe(1);
    await server.ask('CONFIG', 'SET', 'maxmemory', 1);
    expect(await hub.log('purges').append('after')).toBeNull();
    expect(await hub.claim({ key: 'k', token: 't', ms: 5_000, seen: null, takesOver: false })).toBeNull();
    expect(await hub.log('purges').read(0, 10)).toMatchObject({ last: 1, records: [{ text: 'before' }] });
    expect(hub.state).toBe('up');
    await server.ask('CONFIG', 'SET', 'maxmemory', 0);
    expect(await hub.log('purges').append('after')).toBe(2);
  });

  test('holds odd things under its names says nothing of them', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const hub = await join(server);
    for (const name of ['log:purges', 'board:facts', 'log:callers:incarnation']) {
      await server.ask('RPUSH', `refrain:1:{fleet}:${name}`, 'odd');
    }
    expect(await hub.log('purges').append('x')).toBeNull();
    expect(await hub.log('purges').read(0, 1)).toBeNull();
    expect(await hub.log('callers').read(0, 1)).toBeNull();
    expect(await hub.board('facts').all()).toBeNull();
    await server.ask('SET', 'refrain:1:{k}:entry:', 'short');
    expect(await hub.claim({ key: 'k', token: 't', ms: 5_000, seen: null, takesOver: false })).toBeNull();
  });
});

async function join(server: RedisServer): Promise<RedisHub> {
  const hub = await connect([server.url]);
  onTestFinished(() => hub.close());
  return hub;
}

function stateOf(hub: Hub) {
  const states: HubState[] = [];
  hub.onState((state) => states.push(state));
  return { until: (state: HubState) => expect.poll(() => states.at(-1)).toBe(state) };
}
