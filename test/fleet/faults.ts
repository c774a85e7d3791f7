/**
 * The faults of a fleet's Redis. Each begins and is over; what comes between is the test's.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Node } from '../harness/fleet.ts';
import { type RedisServer, startRedisServer } from '../harness/redis-server.ts';

export interface Fault {
  /** True where each node must take Redis for gone. */
  readonly isOutage: boolean;
  /** @returns what makes it be over */
  begin(redis: RedisServer, nodes: readonly Node[]): Promise<() => Promise<void>>;
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  killed: {
    isOutage: true,
    async begin(redis) {
      await redis.kill('SIGKILL');
      return () => redis.start();
    },
  },
  paused: {
    isOutage: true,
    async begin(redis) {
      await redis.kill('SIGSTOP');
      return () => redis.kill('SIGCONT');
    },
  },
  'out of reach of all': {
    isOutage: true,
    async begin(_, nodes) {
      for (const { link } of nodes) link.partition();
      return async () => nodes.forEach(({ link }) => void link.heal());
    },
  },
  full: {
    isOutage: false,
    async begin(redis) {
      await redis.ask('CONFIG', 'SET', 'maxmemory', '1');
      return async () => void (await redis.ask('CONFIG', 'SET', 'maxmemory', '0'));
    },
  },
  'without its data, over and over': {
    isOutage: false,
    async begin(redis) {
      const timer = setInterval(() => void redis.ask('FLUSHALL'), 20);
      return async () => clearInterval(timer);
    },
  },
  'reset again and again': {
    isOutage: false,
    async begin(_, nodes) {
      const timer = setInterval(() => nodes.forEach(({ link }) => void link.reset()), 15);
      return async () => clearInterval(timer);
    },
  },
  'busy with a script': {
    isOutage: false,
    async begin(redis) {
      await redis.ask('CONFIG', 'SET', 'busy-reply-threshold', '1');
      const client = redis.connect();
      const script = client.call('EVAL', 'while true do end', '0').catch(() => {});
      return async () => {
        await redis.ask('SCRIPT', 'KILL');
        await script;
        client.disconnect();
      };
    },
  },
  'behind another password': {
    isOutage: false,
    async begin(redis, nodes) {
      await redis.ask('CONFIG', 'SET', 'requirepass', 'another');
      for (const { link } of nodes) link.reset();
      return async () => {
        await redis.ask('CONFIG', 'SET', 'requirepass', '');
        for (const { link } of nodes) link.reset();
      };
    },
  },
  'a replica that takes no writes': {
    isOutage: false,
    async begin(redis, nodes) {
      const replica = await redis.startReplica();
      lead(nodes, replica.port);
      return async () => {
        lead(nodes, redis.port);
        await replica.stop();
      };
    },
  },
  'another, which was its replica': {
    isOutage: false,
    async begin(redis, nodes) {
      const replica = await redis.startReplica();
      await redis.kill('SIGKILL');
      await replica.ask('REPLICAOF', 'NO', 'ONE');
      lead(nodes, replica.port);
      // Back: the first is its replica, and leads again.
      return async () => {
        await redis.start();
        await redis.ask('REPLICAOF', '127.0.0.1', replica.port);
        while (!String(await redis.ask('INFO', 'replication')).includes('master_link_status:up'));
        await replica.kill('SIGKILL');
        await redis.ask('REPLICAOF', 'NO', 'ONE');
        lead(nodes, redis.port);
        await replica.stop();
      };
    },
  },
  'another, which is empty': replacedBy(null),
  'a server that loads its data': replacedBy((socket) => {
    socket.on('data', () => socket.write('-LOADING Redis is loading the dataset in memory\r\n'));
  }),
  'a server that speaks garbage': replacedBy((socket) => {
    socket.write(crypto.getRandomValues(Buffer.alloc(1_000)));
    socket.on('data', () => socket.write(crypto.getRandomValues(Buffer.alloc(1_000))));
  }),
  'a server of HTTP': replacedBy((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
  }),
  'a server that says OK to everything': replacedBy((socket) => {
    socket.on('data', () => socket.write('+OK\r\n'));
  }),
  'a server that takes and never answers': replacedBy((socket) => void socket.resume()),
  'a server that hangs up': replacedBy((socket) => void socket.destroy()),
};

function lead(nodes: readonly Node[], port: number): void {
  for (const { link } of nodes) {
    link.target = port;
    link.reset();
  }
}

/** @param serve null: a Redis that holds nothing */
function replacedBy(serve: ((socket: Socket) => void) | null): Fault {
  return {
    isOutage: serve !== null,
    async begin(redis, nodes) {
      if (serve === null) return replaceByEmpty(redis, nodes);
      const sockets = new Set<Socket>();
      const server: Server = createServer((socket) => {
        sockets.add(socket.on('error', () => {}));
        serve(socket);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      lead(nodes, (server.address() as AddressInfo).port);
      return async () => {
        lead(nodes, redis.port);
        server.close();
        for (const socket of sockets) socket.destroy();
        await once(server, 'close');
      };
    },
  };
}

async function replaceByEmpty(redis: RedisServer, nodes: readonly Node[]): Promise<() => Promise<void>> {
  const other = await startRedisServer();
  lead(nodes, other.port);
  return async () => {
    lead(nodes, redis.port);
    await other.stop();
  };
}
