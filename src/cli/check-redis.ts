/**
 * The doctor on the Redis of a fleet: is it within reach and near, does it keep
 * what must not be lost, and is the secret the fleet's. Nothing is changed.
 */
import type { Config } from '../config/config.ts';
import { RedisHub } from '../fleet/redis-hub.ts';
import { SECRET_ADVICE, secretOfFleet } from '../fleet/secret-agreement.ts';
import { createLog } from '../log.ts';
import type { RedisNode } from '../redis/commands.ts';
import { connectRedis, type RedisConnection } from '../redis/connection.ts';
import { checkServers } from '../redis/server-check.ts';
import { readInfo } from '../redis/server-info.ts';
import { digestOfSecret, givenSecret, readSecret, secretPath } from '../secret.ts';
import { type CheckResult, failure, ok, warning } from '../admin/findings.ts';

/** How often a server is asked for how long that takes. */
const PINGS = 20;
/** A lookup beyond this, in ms, is a fifth of the time that it has. */
const SLOW_MS = 10;
/** The least that Redis should hold for a node that does not read for a moment, in bytes. */
const LEAST_BUFFER = 8 * 2 ** 20;
const ASK_MS = 1_000;

const UNREACHED = ok('not looked at, since Redis is out of reach');

export async function checkRedis(config: Config): Promise<CheckResult> {
  return withRedis(config, async (connection) => {
    const servers = connection.bulkServers() ?? [];
    if (connection.state === 'down' || servers.length === 0) {
      const { kind, message } = connection.lastTrouble ?? { kind: '', message: 'no reply' };
      const advice = 'see that it runs, and that address, user, password and certificate are right';
      return failure(`Redis is out of reach (${message || kind}); a proxy goes on without it`, advice);
    }
    const versions = await Promise.all(servers.map(versionOf));
    const times = await Promise.all(servers.map(medianOf));
    const [ms] = times.sort((one, other) => other - one) as [number];
    const says = `${[...new Set(versions)].join(', ')} answers within ${ms.toFixed(1)} ms`;
    return ms < SLOW_MS ? ok(says) : warning(says, 'use one that is nearer: each miss waits for it, for at most 50 ms');
  });
}

/** How it keeps what it is given. */
export function checkRedisSettings(config: Config): Promise<CheckResult> {
  return withRedis(config, async (connection) => {
    const findings = await checkServers(connection);
    if (findings === undefined) return UNREACHED;
    const [first, ...others] = findings.toSorted((one, other) => Number(other.isRefusal) - Number(one.isRefusal));
    if (first?.isRefusal) return failure(`${first.says}; a start is refused`, first.advice);
    if (first)
      return warning(
        first.says,
        first.advice,
        others.map(({ says, advice }) => `${says}; ${advice}`),
      );
    return checkBuffers(connection.bulkServers() ?? []);
  });
}

/** Reads and compares a digest; leaves none. */
export function checkFleetSecret(config: Config): Promise<CheckResult> {
  return withRedis(config, async (connection) => {
    const agreed = await secretOfFleet(new RedisHub({ connection }));
    if (agreed === null) return UNREACHED;
    const { path } = config.store;
    const given = givenSecret(config);
    const secret = given ?? (path === null ? null : readSecret(secretPath(path)));
    if (agreed !== undefined && (secret === null || digestOfSecret(secret) !== agreed)) {
      return failure('the secret is not that of the fleet; a start is refused', SECRET_ADVICE);
    }
    if (given) return ok(agreed === undefined ? 'no node has joined the fleet yet' : 'it is that of the fleet');
    return warning('it is of this machine alone: no other node has it', 'give all nodes one secret or secretFile');
  });
}

async function withRedis(
  config: Config,
  check: (connection: RedisConnection) => Promise<CheckResult>,
): Promise<CheckResult> {
  const connection = connectRedis({ urls: config.redis ?? [], log: createLog('silent') });
  try {
    await connection.ready;
    return await check(connection);
  } finally {
    await connection.close();
  }
}

async function versionOf(server: RedisNode): Promise<string> {
  const info = await readInfo(server, 'server');
  const valkey = info?.get('valkey_version');
  return valkey === undefined ? `Redis ${info?.get('redis_version') ?? 'of some version'}` : `Valkey ${valkey}`;
}

/** In ms; the time that a command has where there is no reply. */
async function medianOf(server: RedisNode): Promise<number> {
  const times: number[] = [];
  for (let ping = 0; ping < PINGS; ping++) {
    const began = performance.now();
    const reply = await server.ask('PING', [], ASK_MS);
    times.push(reply === undefined ? ASK_MS : performance.now() - began);
  }
  return times.sort((one, other) => one - other)[PINGS / 2] as number;
}

/** Of what is sent to a node that does not read it at once; beyond it Redis ends the node's connection. */
async function checkBuffers(servers: readonly RedisNode[]): Promise<CheckResult> {
  const limits = await Promise.all(servers.map(pubsubLimitOf));
  const least = Math.min(...limits.map((limit) => limit || Infinity));
  if (least >= LEAST_BUFFER) return ok('it keeps what must not be lost, and has room for answers that are followed');
  return warning(
    `Redis holds at most ${least} bytes for a node that does not read at once, and then ends its connection`,
    "set client-output-buffer-limit to 'pubsub 32mb 8mb 60'",
  );
}

/** In bytes; 0 for no limit, or one that is not to be had. */
async function pubsubLimitOf(server: RedisNode): Promise<number> {
  const reply = await server.ask('CONFIG', ['GET', 'client-output-buffer-limit'], ASK_MS);
  const value = Array.isArray(reply) ? String(reply[1]) : '';
  return Number(/\bpubsub (\d+)/.exec(value)?.[1] ?? 0);
}
