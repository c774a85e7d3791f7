/**
 * The one connection to Redis of a process, be that a server, a cluster or
 * what sentinels watch. It is opened and kept open behind the scenes: whoever
 * asks gets a reply in time or undefined, and undefined at once while a server
 * is out of reach.
 */
import type { Redis } from 'ioredis';
import { type Clock, systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type ClientOptions, createClient, type RedisClient } from './client.ts';
import { ClusterNodes, type ClusterNodesOptions } from './cluster.ts';
import type { Argument, RedisNode, RedisReply } from './commands.ts';
import type { Script } from './script.ts';
import { Server, type ServerOptions } from './server.ts';
import { Subscriptions } from './subscriptions.ts';
import { StateLog } from './state-log.ts';
import { type Trouble, TroubleLog, troubleOf } from './trouble.ts';

export interface RedisConnection extends RedisNode {
  /** Resolves once Redis was reached for the first time, or could not be. */
  readonly ready: Promise<void>;
  /** `down` until Redis was reached, and from the moment that it is taken for out of reach. */
  readonly state: 'up' | 'down';
  /** The newest trouble, gone or not; null where there has been none. */
  readonly lastTrouble: Trouble | null;
  readonly isCluster: boolean;
  /** @param listener is called after each change of state */
  onState(listener: (state: 'up' | 'down') => void): void;
  /** The same over a second connection: for what is long, or makes others behind it wait. */
  readonly bulk: RedisNode;
  /** @param listener is called each time that the second connection is there, anew or again */
  onBulkUp(listener: () => void): void;
  /** The server on which a key lies, over that second connection; undefined where it is out of reach. */
  bulkOn(key: string): RedisNode | undefined;
  /** All servers that hold a share of the keys, likewise; undefined where one of them is out of reach. */
  bulkServers(): readonly RedisNode[] | undefined;
  /** @param listener of a channel; there is one of each */
  subscribe(channel: string, listener: (message: Buffer) => void): void;
  /** @param listener is called each time that all channels are listened to, anew or again */
  onListening(listener: () => void): void;
  close(): Promise<void>;
}

export interface ConnectionOptions extends ClientOptions {
  readonly log: Log;
  readonly clock?: Clock;
}

/** Opens at once. */
export function connectRedis(options: ConnectionOptions): RedisConnection {
  return new Connection(options);
}

/** A connection for subscriptions: they make another by themselves where it is lost. */
const LISTENING = { enableOfflineQueue: true, retryStrategy: null, autoResubscribe: false } as const;

const WORDS = {
  up: 'Redis is back',
  down: 'Redis is out of reach: this process goes on alone until it is back',
};
const SERVER_WORDS = {
  up: 'a server of the Redis cluster is back',
  down: 'a server of the Redis cluster is out of reach: what lies there is a miss until it is back',
};

type Link = Server | ClusterNodes;

type OnChange = ServerOptions['onChange'];

class Connection implements RedisConnection {
  readonly isCluster: boolean;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #trouble: TroubleLog;
  readonly #subscriptions: Subscriptions;
  readonly #listeners: ((state: 'up' | 'down') => void)[] = [];
  readonly #bulkListeners: (() => void)[] = [];
  readonly #ready = Promise.withResolvers<void>();
  readonly #bulkReady = Promise.withResolvers<void>();
  readonly #stateLog: StateLog;
  /** Of the servers of a cluster, by address. */
  readonly #serverLogs = new Map<string, StateLog>();
  readonly bulk: RedisNode = {
    ask: async (name, args, ms) => this.#bulk?.ask(name, args, ms),
    run: async (script, keys, args, ms) => this.#bulk?.run(script, keys, args, ms),
    attempt: async (script, keys, args, ms) => this.#bulk?.attempt(script, keys, args, ms),
  };
  #link: Link | undefined;
  #bulk: Link | undefined;
  #isClosed = false;

  constructor({ log, clock = systemClock, ...options }: ConnectionOptions) {
    this.isCluster = options.urls.length > 1 && !(options.urls[0] as string).includes('sentinel');
    this.#log = log;
    this.#clock = clock;
    this.#trouble = new TroubleLog(log, clock);
    this.#stateLog = new StateLog({ log, clock, words: WORDS });
    this.#subscriptions = new Subscriptions({ clock, connect: () => this.#duplicate() });
    // Where there is no client there is no Redis.
    this.#open(options).catch((error) => {
      this.#changed('down', troubleOf(error));
      this.#bulkReady.resolve();
    });
  }

  get ready(): Promise<void> {
    return Promise.all([this.#ready.promise, this.#bulkReady.promise]).then(() => {});
  }

  get state(): 'up' | 'down' {
    return this.#link?.breaker.isUp === true ? 'up' : 'down';
  }

  get lastTrouble(): Trouble | null {
    return this.#trouble.last;
  }

  onState(listener: (state: 'up' | 'down') => void): void {
    this.#listeners.push(listener);
  }

  async ask(name: string, args: readonly Argument[], ms?: number): Promise<RedisReply | undefined> {
    return this.#link?.ask(name, args, ms);
  }

  async run(script: Script, keys: readonly string[], args: readonly Argument[], ms?: number) {
    return this.#link?.run(script, keys, args, ms);
  }

  async attempt(script: Script, keys: readonly string[], args: readonly Argument[], ms: number) {
    return this.#link?.attempt(script, keys, args, ms);
  }

  onBulkUp(listener: () => void): void {
    this.#bulkListeners.push(listener);
  }

  bulkOn(key: string): RedisNode | undefined {
    const server = this.#bulk instanceof ClusterNodes ? this.#bulk.serverOf(key) : this.#bulk;
    return server?.breaker.isUp ? server : undefined;
  }

  bulkServers(): readonly RedisNode[] | undefined {
    if (this.#bulk instanceof ClusterNodes) return this.#bulk.masters;
    return this.#bulk?.breaker.isUp ? [this.#bulk] : undefined;
  }

  subscribe(channel: string, listener: (message: Buffer) => void): void {
    this.#subscriptions.subscribe(channel, listener);
  }

  onListening(listener: () => void): void {
    this.#subscriptions.onListening(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#subscriptions.close();
    this.#link?.close();
    this.#bulk?.close();
    this.#ready.resolve();
    this.#bulkReady.resolve();
  }

  async #open(options: ClientOptions): Promise<void> {
    const [client, bulk] = [await createClient(options), await createClient(options)];
    if (this.#isClosed) return;
    this.#link = this.#behindBreaker(
      client,
      (state, trouble) => this.#changed(state, trouble),
      (address, state, trouble) => this.#serverChanged(address, state, trouble),
    );
    // The other connection says what is to be said of it.
    this.#bulk = this.#behindBreaker(
      bulk,
      (state) => this.#bulkChanged(state),
      () => {},
    );
  }

  #behindBreaker(created: RedisClient, onChange: OnChange, onServer: ClusterNodesOptions['onServer']): Link {
    const common = { create: created.create, clock: this.#clock, trouble: this.#trouble, onChange };
    const link =
      created.kind === 'server'
        ? new Server({ ...common, redis: created.client })
        : new ClusterNodes({ ...common, cluster: created.client, onServer });
    link.connect();
    return link;
  }

  #changed(state: 'up' | 'down', trouble: Trouble | null): void {
    if (trouble !== null) this.#trouble.note(trouble);
    this.#stateLog.report(state, trouble);
    if (state === 'up') this.#subscriptions.hurry();
    this.#ready.resolve();
    for (const listener of this.#listeners) listener(state);
  }

  #bulkChanged(state: 'up' | 'down'): void {
    this.#bulkReady.resolve();
    if (state === 'up') for (const listener of this.#bulkListeners) listener();
  }

  #serverChanged(address: string, state: 'up' | 'down', trouble: Trouble | null): void {
    if (trouble !== null) this.#trouble.note(trouble);
    const known = this.#serverLogs.get(address);
    const log = known ?? new StateLog({ log: this.#log.child({ address }), clock: this.#clock, words: SERVER_WORDS });
    if (known === undefined) this.#serverLogs.set(address, log);
    log.report(state, trouble);
  }

  /** A server that is up: any, since what is published on one of a cluster is heard on all. */
  #duplicate(): Redis | undefined {
    const link = this.#link;
    const server = link instanceof ClusterNodes ? link.masters?.[0] : link;
    return server?.redis.duplicate(LISTENING);
  }
}
