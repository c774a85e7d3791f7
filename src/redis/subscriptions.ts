/**
 * Channels that are listened to, over a connection of their own: what is said
 * there does not stand before the reply to a lookup. A connection that is lost
 * is made again, and what was said meanwhile is lost.
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

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #listeners = new Map<string, (message: Buffer) => void>();
  readonly #onListening: (() => void)[] = [];
  #redis: Redis | undefined;
  #cancelRetry: (() => void) | undefined;
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
    this.#cancelRetry?.();
    this.#redis?.disconnect();
  }

  #open(): void {
    this.#cancelRetry?.();
    if (this.#isClosed || this.#listeners.size === 0) return;
    const redis = this.#options.connect();
    if (redis === undefined) return this.#openLater();
    this.#redis = redis;
    redis.on('error', () => {});
    redis.on('ready', () => this.#listen(redis, [...this.#listeners.keys()]));
    redis.on('messageBuffer', (channel: Buffer, message: Buffer) => this.#listeners.get(channel.toString())?.(message));
    redis.once('end', () => this.#openLater());
    redis.connect().catch(() => {});
  }

  #openLater(): void {
    this.#redis = undefined;
    const ms = MIN_RETRY_MS + Math.random() * (MAX_RETRY_MS - MIN_RETRY_MS);
    this.#cancelRetry = this.#options.clock.after(ms, () => this.#open());
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
