/**
 * Redis as a place for the stores of one test file: servers that are there for
 * all its tests, and are empty when a store is opened.
 */
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { connectRedis, type RedisConnection } from '../../src/redis/connection.ts';
import { createRedisStore, type RedisStore, type RedisStoreOptions } from '../../src/store/redis.ts';
import { startCluster } from '../harness/redis-cluster.ts';
import { type RedisServer, type RedisServerOptions, startRedisServer } from '../harness/redis-server.ts';

export interface RedisPlace {
  readonly servers: readonly RedisServer[];
  readonly lines: readonly { readonly level: string; readonly msg: string; readonly code?: string }[];
  /** A connection that is up, and closed after the test. */
  connect(): Promise<RedisConnection>;
  /** A store over a connection of its own. */
  open(options?: Partial<RedisStoreOptions>): Promise<RedisStore>;
  /** The same, of servers that hold nothing. */
  openEmpty(options?: Partial<RedisStoreOptions>): Promise<RedisStore>;
}

export function aServer(options: RedisServerOptions = {}, urlOf = (server: RedisServer) => server.url): RedisPlace {
  return placeOf(async () => {
    const server = await startRedisServer(options);
    return { servers: [server], url: urlOf(server), stop: () => server.stop() };
  });
}

export function aCluster(): RedisPlace {
  return placeOf(async () => {
    const cluster = await startCluster();
    return { servers: cluster.masters, url: cluster.url, stop: () => cluster.stop() };
  });
}

interface Started {
  readonly servers: readonly RedisServer[];
  readonly url: string;
  stop(): Promise<void>;
}

function placeOf(start: () => Promise<Started>): RedisPlace {
  let started: Started | undefined;
  beforeAll(async () => {
    started = await start();
  });
  afterAll(() => started?.stop());
  const there = () => {
    if (started === undefined) throw new Error('no server runs before the first test');
    return started;
  };
  const lines: RedisPlace['lines'][number][] = [];
  const log = createLog('info', { write: (text) => lines.push(JSON.parse(text)) });
  const connect = async () => {
    const { url, servers } = there();
    const connection = connectRedis({ urls: url.split(','), ca: servers[0]?.certificate, log, clock: systemClock });
    onTestFinished(() => connection.close());
    await connection.ready;
    return connection;
  };
  const open = async (options: Partial<RedisStoreOptions> = {}) => {
    const store = createRedisStore({ connection: await connect(), clock: systemClock, ...options });
    onTestFinished(() => store.close());
    return store;
  };
  return {
    get servers() {
      return there().servers;
    },
    lines,
    connect,
    open,
    async openEmpty(options) {
      await Promise.all(there().servers.map((server) => server.ask('FLUSHALL')));
      return open(options);
    },
  };
}
