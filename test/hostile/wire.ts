/**
 * Both ends of the proxy as bare sockets: an upstream that notes every byte
 * and answers with whatever bytes it is told to, and a client likewise.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Thrown } from './line.ts';
import { type Message, readMessage } from './message.ts';

/** The bytes to write as the answer to a request; `null` writes nothing and hangs up. */
export type Reply = (request: Message, socket: Socket) => string | Buffer | null | undefined;

export class RawUpstream {
  readonly requests: Message[] = [];
  /** The bytes that were not HTTP beyond doubt, or came after a request without being asked for. */
  readonly faults: string[] = [];
  reply: Reply;
  /** Told of a connection when its first bytes have come. */
  onBegun: (socket: Socket) => void = () => {};
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#accept(socket));

  constructor(reply: Reply) {
    this.reply = reply;
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    let pending: Buffer = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.once('data', () => this.onBegun(socket));
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      try {
        for (let read = readMessage(pending, REQUEST); read; read = readMessage(pending, REQUEST)) {
          pending = read.rest;
          this.requests.push(read.message);
          if (pending.length > 0)
            this.faults.push(`after a request came ${JSON.stringify(pending.toString('latin1'))}`);
          const answer = this.reply(read.message, socket);
          if (answer === null) socket.destroy();
          else if (answer !== undefined) socket.write(answer);
        }
      } catch (error) {
        this.faults.push((error as Error).message);
        socket.destroy();
      }
    });
  }
}

const REQUEST = { answers: null, ended: false } as const;

/** A whole answer with this body. */
export function plainAnswer(body: string, head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'): string {
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Bytes as Latin-1 says them. */
export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** All that came back on a connection until it closed. */
export interface Conversation {
  readonly answers: readonly Message[];
  /** True where it closed in the middle of an answer. */
  readonly isCut: boolean;
}

/**
 * Writes these bytes, and reads the answers that come back until the connection closes.
 * @param methods of the requests, in their order, where they are not GET
 * @param afterwards is written once something has come back
 * @throws Error where what came is not HTTP beyond doubt
 */
export async function converse(
  url: string,
  request: string,
  methods: readonly string[] = [],
  afterwards?: string,
): Promise<Conversation> {
  const thrown = new Thrown(url, [bytes(request)]);
  if (afterwards !== undefined) void thrown.answered.then(() => thrown.write(bytes(afterwards)));
  let rest = await thrown.heard;
  const answers: Message[] = [];
  while (rest.length > 0) {
    const read = readMessage(rest, { answers: methods[answers.length] ?? 'GET', ended: true });
    if (!read) return { answers, isCut: true };
    answers.push(read.message);
    rest = read.rest;
  }
  return { answers, isCut: false };
}
