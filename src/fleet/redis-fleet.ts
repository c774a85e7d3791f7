/**
 * A fleet over Redis: the connection, and all that stands on it. Loaded only
 * where a Redis is named.
 */
import type { Clock } from '../clock.ts';
import { type Config, retentionOf } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../log.ts';
import { connectRedis } from '../redis/connection.ts';
import { requireFitServers } from '../redis/server-check.ts';
import { createRedisStore } from '../store/redis.ts';
import type { Unopened } from '../store/encryption.ts';
import { unopenedNews } from '../store/file-news.ts';
import { Sealing } from '../store/sealing.ts';
import { Books } from './books.ts';
import { Fleet, type FleetOptions } from './fleet.ts';
import { RedisHub } from './redis-hub.ts';
import { agreeOnSecret } from './secret-agreement.ts';

export interface RedisFleetOptions extends Omit<FleetOptions, 'hub' | 'shared'> {
  readonly config: Config;
  /** By which callers are told apart; the same in all of a fleet. */
  readonly secret: Buffer;
  /** All that this process and its workers are asked; null in a worker. */
  readonly ledger: Ledger | null;
  readonly log: Log;
}

/**
 * Resolves once the fleet is joined, or Redis is out of reach: then it is joined when that is back.
 * @throws ConfigError where it is another fleet's, or not to be used so; not in a worker
 */
export async function joinRedis({ config, secret, ledger, log, ...parts }: RedisFleetOptions): Promise<Fleet> {
  const { clock } = parts;
  const connection = connectRedis({ urls: config.redis ?? [], log, clock });
  const unopened = new Set<Unopened>();
  const sealing = new Sealing({ secret, isOn: config.store.encrypt === 'secret' }, (why) => {
    if (!unopened.has(why)) log.warn(unopenedNews('Redis', why));
    unopened.add(why);
  });
  const hub = new RedisHub({ connection, sealing });
  await connection.ready;
  // A proxy that runs needs its workers, whatever became of its Redis: that is refused to the parent alone.
  const isStart = ledger !== null;
  try {
    if (isStart) await requireFitServers(connection, log);
    await agreeOnSecret({ hub, secret, isStart, clock, log });
  } catch (error) {
    await hub.close();
    throw error;
  }
  const store = createRedisStore({ connection, clock, retention: retentionOf(config), sealing });
  const books = ledger && createBooks(ledger, hub, clock);
  const tier = {
    held: () => ({ tier: store.name, ...store.held }),
    unshared: () => ({ fenced: store.fenced, refused: store.dropped }),
  };
  const fleet = new Fleet({ ...parts, hub, shared: { store, catalogue: store }, tier, books });
  await fleet.join();
  return fleet;
}

function createBooks(ledger: Ledger, hub: RedisHub, clock: Clock): Books {
  const books = new Books({ board: hub.board('books'), node: hub.node, clock });
  ledger.subscribe((record) => books.observe(record));
  ledger.onCall((record) => books.observeCall(record));
  return books;
}
