import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { connectRedis, type RedisConnection } from '../../src/redis/connection.ts';
import { Script } from '../../src/redis/script.ts';
import { checkServers, requireFitServers } from '../../src/redis/server-check.ts';
import { startLink } from '../harness/link.ts';
import { startCluster } from '../harness/redis-cluster.ts';
import { startSentinels } from '../harness/redis-sentinels.ts';
import { eventually, type RedisServer, startRedisServer, type RedisServerOptions } from '../harness/redis-server.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly code?: string;
}

async function connect(url: string, ca?: string) {
  const lines: Line[] = [];
  const log = createLog('info', { write: (text) => lines.push(JSON.parse(text)) });
  const connection = connectRedis({ urls: url.split(','), log, ca });
  onTestFinished(() => connection.close());
  await connection.ready;
  return { connection, lines };
}

async function connected(options: RedisServerOptions = {}) {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  return { server, ...(await connect(server.url, server.certificate)) };
}

/** Asks for several keys at once, as many requests would. @returns how many had a reply, and how long that took */
async function askAll(connection: RedisConnection, keys = 60) {
  const start = performance.now();
  const replies = await Promise.all(
    Array.from({ length: keys }, (_, index) => connection.ask('GET', [`key ${index}`])),
  );
  return { replied: replies.filter((reply) => reply !== undefined).length, ms: performance.now() - start };
}

const comesBack = (connection: RedisConnection) => eventually(async () => (await askAll(connection)).replied === 60);

const levels = (lines: readonly Line[]) => lines.map(({ level }) => level);

describe('a server', () => {
  test('that is paused costs the first lookups 50 ms, the next nothing, and is found again', async () => {
    const { server, connection, lines } = await connected();
    expect((await askAll(connection)).replied).toBe(60);
    await server.kill('SIGSTOP');
    expect(await askAll(connection)).toMatchObject({ replied: 0, ms: expect.closeTo(55, -2) });
    expect(connection.state).toBe('down');
    expect((await askAll(connection)).ms).toBeLessThan(20);
    await server.kill('SIGCONT');
    await comesBack(connection);
    expect(levels(lines).slice(0, 2)).toEqual(['warn', 'info']);
    expect(lines[0]).toMatchObject({ code: 'TIMEOUT', msg: expect.stringContaining('Redis is out of reach') });
  });

  test('that is killed is a miss at once, and found again', async () => {
    const { server, connection, lines } = await connected();
    await server.kill('SIGKILL');
    const { replied, ms } = await askAll(connection);
    expect(replied).toBe(0);
    expect(ms).toBeLessThan(60);
    await server.start();
    await comesBack(connection);
    await eventually(async () => lines.length > 1);
    expect(levels(lines)).toEqual(['warn', 'info']);
  });

  test('that is not there at first is waited for behind the scenes', async () => {
    const { server } = await connected();
    await server.kill('SIGKILL');
    const { connection, lines } = await connect(server.url);
    expect([connection.state, connection.lastTrouble?.kind]).toEqual(['down', 'ECONNREFUSED']);
    expect(await connection.ask('PING', [])).toBeUndefined();
    await server.start();
    await comesBack(connection);
    await eventually(async () => lines.length > 1);
    expect(levels(lines)).toEqual(['warn', 'info']);
  });

  test('knows its clients by name and library, and speaks RESP3 with them', async () => {
    const { server } = await connected();
    const clients = String(await server.ask('CLIENT', 'LIST'))
      .split('\n')
      .filter((line) => line.includes('name=refrain'));
    expect(clients).toHaveLength(2);
    expect(clients.filter((line) => / resp=3/.test(line))).toHaveLength(2);
  });

  test('that refuses a command is up; the refusal is one line', async () => {
    const { server, connection, lines } = await connected();
    await server.ask('SET', 'text', 'abc');
    for (let times = 0; times < 10; times += 1) expect(await connection.ask('INCR', ['text'])).toBeUndefined();
    expect(connection.state).toBe('up');
    expect(lines).toHaveLength(1);
    expect(await connection.ask('GET', ['nothing'])).toBeNull();
    expect(await connection.ask('GET', ['text'])).toEqual(Buffer.from('abc'));
  });

  test('is sent a script once, and again where it has forgotten it', async () => {
    const { server, connection, lines } = await connected();
    const script = new Script("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    expect(await connection.run(script, ['count'], [2])).toBe(2);
    await server.ask('SCRIPT', 'FLUSH');
    expect(await connection.run(script, ['count'], [3])).toBe(5);
    expect(await connection.run(script, ['count'], [1])).toBe(6);
    expect(String(await server.ask('INFO', 'commandstats'))).toMatch(/cmdstat_eval:calls=2,/);
    expect(lines).toEqual([]);
  });

  test('is heard on its channels, and again after it was killed', async () => {
    const { server, connection } = await connected();
    const heard: string[] = [];
    let listening = 0;
    connection.onListening(() => (listening += 1));
    connection.subscribe('one', (message) => heard.push(`one ${message}`));
    connection.subscribe('two', (message) => heard.push(`two ${message}`));
    await eventually(async () => ((await server.ask('PUBSUB', 'NUMSUB', 'two')) as unknown[])[1] === 1);
    await connection.ask('PUBLISH', ['one', Buffer.from('a')]);
    await connection.ask('PUBLISH', ['two', 'b']);
    await eventually(async () => heard.length === 2);
    const before = listening;
    await server.restart();
    await eventually(async () => listening > before && connection.state === 'up');
    expect(await connection.ask('PUBLISH', ['one', 'c'])).toBe(1);
    await eventually(async () => heard.length === 3);
    expect(heard).toEqual(['one a', 'two b', 'one c']);
  });

  test('is heard again where its connections lead nowhere, and nobody says so', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const link = await startLink(server.port);
    onTestFinished(() => link.stop());
    const { connection } = await connect(`redis://127.0.0.1:${link.port}`);
    let heard = 0;
    connection.subscribe('one', () => (heard += 1));
    await eventually(async () => ((await server.ask('PUBSUB', 'NUMSUB', 'one')) as unknown[])[1] === 1);
    link.lose();
    await eventually(async () => {
      await server.ask('PUBLISH', 'one', 'a');
      return heard > 0;
    });
  });

  test('with a password that holds a per cent sign, unescaped, is asked with that', async () => {
    const { server } = await connected({ config: { user: 'refrain on >100% ~refrain:* &refrain:* +@all' } });
    const { connection } = await connect(`redis://refrain:100%@127.0.0.1:${server.port}`);
    expect(connection.state).toBe('up');
  });

  test('with a wrong password is out of reach, with advice', async () => {
    const { server } = await connected({ config: { requirepass: 'right' } });
    const { connection, lines } = await connect(`redis://:wrong@127.0.0.1:${server.port}`);
    expect(connection.state).toBe('down');
    expect(lines).toMatchObject([
      { level: 'warn', code: 'WRONGPASS', msg: expect.stringContaining('correct the user') },
    ]);
  });

  test.each([
    ['allkeys-lru', '100mb', [true]],
    ['allkeys-random', '0', [true]],
    ['noeviction', '100mb', [false]],
    ['noeviction', '0', [false]],
    ['volatile-lru', '100mb', []],
    ['volatile-lfu', '100mb', []],
  ])('with the policy %s and a maxmemory of %s is refused, warned of, or fit', async (policy, bytes, findings) => {
    const { connection, lines } = await connected({ config: { 'maxmemory-policy': policy, maxmemory: bytes } });
    expect((await checkServers(connection))?.map(({ isRefusal }) => isRefusal)).toEqual(findings);
    const log = createLog('info', { write: (text) => lines.push(JSON.parse(text)) });
    const isRefused = await requireFitServers(connection, log).then(
      () => false,
      (error) => error instanceof ConfigError,
    );
    expect([isRefused, lines.length]).toEqual([findings[0] === true, findings[0] === false ? 1 : 0]);
  });
});

describe('a cluster', () => {
  const started = async (hasReplicas = false) => {
    const cluster = await startCluster({ hasReplicas });
    onTestFinished(() => cluster.stop());
    return { cluster, ...(await connect(cluster.url)) };
  };

  test('of which one server is paused or killed has the others, at no cost', async () => {
    const { cluster, connection, lines } = await started();
    const [first] = cluster.masters as [RedisServer];
    expect((await askAll(connection)).replied).toBe(60);
    for (const act of ['paused', 'killed'] as const) {
      await first.kill(act === 'paused' ? 'SIGSTOP' : 'SIGKILL');
      await askAll(connection);
      const { replied, ms } = await askAll(connection);
      expect(replied).toBeGreaterThan(20);
      expect(replied).toBeLessThan(60);
      expect(ms).toBeLessThan(40);
      expect(connection.state).toBe('up');
      if (act === 'killed') expect(connection.bulkServers() === undefined).toBe(true);
      if (act === 'paused') await first.kill('SIGCONT');
      else await first.start();
      await comesBack(connection);
    }
    expect(lines.filter(({ level }) => level === 'warn').length).toBeGreaterThanOrEqual(2);
  });

  test('whose master is replaced by its replica is whole again', async () => {
    const { cluster, connection } = await started(true);
    await (cluster.masters[0] as RedisServer).kill('SIGKILL');
    await comesBack(connection);
    await eventually(async () => connection.bulkServers()?.length === 3);
  });

  test('is heard on its channels, whichever server is asked', async () => {
    const { cluster, connection } = await started();
    const heard: string[] = [];
    const listening = new Promise<void>((resolve) => connection.onListening(resolve));
    connection.subscribe('one', (message) => heard.push(String(message)));
    await listening;
    for (const master of cluster.masters) await master.ask('PUBLISH', 'one', `${master.port}`);
    await eventually(async () => heard.length === 3);
    expect(heard.toSorted()).toEqual(cluster.masters.map(({ port }) => `${port}`).toSorted());
  });
});

test('sentinels say which server leads, also after the one that led is gone', async () => {
  const { master, url, stop } = await startSentinels();
  onTestFinished(stop);
  const { connection, lines } = await connect(url);
  expect(connection.isCluster).toBe(false);
  expect(String(await connection.ask('SET', ['key 0', 'x']))).toBe('OK');
  await master.kill('SIGKILL');
  expect((await askAll(connection)).ms).toBeLessThan(60);
  await comesBack(connection);
  await eventually(async () => String(await connection.ask('SET', ['key 0', 'y'])) === 'OK');
  expect(levels(lines).slice(0, 2)).toEqual(['warn', 'info']);
});
