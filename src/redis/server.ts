/**
 * A server of Redis behind its breaker: one that stands alone, or a node of a
 * cluster.
 */
import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import { Breaker } from './breaker.ts';
import { CONNECT_MS, type CreateCommand } from './client.ts';
import { type Argument, Commands, LOOKUP_MS, type RedisNode } from './commands.ts';
import type { Script } from './script.ts';
import { LOST, type Trouble, type TroubleLog, troubleOf } from './trouble.ts';

export interface ServerOptions {
  readonly redis: Redis;
  readonly create: CreateCommand;
  readonly clock: Clock;
  readonly trouble: TroubleLog;
  readonly onChange: (state: 'up' | 'down', trouble: Trouble | null) => void;
  /** Called with each probe that finds no connection, beside what the client does by itself. */
  readonly onProbe?: () => void;
}

/** A connection that answers nothing for so many probes may lead to nowhere: another is made. */
const PROBES_PER_CONNECTION = 3;

const SILENT: Trouble = { kind: 'TIMEOUT', message: 'it accepts connections and does not reply' };

export class Server implements RedisNode {
  readonly breaker: Breaker;
  readonly redis: Redis;
  readonly #commands: Commands;
  readonly #options: ServerOptions;
  readonly #settled = Promise.withResolvers<void>();
  #probes = 0;
  #trouble: Trouble | undefined;

  constructor(options: ServerOptions) {
    const { redis, create, clock, trouble, onChange } = options;
    this.redis = redis;
    this.#options = options;
    this.breaker = new Breaker({
      clock,
      probe: () => this.#probe(),
      pulse: () => redis.stream?.bytesRead ?? 0,
      onChange: (state, reason) => {
        this.#settled.resolve();
        onChange(state, reason);
      },
    });
    const send = this.#send.bind(this);
    const lostBy = () => this.#trouble ?? LOST;
    this.#commands = new Commands({ clock, trouble, create, send, lostBy, breakersOf: () => [this.breaker] });
    redis.on('ready', () => this.breaker.replied());
    redis.on('error', (error: Error) => {
      this.#trouble = troubleOf(error);
    });
    redis.on('close', () => {
      this.breaker.lost(lostBy());
      this.#trouble = undefined;
    });
  }

  ask(name: string, args: readonly Argument[], ms?: number) {
    return this.#commands.ask(name, args, ms);
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[], ms?: number) {
    return this.#commands.run(script, keys, args, ms);
  }

  attempt(script: Script, keys: readonly string[], args: readonly Argument[], ms: number) {
    return this.#commands.attempt(script, keys, args, ms);
  }

  /** Resolves once it was reached for the first time, or could not be. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Begins to connect, where that is for us to begin. A server that accepts and says nothing is out of reach too. */
  connect(): void {
    this.#options.clock.after(CONNECT_MS, () => {
      if (this.breaker.state === 'connecting') this.breaker.lost(SILENT);
    });
    if (this.redis.status === 'wait') this.redis.connect().catch(() => {});
  }

  close(): void {
    this.#settled.resolve();
    this.breaker.close();
    this.redis.disconnect();
  }

  #send(command: Parameters<Redis['sendCommand']>[0]): Promise<unknown> {
    return this.redis.sendCommand(command) as Promise<unknown>;
  }

  async #probe(): Promise<boolean> {
    const { clock, create, onProbe } = this.#options;
    this.#probes += 1;
    if (this.redis.status === 'ready') {
      const isAnswered = await new Promise<boolean>((resolve) => {
        const cancel = clock.after(LOOKUP_MS, () => setImmediate(() => resolve(false)));
        const settle = (isReply: boolean) => {
          cancel();
          resolve(isReply);
        };
        this.#send(create('ping', [])).then(
          () => settle(true),
          ({ name }: Error) => settle(name === 'ReplyError'),
        );
      });
      if (isAnswered) this.#probes = 0;
      if (isAnswered) return true;
    }
    onProbe?.();
    const { status } = this.redis;
    // Interrupted on its way to a server, the client would give up: sentinels are asked first, and that takes a moment.
    const isConnected = status === 'ready' || status === 'connect';
    if (isConnected && this.#probes % PROBES_PER_CONNECTION === 0) this.redis.disconnect(true);
    // One that gave up all the same is begun anew; a cluster replaces its own.
    if (status === 'end' && onProbe === undefined) this.redis.connect().catch(() => {});
    return false;
  }
}
