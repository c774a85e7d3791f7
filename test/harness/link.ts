/**
 * The network between a node and a server: a relay of TCP that can be cut, stopped as a partition stops it, or led
 * elsewhere.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Link {
  /** The port of loopback that is relayed to. */
  target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #lost = new Set<Socket>();
  #isPartitioned = false;
  /** Bytes that came from the node. */
  sent = 0;
  /** How often the node spoke after it was spoken to: round trips, where it does one thing at a time. */
  turns = 0;
  #isAnswered = true;

  constructor(target: number) {
    this.target = target;
    this.#server = createServer((near) => this.#relay(near));
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing passes in either direction, and nobody is told so; what was sent meanwhile arrives once it is healed. */
  partition(): void {
    this.#isPartitioned = true;
    for (const socket of this.#sockets) socket.pause();
  }

  heal(): void {
    this.#isPartitioned = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Connections lead nowhere from here on, and nobody is told so; whoever connects again gets through. */
  lose(): void {
    for (const socket of this.#sockets) {
      socket.pause();
      this.#lost.add(socket);
    }
    this.#sockets.clear();
  }

  /** Resets what is connected; whoever connects again is led to the target of then. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.reset();
    for (const socket of this.#lost) socket.resetAndDestroy();
    await closed;
  }

  #relay(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    near.on('data', (bytes: Buffer) => {
      this.sent += bytes.length;
      if (this.#isAnswered) this.turns++;
      this.#isAnswered = false;
    });
    far.on('data', () => (this.#isAnswered = true));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes: Buffer) => void to.write(bytes));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#isPartitioned) from.pause();
    }
  }
}

export function startLink(target: number): Promise<Link> {
  return new Link(target).start();
}
