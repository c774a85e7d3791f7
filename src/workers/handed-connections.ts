/**
 * The connections of a worker: its parent accepts them, and hands each over.
 * The server on them is Node's own, which listens on nothing itself.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const SWEEP_MS = 50;

export class HandedConnections {
  readonly #server: Server;
  readonly #onLeft: () => void;
  readonly #open = new Set<Socket>();
  #onEmpty: (() => void) | null = null;

  /** @param onLeft called for each that is over */
  constructor(server: Server, onLeft: () => void) {
    this.#server = server;
    this.#onLeft = onLeft;
    // From this event on, Node looks for connections whose headers are late.
    server.emit('listening');
  }

  /** @param socket undefined where it was over before it came */
  take(socket: Socket | undefined): void {
    if (!socket || socket.destroyed) return this.#onLeft();
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#onLeft();
      if (this.#open.size === 0) this.#onEmpty?.();
    });
    // As the server would have made it: a client may end its side and wait for the answer.
    socket.allowHalfOpen = true;
    this.#server.emit('connection', socket);
  }

  /** Resolves once all are over; those that are idle are closed. */
  async drain(): Promise<void> {
    const sweep = setInterval(() => this.#server.closeIdleConnections(), SWEEP_MS);
    this.#server.closeIdleConnections();
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    clearInterval(sweep);
  }

  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
