/**
 * Channels that are listened to, over a connection of their own: what is said
 * there does not stand before the reply to a lookup. A connection that is lost,
 * be it without a word, is made again, and what was said meanwhile is lost.
 */
import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';

export interface SubscriptionsOptions {
  readonly clock: Clock;
  /** A connection that nobody else uses; undefined where no server is known. */
  readonly connect: () => Redis | undefined;
}

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 1_000;
/** How often the connection is asked whether it is there, and how long the reply may take, in ms. */
const BEAT_MS = 2_000;
const REPLY_MS = 3_000;

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #listeners = new Map<string, (message: Buffer) => void>();
  readonly #onListening: (() => void)[] = [];
  #redis: Redis | undefined;
  /** Of the next attempt to connect, or look at the connection. */
  #cancelNext: (() => void) | undefined;
  #isClosed = false;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** @param listener of a channel; there is one of each */
  subscribe(channel: string, listener: (message: Buffer) => void): void {
    this.#listeners.set(channel, listener);
    if (this.#redis === undefined) this.#open();
    else if (this.#redis.status === 'ready') this.#listen(this.#redis, [channel]);
  }

  /** @param listener is called each time that all channels are listened to, anew or again */
  onListening(listener: () => void): void {
    this.#onListening.push(listener);
  }

  /** A server is within reach: a connection that is to be made later is made now. */
  hurry(): void {
    if (this.#redis === undefined) this.#open();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelNext?.();
    this.#redis?.disconnect();
  }

  #open(): void {
    this.#cancelNext?.();
    if (this.#isClosed || this.#listeners.size === 0) return;
    const redis = this.#options.connect();
    if (redis === undefined) return this.#openLater();
    this.#redis = redis;
    redis.on('error', () => {});
    redis.on('ready', () => this.#listen(redis, [...this.#listeners.keys()]));
    redis.on('messageBuffer', (channel: Buffer, message: Buffer) => this.#listeners.get(channel.toString())?.(message));
    redis.once('end', () => this.#ended(redis));
    redis.connect().catch(() => {});
    this.#watch(redis);
  }

  #ended(redis: Redis): void {
    if (this.#redis === redis) this.#openLater();
  }

  /** Nothing is said there for hours, so that whether it leads to the server is to be asked. */
  #watch(redis: Redis): void {
    const { clock } = this.#options;
    this.#cancelNext = clock.after(BEAT_MS, () => {
      this.#cancelNext = clock.after(REPLY_MS, () => {
        redis.disconnect();
        this.#ended(redis);
      });
      const answered = () => {
        if (this.#redis !== redis || this.#isClosed) return;
        this.#cancelNext?.();
        this.#watch(redis);
      };
      redis.ping().then(answered, answered);
    });
  }

  #openLater(): void {
    this.#cancelNext?.();
    this.#redis = undefined;
    const ms = MIN_RETRY_MS + Math.random() * (MAX_RETRY_MS - MIN_RETRY_MS);
    this.#cancelNext = this.#options.clock.after(ms, () => this.#open());
  }

  #listen(redis: Redis, channels: readonly string[]): void {
    redis.subscribe(...channels).then(
      () => {
        for (const listener of this.#onListening) listener();
      },
      // A connection that is not allowed to listen is made again, later.
      () => redis.disconnect(),
    );
  }
}
