/**
 * A raw client: one request on a connection of its own, its answer byte for
 * byte, and whether it ended cleanly.
 */
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { Barrier } from './barrier.ts';

export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer | object;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  /** True when the connection broke before the answer was over. */
  readonly broken: boolean;
}

/** An answer that is still arriving. */
export class LiveAnswer {
  readonly message: IncomingMessage;
  readonly ended: Promise<Answer>;
  #received = Buffer.alloc(0);
  readonly #barrier = new Barrier();
  readonly #hangUp: () => void;

  constructor(message: IncomingMessage, hangUp: () => void) {
    this.message = message;
    this.#hangUp = hangUp;
    message.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#barrier.changed();
    });
    message.on('error', () => {});
    this.ended = new Promise((resolve) => message.on('close', () => resolve(this.#answer())));
  }

  get received(): Buffer {
    return this.#received;
  }

  /** Waits until at least this many bytes of the body are here. */
  async receives(bytes: number): Promise<void> {
    await this.#barrier.until(() => this.#received.length >= bytes);
  }

  hangUp(): void {
    this.#hangUp();
  }

  #answer(): Answer {
    const { statusCode = 0, headers, rawHeaders, complete } = this.message;
    const body = this.#received;
    return { status: statusCode, headers, rawHeaders, body, text: body.toString(), broken: !complete };
  }
}

/** Asks and resolves as soon as the answer's head is here. */
export function begin(url: string, asking: Asking = {}): Promise<LiveAnswer> & { hangUp: () => void } {
  const { body, headers = {} } = asking;
  const bytes = body === undefined || Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
  const method = asking.method ?? (body === undefined ? 'GET' : 'POST');
  const agent = new Agent({ keepAlive: false });
  const outgoing = request(url, {
    method,
    agent,
    headers: { ...(bytes === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  });
  const hangUp = () => outgoing.destroy();
  const live = new Promise<LiveAnswer>((resolve, reject) => {
    outgoing.on('response', (message) => resolve(new LiveAnswer(message, hangUp)));
    outgoing.on('error', reject);
  });
  outgoing.end(bytes);
  return Object.assign(live, { hangUp });
}

/** Asks and resolves when the answer is over. */
export async function ask(url: string, asking: Asking = {}): Promise<Answer> {
  return (await begin(url, asking)).ended;
}
