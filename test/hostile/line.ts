/**
 * A client's connections: one that is kept and asks one thing after another,
 * and one that throws bytes and leaves.
 */
import { connect, type Socket } from 'node:net';
import { type Message, readMessage, statusOf, valuesOf } from './message.ts';

/** The reply to one request. */
export interface Heard {
  /** Null where the connection closed before an answer was whole. */
  readonly answer: Message | null;
  readonly received: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Resolves in the next turn of the event loop, so that what was written leaves on its own. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Line {
  readonly #port: number;
  #socket: Socket | null = null;
  #received: Buffer = NOTHING;
  #onChange = (_closed: boolean) => {};

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  /**
   * Asks, and reads one answer; opens a connection where none is.
   * @throws Error where the answer is not HTTP beyond doubt, or more comes than one answer
   */
  async ask(pieces: readonly Buffer[], method: string): Promise<Heard> {
    const socket = (this.#socket ??= this.#connect());
    this.#received = NOTHING;
    const heard = this.#hear(method);
    // An answer may come before all is sent.
    await write(socket, pieces);
    return heard;
  }

  #hear(method: string): Promise<Heard> {
    return new Promise((resolve, reject) => {
      this.#onChange = (closed) => {
        try {
          const answer = this.#read(method, closed);
          if (answer || closed) resolve({ answer, received: this.#received });
        } catch (error) {
          this.hangUp();
          reject(error);
        }
      };
    });
  }

  hangUp(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #connect(): Socket {
    const socket = connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true).on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#onChange(false);
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#onChange(true);
    });
    return socket;
  }

  #read(method: string, ended: boolean): Message | null {
    let bytes = this.#received;
    for (;;) {
      const read = readMessage(bytes, { answers: method, ended });
      if (!read) return null;
      bytes = read.rest;
      if (statusOf(read.message) < 200) continue;
      if (bytes.length > 0)
        throw new Error(`after its answer came ${JSON.stringify(bytes.toString('latin1', 0, 200))}`);
      if (valuesOf(read.message, 'connection').includes('close')) this.hangUp();
      return read.message;
    }
  }
}

/** Throws bytes at a listener on a connection of its own, and hears what comes until the connection closes. */
export class Thrown {
  readonly heard: Promise<Buffer>;
  /** Resolves when something has come back, or nothing will. */
  readonly answered: Promise<unknown>;
  readonly connected: Promise<unknown>;
  readonly #socket: Socket;

  constructor(url: string, pieces: readonly Buffer[]) {
    const chunks: Buffer[] = [];
    const socket = (this.#socket = connect(Number(new URL(url).port), '127.0.0.1'));
    socket
      .setNoDelay(true)
      .on('error', () => {})
      .on('data', (chunk: Buffer) => chunks.push(chunk));
    this.heard = new Promise((resolve) => socket.on('close', () => resolve(Buffer.concat(chunks))));
    this.answered = Promise.race([this.heard, new Promise((resolve) => socket.once('data', resolve))]);
    this.connected = Promise.race([this.heard, new Promise((resolve) => socket.once('connect', resolve))]);
    void write(socket, pieces);
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Says that nothing more will come. */
  end(): void {
    this.#socket.end();
  }

  hangUp(): void {
    this.#socket.resetAndDestroy();
  }
}

async function write(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await turn();
    if (socket.writable) socket.write(piece);
  }
}
