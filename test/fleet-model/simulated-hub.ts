/**
 * A hub in memory, as nodes reach it over a network that a test makes slow or
 * lossy: leases, messages, logs and boards, in virtual time.
 */
import type { Clock } from '../../src/clock.ts';
import type {
  Board,
  Claim,
  Claimed,
  Hub,
  HubState,
  Lease,
  LogRecord,
  LogSlice,
  SharedLog,
} from '../../src/fleet/hub.ts';

/** The ways between nodes and the hub. */
export interface Network {
  /** In ms. */
  delay(): number;
  /** Tests whether what `node` sends, or is sent, is lost. */
  isLost(node: string, way: 'there' | 'back'): boolean;
}

export const PERFECT: Network = { delay: () => 0, isLost: () => false };

/** The time that a call has, and how often in a row it may pass until the hub is taken for out of reach. */
const CALL_MS = 50;
const TIMEOUTS = 3;
const PROBE_MS = 1_000;

interface HeldLease {
  readonly node: string;
  readonly token: string;
  readonly until: number;
}

/** The hub itself, behind the network. */
export class HubServer {
  readonly clock: Clock;
  readonly network: Network;
  readonly leases = new Map<string, HeldLease>();
  readonly logs = new Map<string, LogServer>();
  readonly boards = new Map<string, Map<string, string>>();
  readonly nodes = new Map<string, SimulatedHub>();
  /** `storedAt` of what is stored under a key. */
  storedAt: (key: string) => number | undefined = () => undefined;
  /** False where it answers nobody. */
  isUp = true;

  constructor(clock: Clock, network: Network = PERFECT) {
    this.clock = clock;
    this.network = network;
  }

  /** A node's way to it. */
  connect(node: string, clock: Clock = this.clock): SimulatedHub {
    const hub = new SimulatedHub(this, node, clock);
    this.nodes.set(node, hub);
    return hub;
  }

  holder(key: string): HeldLease | undefined {
    const held = this.leases.get(key);
    return held && held.until > this.clock.now() ? held : undefined;
  }

  claim(node: string, { key, token, ms, seen, takesOver }: Claim): Claimed {
    const held = this.holder(key);
    const storedAt = this.storedAt(key);
    if (takesOver !== true) {
      if (storedAt !== undefined && storedAt !== seen) return { kind: 'stored', storedAt };
      if (held && held.token !== takesOver) return { kind: 'held', node: held.node, token: held.token };
    }
    this.leases.set(key, { node, token, until: this.clock.now() + ms });
    return { kind: 'granted' };
  }

  renew({ key, token }: Lease, ms: number): boolean {
    const held = this.holder(key);
    if (held?.token !== token) return false;
    this.leases.set(key, { ...held, until: this.clock.now() + ms });
    return true;
  }

  release({ key, token }: Lease): boolean {
    return this.holder(key)?.token === token && this.leases.delete(key);
  }

  log(name: string): LogServer {
    let log = this.logs.get(name);
    if (!log) this.logs.set(name, (log = new LogServer()));
    return log;
  }

  board(name: string): Map<string, string> {
    let board = this.boards.get(name);
    if (!board) this.boards.set(name, (board = new Map()));
    return board;
  }
}

/** A log as the hub keeps it. */
export class LogServer {
  incarnation = 'log-1';
  records: LogRecord[] = [];
  /** How many records it holds. */
  most = Infinity;
  last = 0;
  #incarnations = 1;

  append(text: string): number {
    this.records.push({ id: ++this.last, text });
    if (this.records.length > this.most) this.records.shift();
    return this.last;
  }

  read(after: number, limit: number): LogSlice {
    const records = this.records.filter(({ id }) => id > after).slice(0, limit);
    const first = this.records[0]?.id ?? this.last + 1;
    return { incarnation: this.incarnation, first, last: this.last, records };
  }

  /** All of it is lost. */
  lose(): void {
    this.incarnation = `log-${++this.#incarnations}`;
    this.records = [];
    this.last = 0;
  }

  /** The newest records are lost, as where a replica takes over that lagged behind. */
  loseTail(count: number): void {
    const lost = Math.min(count, this.records.length);
    this.records.splice(this.records.length - lost);
    this.last -= lost;
  }
}

/** One node's way to the hub. */
export class SimulatedHub implements Hub {
  readonly node: string;
  state: HubState = 'up';
  /** True once its process is gone: nothing is sent or heard any more. */
  isDead = false;
  readonly #server: HubServer;
  readonly #clock: Clock;
  readonly #onState: ((state: HubState) => void)[] = [];
  readonly #onNews = new Map<string, (() => void)[]>();
  #listener: (message: Buffer) => void = () => {};
  #timeouts = 0;
  /** Before this nothing sent now arrives: what is sent first arrives first. */
  #there = 0;
  #back = 0;

  constructor(server: HubServer, node: string, clock: Clock) {
    this.#server = server;
    this.node = node;
    this.#clock = clock;
  }

  onState(listener: (state: HubState) => void): void {
    this.#onState.push(listener);
  }

  claim(claim: Claim): Promise<Claimed | null> {
    return this.ask((server) => server.claim(this.node, claim));
  }

  renew(leases: readonly Lease[], ms: number): Promise<readonly boolean[] | null> {
    return this.ask((server) => leases.map((lease) => server.renew(lease, ms)));
  }

  release(lease: Lease): Promise<boolean | null> {
    return this.ask((server) => server.release(lease));
  }

  send(node: string, message: Uint8Array): Promise<boolean | null> {
    const copy = Buffer.from(message);
    return this.ask((server) => server.nodes.get(node)?.deliver(copy) ?? false);
  }

  listen(listener: (message: Buffer) => void): void {
    this.#listener = listener;
  }

  log(name: Parameters<Hub['log']>[0]): SharedLog {
    const of = (server: HubServer) => server.log(name);
    return {
      append: (text) =>
        this.ask((server) => {
          const id = of(server).append(text);
          for (const node of server.nodes.values()) node.hearNews(name);
          return id;
        }),
      read: (after, limit) => this.ask((server) => of(server).read(after, limit)),
      onNews: (listener) => void this.#onNews.set(name, [...(this.#onNews.get(name) ?? []), listener]),
    };
  }

  board(name: Parameters<Hub['board']>[0]): Board {
    const of = (server: HubServer) => server.board(name);
    return {
      put: (key, text) => this.ask((server) => of(server).set(key, text) !== undefined),
      agree: (key, text) =>
        this.ask((server) => {
          const board = of(server);
          if (!board.has(key)) board.set(key, text);
          return board.get(key) as string;
        }),
      remove: (keys) => this.ask((server) => keys.forEach((key) => of(server).delete(key)) === undefined),
      all: () => this.ask((server) => new Map(of(server))),
    };
  }

  async close(): Promise<void> {
    this.state = 'down';
    this.die();
  }

  /** Its process is gone. */
  die(): void {
    this.isDead = true;
    this.#server.nodes.delete(this.node);
  }

  /** Takes a message to this node, later. @returns whether the node is there */
  deliver(message: Buffer): boolean {
    if (this.isDead) return false;
    const { network } = this.#server;
    // As with a subscription: the hub has sent it, whatever becomes of that.
    if (!network.isLost(this.node, 'back')) this.#comeBack(() => this.#listener(message));
    return true;
  }

  hearNews(log: string): void {
    if (this.#server.network.isLost(this.node, 'back')) return;
    this.#comeBack(() => this.#onNews.get(log)?.forEach((listener) => listener()));
  }

  /** Has the hub do something. Null where it cannot be asked, or does not answer in time. */
  ask<T>(act: (server: HubServer) => T): Promise<T | null> {
    if (this.state === 'down') return Promise.resolve(null);
    return new Promise((resolve) => {
      let isOver = false;
      const settle = (value: T | null) => {
        if (isOver || this.isDead) return;
        isOver = true;
        cancel();
        if (value !== null) this.#timeouts = 0;
        else if (++this.#timeouts >= TIMEOUTS) this.#lose();
        resolve(value);
      };
      const cancel = this.#clock.after(CALL_MS, () => settle(null));
      this.#goThere((server) => {
        const value = act(server);
        if (!server.network.isLost(this.node, 'back')) this.#comeBack(() => settle(value));
      });
    });
  }

  /** Has something done at the hub, where it arrives. */
  post(act: (server: HubServer) => void): void {
    if (this.state === 'up') this.#goThere(act);
  }

  #goThere(act: (server: HubServer) => void): void {
    const { clock, network } = this.#server;
    if (this.isDead || network.isLost(this.node, 'there')) return;
    this.#there = Math.max(this.#there, clock.now() + network.delay());
    clock.after(this.#there - clock.now(), () => this.#server.isUp && act(this.#server));
  }

  #comeBack(act: () => void): void {
    const { clock, network } = this.#server;
    this.#back = Math.max(this.#back, clock.now() + network.delay());
    clock.after(this.#back - clock.now(), () => this.isDead || act());
  }

  #lose(): void {
    if (this.state === 'down') return;
    this.#change('down');
    this.#probe();
  }

  /** Asks once a second whether the hub is there again. */
  #probe(): void {
    if (this.isDead || this.state === 'up') return;
    this.#goThere(({ network }) => {
      if (!network.isLost(this.node, 'back')) this.#comeBack(() => this.state === 'down' && this.#change('up'));
    });
    this.#clock.after(PROBE_MS, () => this.#probe());
  }

  #change(state: HubState): void {
    this.state = state;
    this.#timeouts = 0;
    for (const listener of this.#onState) listener(state);
  }
}
