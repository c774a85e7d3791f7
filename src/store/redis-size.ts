/**
 * The size of what Redis holds, as it was when its servers last said so: asked
 * for now and then, by whoever looks at it.
 */
import type { Clock } from '../clock.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { figureOf, readInfo } from '../redis/server-info.ts';
import type { TierSize } from './catalogue.ts';

export interface RedisSizeReading extends TierSize {
  /** The bound of all servers together; 0 where one has none. */
  readonly maxBytes: number;
}

/** How old a reading may be. */
const FRESH_MS = 5_000;
const STEP_MS = 1_000;

export class RedisSize {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;
  #reading: RedisSizeReading = { entries: 0, bytes: 0, evictions: 0, maxBytes: 0 };
  #readAt = -Infinity;
  /** Evictions before this process began to look. */
  #evictedBefore: number | undefined;

  constructor(connection: RedisConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  get reading(): RedisSizeReading {
    const now = this.#clock.now();
    if (now - this.#readAt >= FRESH_MS) {
      this.#readAt = now;
      void this.refresh();
    }
    return this.#reading;
  }

  /** Asks all servers; what was read before stays where one is out of reach. */
  async refresh(): Promise<void> {
    const servers = this.#connection.bulkServers() ?? [];
    const all = await Promise.all(
      servers.map(async (server) => {
        const [info, keys] = await Promise.all([
          readInfo(server, 'memory', 'stats'),
          server.ask('DBSIZE', [], STEP_MS),
        ]);
        return info && typeof keys === 'number' ? { info, keys } : undefined;
      }),
    );
    const known = all.filter((each) => each !== undefined);
    if (known.length === 0 || known.length < servers.length) return;
    const sum = (figure: (each: (typeof known)[number]) => number) =>
      known.reduce((total, each) => total + figure(each), 0);
    const evicted = sum(({ info }) => figureOf(info, 'evicted_keys'));
    this.#evictedBefore = Math.min(this.#evictedBefore ?? evicted, evicted);
    this.#reading = {
      entries: sum(({ keys }) => keys),
      bytes: sum(({ info }) => figureOf(info, 'used_memory')),
      evictions: evicted - this.#evictedBefore,
      maxBytes: known.every(({ info }) => figureOf(info, 'maxmemory') > 0)
        ? sum(({ info }) => figureOf(info, 'maxmemory'))
        : 0,
    };
  }
}
