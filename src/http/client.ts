/**
 * The client of a response.
 */
import type { ServerResponse } from 'node:http';
import type { Client } from '../cache/question.ts';

export class ResponseClient implements Client {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onceGone(act: () => void): () => void {
    if (this.#response.destroyed) act();
    this.#response.on('close', act);
    return () => this.#response.off('close', act);
  }
}
