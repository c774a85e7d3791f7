/**
 * A cluster of Redis servers, each behind a breaker of its own: where one is
 * gone, what lies on the others is found as before.
 */
import type { Cluster, Command, Redis } from 'ioredis';
import { Breaker } from './breaker.ts';
import { type Argument, Commands, type RedisNode } from './commands.ts';
import type { Script } from './script.ts';
import { Server, type ServerOptions } from './server.ts';
import { LOST, type Trouble, troubleOf } from './trouble.ts';

export interface ClusterNodesOptions extends Omit<ServerOptions, 'redis' | 'onProbe'> {
  readonly cluster: Cluster;
  /** Called after each change of a server of it. @param address of the server */
  readonly onServer: (address: string, state: 'up' | 'down', trouble: Trouble | null) => void;
}

/** The slots of a cluster as its client knows them: addresses, the master's first. */
type Slots = readonly (readonly string[] | undefined)[];

const UNREACHABLE: Trouble = { kind: 'LOST', message: 'no node of the cluster is within reach' };

export class ClusterNodes implements RedisNode {
  readonly breaker: Breaker;
  readonly #options: ClusterNodesOptions;
  readonly #commands: Commands;
  /** By address. One that is gone stays, so that nobody waits for it, until the cluster has another in its place. */
  readonly #servers = new Map<string, Server>();
  #trouble: Trouble | undefined;

  constructor(options: ClusterNodesOptions) {
    const { cluster, clock, trouble, create, onChange } = options;
    this.#options = options;
    // The client finds back by itself, and says so.
    this.breaker = new Breaker({ clock, probe: async () => false, pulse: () => 0, onChange });
    this.#commands = new Commands({
      clock,
      trouble,
      create,
      send: (command) => cluster.sendCommand(command) as Promise<unknown>,
      lostBy: () => LOST,
      breakersOf: (command) => this.#breakersOf(command),
    });
    cluster.on('+node', (redis: Redis) => this.#add(redis));
    cluster.on('ready', () => void this.#connected());
    cluster.on('error', (error: Error & { lastNodeError?: Error }) => {
      this.#trouble = troubleOf(error.lastNodeError ?? error);
    });
    cluster.on('close', () => this.breaker.lost(this.#trouble ?? UNREACHABLE));
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

  connect(): void {
    this.#options.cluster.connect().catch(() => {});
  }

  /** The masters that are within reach; undefined where one is not. */
  get masters(): readonly Server[] | undefined {
    const addresses = new Set(this.#slots.map((nodes) => nodes?.[0]));
    const servers = Array.from(addresses, (address) => this.#servers.get(address ?? ''));
    const up = servers.filter((server) => server?.breaker.isUp === true) as Server[];
    return up.length > 0 && up.length === servers.length ? up : undefined;
  }

  /** The master on which a key lies. */
  serverOf(key: string): Server | undefined {
    return this.#serverOf(this.#options.create('exists', [key]).getSlot());
  }

  close(): void {
    this.breaker.close();
    for (const { breaker } of this.#servers.values()) breaker.close();
    this.#options.cluster.disconnect();
  }

  get #slots(): Slots {
    return this.#options.cluster.slots;
  }

  #serverOf(slot: number | null): Server | undefined {
    return this.#servers.get((slot === null ? undefined : this.#slots[slot]?.[0]) ?? '');
  }

  /** A command without a key goes to whichever server. */
  #breakersOf(command: Command): readonly Breaker[] {
    const slot = command.getSlot();
    if (slot === null) return [this.breaker];
    const server = this.#serverOf(slot);
    return server === undefined ? [] : [this.breaker, server.breaker];
  }

  /** It is up once its servers are, as far as they can be reached. */
  async #connected(): Promise<void> {
    for (const server of this.#servers.values()) server.connect();
    await Promise.all(this.#servers.values().map(({ settled }) => settled));
    if (this.#options.cluster.status === 'ready') this.breaker.replied();
  }

  #add(redis: Redis): void {
    const { cluster, onServer, clock, trouble, create } = this.#options;
    const address = `${redis.options.host}:${redis.options.port}`;
    const before = this.#servers.get(address);
    before?.breaker.close();
    const server = new Server({
      redis,
      clock,
      trouble,
      create,
      onChange: (state, reason) => onServer(address, state, reason),
      // Another may have taken its place: which, the cluster knows.
      onProbe: () => cluster.refreshSlotsCache(),
    });
    this.#servers.set(address, server);
    // Before that the client takes a server that is being connected to for one that is gone.
    if (cluster.status === 'ready') server.connect();
  }
}
