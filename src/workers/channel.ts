/**
 * The channel between the parent and one worker: each calls methods of the
 * other's services, in the order asked, over a pair of sockets that the worker is
 * born with. It ends with either process, which the other learns at once.
 */
import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import type { Methods } from '../thread/thread.ts';
import { FrameReader, LENGTH_BYTES } from './frames.ts';

/** The calls that one side lets the other make, by names. */
export type Services = Readonly<Record<string, Methods>>;

/** How long a message waits that nobody waits for. */
const LATE_MS = 2;

type AnswerOf<M extends Methods, N extends keyof M> = Awaited<ReturnType<M[N]>>;

/** A call has an id where its answer is wanted; else 0. */
type ChannelCall = readonly [id: number, service: string, method: string, parameters: readonly unknown[]];
type ChannelReply = readonly [id: number, answer: unknown];

export interface ChannelOptions {
  readonly socket: Duplex;
  /** Called by the other side. What they return, or resolve with, is the answer. */
  readonly services: Services;
  /** A method of ours threw or rejected, which none should, or a message cannot cross; the answer is undefined. */
  readonly onFault: (method: string, error: unknown) => void;
  readonly onClose: () => void;
}

export class Channel<Theirs extends Services> {
  readonly #options: ChannelOptions;
  readonly #due = new Map<number, (answer: never) => void>();
  readonly #reader = new FrameReader();
  #lastId = 0;
  #isOpen = true;
  #isFlushDue = false;
  #lateFlush: NodeJS.Timeout | null = null;

  constructor(options: ChannelOptions) {
    const { socket } = (this.#options = options);
    socket.on('data', (piece: Buffer) => {
      for (const frame of this.#reader.push(piece)) this.#take(deserialize(frame));
    });
    // A process that dies breaks it off; that it is over is all there is to know.
    socket.on('error', () => {});
    socket.once('end', () => socket.destroy());
    socket.once('close', () => this.#over());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The bytes that the other side has not taken yet. */
  get backlog(): number {
    return this.#options.socket.writableLength;
  }

  /** Resolves with the answer; undefined where there is none, and there will be none. Never rejects. */
  ask<S extends keyof Theirs & string, N extends keyof Theirs[S] & string>(
    service: S,
    method: N,
    ...parameters: Parameters<Theirs[S][N]>
  ): Promise<AnswerOf<Theirs[S], N> | undefined> {
    const id = (this.#lastId += 1);
    const { promise, resolve } = Promise.withResolvers<AnswerOf<Theirs[S], N> | undefined>();
    if (this.#send([id, service, method, parameters])) this.#due.set(id, resolve);
    else resolve(undefined);
    return promise;
  }

  /** Calls and wants no answer. */
  tell<S extends keyof Theirs & string, N extends keyof Theirs[S] & string>(
    service: S,
    method: N,
    ...parameters: Parameters<Theirs[S][N]>
  ): void {
    this.#send([0, service, method, parameters]);
  }

  /** The same of what nobody waits for: it goes with what is sent next, or some ms later. */
  tellLater<S extends keyof Theirs & string, N extends keyof Theirs[S] & string>(
    service: S,
    method: N,
    ...parameters: Parameters<Theirs[S][N]>
  ): void {
    this.#send([0, service, method, parameters], true);
  }

  /** Resolves once all that was sent so far is on its way, or the channel has ended. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#isOpen) return resolve();
      this.#options.socket.write('', () => resolve());
      this.#flush();
    });
  }

  /** Ends once all that was sent is on its way. */
  close(): void {
    this.#flush();
    this.#options.socket.end();
  }

  /** @returns whether it is on its way: not where the channel has ended, or the message holds what cannot cross */
  #send(message: ChannelCall | ChannelReply, isLate = false): boolean {
    const { socket, onFault } = this.#options;
    if (!this.#isOpen) return false;
    let payload: Buffer;
    try {
      payload = serialize(message);
    } catch (error) {
      onFault(message.length === 4 ? `${message[1]}.${message[2]}` : 'answer', error);
      return false;
    }
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32LE(payload.length);
    if (!this.#isFlushDue && this.#lateFlush === null) socket.cork();
    socket.write(length);
    socket.write(payload);
    if (isLate) this.#lateFlush ??= setTimeout(() => this.#flush(), LATE_MS);
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      setImmediate(() => this.#flush());
    }
    return true;
  }

  /** Writes all at once: a write costs more than most messages do. */
  #flush(): void {
    if (!this.#isFlushDue && this.#lateFlush === null) return;
    if (this.#lateFlush !== null) clearTimeout(this.#lateFlush);
    this.#lateFlush = null;
    this.#isFlushDue = false;
    this.#options.socket.uncork();
  }

  #take(message: ChannelCall | ChannelReply): void {
    if (message.length === 4) return void this.#answer(message);
    const [id, answer] = message;
    this.#due.get(id)?.(answer as never);
    this.#due.delete(id);
  }

  async #answer([id, service, method, parameters]: ChannelCall): Promise<void> {
    let answer: unknown;
    try {
      answer = this.#options.services[service]?.[method]?.(...parameters);
      if (answer instanceof Promise) answer = await answer;
    } catch (error) {
      answer = undefined;
      this.#options.onFault(`${service}.${method}`, error);
    }
    if (id !== 0 && !this.#send([id, answer])) this.#send([id, undefined]);
  }

  #over(): void {
    this.#isOpen = false;
    for (const resolve of this.#due.values()) resolve(undefined as never);
    this.#due.clear();
    this.#options.onClose();
  }
}
