/**
 * A scripted upstream: a real server on loopback that records every call and
 * answers as the script of the moment says.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Barrier } from './barrier.ts';

export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly response: ServerResponse;
  /** Resolves when the connection of this call is gone or its answer is over. */
  readonly closed: Promise<unknown>;
}

export type Script = (call: Call) => unknown;

export class ScriptedUpstream {
  readonly calls: Call[] = [];
  script: Script;
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  readonly #barrier = new Barrier();

  constructor(script: Script) {
    this.script = script;
  }

  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits until `count` calls have come in. */
  async called(count: number): Promise<Call> {
    await this.#barrier.until(() => this.calls.length >= count);
    return this.calls[count - 1] as Call;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = once(response, 'close');
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url = '', headers, rawHeaders } = request;
    const call: Call = { method, url, headers, rawHeaders, body: Buffer.concat(chunks), response, closed };
    this.calls.push(call);
    this.#barrier.changed();
    await this.script(call);
  }
}

export function startUpstream(script: Script): Promise<ScriptedUpstream> {
  return new ScriptedUpstream(script).start();
}
