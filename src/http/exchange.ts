/**
 * A request on a socket and its response, as the core sees them: a body that
 * nobody has read yet, and a client that may leave.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from '../cache/question.ts';
import type { BodySource } from '../proxy/incoming-request.ts';
import type { PassingBody } from '../proxy/passing-body.ts';
import type { WholeBody } from '../request/whole-body.ts';
import type { Bodies } from './bodies.ts';

export class Exchange implements BodySource, Client {
  readonly length: number | null;
  readonly #bodies: Bodies;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(bodies: Bodies, request: IncomingMessage, response: ServerResponse) {
    const { 'content-length': length = 0, 'transfer-encoding': coding } = request.headers;
    this.length = coding === undefined ? Number(length) : null;
    this.#bodies = bodies;
    this.#request = request;
    this.#response = response;
  }

  read(): Promise<WholeBody | PassingBody> {
    return this.#bodies.read(this.#request, this.length);
  }

  pass(): PassingBody {
    return this.#bodies.pass(this.#request, this.length);
  }

  onceGone(act: () => void): () => void {
    if (this.#response.destroyed) act();
    this.#response.on('close', act);
    return () => this.#response.off('close', act);
  }
}
