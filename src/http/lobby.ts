/**
 * Where requests wait that come before the proxy is ready: its ports are had
 * before its files are.
 */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { OwnPaths } from './own-paths.ts';

export class Lobby {
  readonly #server: EventEmitter;
  readonly #waiting: (readonly [IncomingMessage, ServerResponse])[] = [];
  readonly #wait: RequestListener;

  /** @param ownPaths are answered at once */
  constructor(server: EventEmitter, ownPaths: OwnPaths | null = null) {
    this.#server = server;
    this.#wait = (request, response) => {
      if (!ownPaths?.(request, response)) this.#waiting.push([request, response]);
    };
    // We drop `Expect`: what it asks of us is for the upstream to judge.
    for (const event of ['request', 'checkExpectation']) server.on(event, this.#wait);
  }

  /** From here on `handle` is all that a request meets. */
  open(handle: RequestListener): void {
    for (const event of ['request', 'checkExpectation']) this.#server.off(event, this.#wait).on(event, handle);
    for (const [request, response] of this.#waiting.splice(0)) if (!response.closed) handle(request, response);
  }
}
