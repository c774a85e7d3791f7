/**
 * The API's listener in the parent: it accepts, and the workers answer. So a port
 * is had or refused as with one process, connections are shared evenly, and none
 * is lost in the queue of a worker that dies.
 */
import { EventEmitter } from 'node:events';
import { createServer, type ListenOptions } from 'node:net';
import type { Listener } from '../http/listeners.ts';
import type { Pool } from './pool.ts';

export class ApiGate extends EventEmitter implements Listener {
  readonly #pool: Pool;
  readonly #server = createServer({ pauseOnConnect: true, noDelay: true });

  constructor(pool: Pool) {
    super();
    this.#pool = pool;
    this.#server.on('connection', (socket) => {
      // It may break while it waits for a worker.
      socket.on('error', () => {});
      pool.take(socket);
    });
    for (const event of ['listening', 'error']) this.#server.on(event, (error) => this.emit(event, error));
  }

  get listening(): boolean {
    return this.#server.listening;
  }

  listen(options: ListenOptions): void {
    this.#server.listen(options);
  }

  address(): ReturnType<Listener['address']> {
    return this.#server.address();
  }

  /** Accepts no more, and is closed once the workers have ended. */
  close(): void {
    this.#server.close();
    void this.#pool.drain().then(() => this.emit('close'));
  }

  /** The workers see to those. */
  closeIdleConnections(): void {}

  closeAllConnections(): void {
    this.#pool.cut();
  }
}
