import { describe, expect, onTestFinished } from 'vitest';
import type { Finding } from '../../src/admin/findings.ts';
import { digestOfSecret } from '../../src/secret.ts';
import { type Cast, test } from '../cli/command.ts';
import { freePort } from '../harness/port.ts';
import { type RedisServer, type RedisServerOptions, startRedisServer } from '../harness/redis-server.ts';

const SECRET = 'ab'.repeat(32);
const BOARD = 'refrain:1:{fleet}:board:facts';

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  return server;
}

/** The findings about a Redis, by their names. */
async function diagnose(
  { refrain, upstream }: Pick<Cast, 'refrain' | 'upstream'>,
  url: string,
  environment: Record<string, string> = { REFRAIN_SECRET: SECRET },
): Promise<Readonly<Record<string, Finding | undefined>>> {
  const flags = ['--json', '--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`];
  const { out, err } = await refrain(['doctor', ...flags], { REFRAIN_REDIS: url, ...environment });
  expect(err).toBe('');
  const checks: readonly Finding[] = JSON.parse(out).checks;
  return Object.fromEntries(checks.map((finding) => [finding.check, finding]));
}

const BOUNDED = { maxmemory: '100mb', 'maxmemory-policy': 'volatile-lru' };

describe('refrain doctor on a Redis', () => {
  test('finds nothing wrong where nothing is, and leaves nothing there', async ({ refrain, upstream }) => {
    const server = await start({ config: BOUNDED });
    const found = await diagnose({ refrain, upstream }, server.url);
    expect(found['Redis']).toMatchObject({ state: 'ok', says: expect.stringMatching(/^(Redis|Valkey) \d.* ms$/) });
    expect(found['Redis settings']).toMatchObject({ state: 'ok' });
    expect(found['fleet secret']).toMatchObject({ state: 'ok', says: 'no node has joined the fleet yet' });
    expect(await server.ask('DBSIZE')).toBe(0);
  });

  test('says nothing where there is none', async ({ refrain, upstream }) => {
    const found = await diagnose({ refrain, upstream }, 'off');
    expect(Object.keys(found).filter((name) => /redis|fleet/i.test(name))).toEqual([]);
  });

  test('finds that it is out of reach, and does not wait for it', async ({ refrain, upstream }) => {
    const found = await diagnose({ refrain, upstream }, `redis://127.0.0.1:${await freePort()}`);
    expect(found['Redis']).toMatchObject({ state: 'failure', says: expect.stringContaining('out of reach') });
    expect(found['Redis settings']?.says).toBe('not looked at, since Redis is out of reach');
    expect(found['fleet secret']?.says).toBe('not looked at, since Redis is out of reach');
  });

  test('tells policies that lose purges from those that fill up, and a buffer that is too small', async ({
    refrain,
    upstream,
  }) => {
    const server = await start({ config: { ...BOUNDED, 'maxmemory-policy': 'allkeys-lru' } });
    const settings = async () => (await diagnose({ refrain, upstream }, server.url))['Redis settings'];
    expect(await settings()).toMatchObject({
      state: 'failure',
      says: expect.stringContaining('allkeys-lru'),
      advice: expect.stringContaining('volatile-lru'),
    });
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(await settings()).toMatchObject({ state: 'warning', says: expect.stringContaining('noeviction') });
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'volatile-lfu');
    await server.ask('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 1mb 0 0');
    expect(await settings()).toMatchObject({ state: 'warning', advice: expect.stringContaining('pubsub 32mb 8mb 60') });
    await server.ask('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 0 0 0');
    expect(await settings()).toMatchObject({ state: 'ok' });
  });

  test('compares the secret', async ({ refrain, upstream }) => {
    const server = await start({ config: BOUNDED });
    const secret = async (environment?: Record<string, string>) =>
      (await diagnose({ refrain, upstream }, server.url, environment))['fleet secret'];
    expect(await secret({})).toMatchObject({ state: 'warning', advice: 'give all nodes one secret or secretFile' });
    await server.ask('HSET', BOARD, 'secret', digestOfSecret(Buffer.from(SECRET, 'hex')));
    expect(await secret()).toMatchObject({ state: 'ok', says: 'it is that of the fleet' });
    for (const other of [{ REFRAIN_SECRET: 'cd'.repeat(32) }, {}]) {
      expect(await secret(other)).toMatchObject({ state: 'failure', advice: expect.stringContaining('HDEL') });
    }
  });
});
