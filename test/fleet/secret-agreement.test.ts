import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { ConfigError } from '../../src/errors.ts';
import { RedisHub } from '../../src/fleet/redis-hub.ts';
import { agreeOnSecret } from '../../src/fleet/secret-agreement.ts';
import { createLog } from '../../src/log.ts';
import { connectRedis } from '../../src/redis/connection.ts';
import { type RedisServer, type RedisServerOptions, startRedisServer } from '../harness/redis-server.ts';

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  return server;
}

async function join(server: RedisServer, secret: Buffer) {
  const lines: string[] = [];
  const sink = new PassThrough();
  sink.on('data', (line: Buffer) => lines.push(line.toString()));
  const log = createLog('error', sink);
  const connection = connectRedis({ urls: [server.url], log });
  await connection.ready;
  const hub = new RedisHub({ connection });
  onTestFinished(() => hub.close());
  const agreed = agreeOnSecret({ hub, secret, isStart: true, clock: systemClock, log });
  return { hub, agreed, lines };
}

test('nodes with one secret agree, and what is left in Redis is not the secret', async () => {
  const server = await start();
  const secret = randomBytes(32);
  for (const node of [await join(server, secret), await join(server, secret)]) {
    await node.agreed;
    expect(node.hub.state).toBe('up');
  }
  const facts = String(await server.ask('HGETALL', 'refrain:1:{fleet}:board:facts'));
  expect(facts).toMatch(/^secret,[0-9a-f]{64}$/);
  expect(facts).not.toContain(secret.toString('hex'));
});

test('a node whose secret differs does not start, and says what to do', async () => {
  const server = await start();
  const [first, other] = [await join(server, randomBytes(32)), await join(server, randomBytes(32))];
  await first.agreed;
  await expect(other.agreed).rejects.toThrow(ConfigError);
  await expect(other.agreed).rejects.toThrow(
    /give all nodes the same secret .* HDEL 'refrain:1:\{fleet\}:board:facts'/,
  );
  expect(other.hub.state).toBe('down');
  expect(first.hub.state).toBe('up');
});

test('the command of the advice lets a fleet have another secret', async () => {
  const server = await start();
  await (await join(server, randomBytes(32))).agreed;
  await server.ask('HDEL', 'refrain:1:{fleet}:board:facts', 'secret');
  await (await join(server, randomBytes(32))).agreed;
});

test('a node compares when Redis is back, and stays out if its secret differs', async () => {
  const server = await start({ isPersistent: true });
  const keeper = await join(server, randomBytes(32));
  await keeper.agreed;
  await server.kill('SIGKILL');
  const node = await join(server, randomBytes(32));
  await node.agreed;
  expect(node.lines).toEqual([]);
  await server.start();
  await expect.poll(() => node.lines.join('')).toContain('is not that of the fleet');
  expect(node.lines).toHaveLength(1);
  expect(node.hub.state).toBe('down');
  expect(await node.hub.board('facts').all()).toBeNull();
  await expect.poll(() => keeper.hub.state).toBe('up');
  expect(keeper.lines).toEqual([]);
});
