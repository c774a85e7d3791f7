/**
 * The upstream of the fuzz: says to each case what its number tells, and notes
 * what it was sent that is not HTTP beyond doubt, or of two cases at once.
 */
import type { Socket } from 'node:net';
import { chatAnswer, chatRequest } from '../harness/answers.ts';
import { Random } from '../request/random.ts';
import { turn } from './line.ts';
import { marksIn } from './marks.ts';
import { type Message, valuesOf } from './message.ts';
import { makeReply, PLAIN, type Reply } from './replies.ts';
import { plainAnswer, RawUpstream } from './wire.ts';

export class FuzzUpstream {
  readonly #raw = new RawUpstream((request, socket) => this.#reply(request, socket));
  readonly #seed: number;
  readonly #replies = new Map<number, Reply>();
  /** Connections that end with the reply they carry; what still comes on them is not answered. */
  readonly #ending = new WeakSet<Socket>();
  #called = Promise.withResolvers<void>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  async start(): Promise<this> {
    await this.#raw.start();
    return this;
  }

  stop(): Promise<void> {
    return this.#raw.stop();
  }

  get url(): string {
    return this.#raw.url;
  }

  get faults(): readonly string[] {
    return this.#raw.faults;
  }

  /** Resolves with the next call. */
  get called(): Promise<void> {
    return this.#called.promise;
  }

  /** The answer that the asker of this case must get; null for a reply that was not sound, undefined for none. */
  soundOf(id: number): Reply['sound'] | undefined {
    return this.#replies.get(id)?.sound;
  }

  /** The reply to a case, for people. */
  told(id: number): string {
    const reply = this.#replies.get(id);
    return reply
      ? `${reply.end} ${JSON.stringify(Buffer.concat(reply.pieces).toString('latin1').slice(0, 4_000))}`
      : 'none';
  }

  forget(id: number): void {
    this.#replies.delete(id);
  }

  #reply(request: Message, socket: Socket): undefined {
    this.#raw.requests.length = 0;
    this.#called.resolve();
    this.#called = Promise.withResolvers();
    const said = Buffer.concat([Buffer.from(request.start + request.fields.join()), request.body]);
    const [id, other] = marksIn(said);
    if (other !== undefined) this.#raw.faults.push(`tells of case ${id} and of case ${other}`);
    if (this.#ending.has(socket)) return;
    const reply = this.#replyTo(id, request);
    if (reply.end !== 'keep') this.#ending.add(socket);
    void write(socket, reply);
  }

  #replyTo(id: number | undefined, request: Message): Reply {
    const [health] = valuesOf(request, 'x-health');
    if (health !== undefined) return { ...PLAIN, pieces: [Buffer.from(plainAnswer(answerOf(health)))] };
    if (id === undefined) return PLAIN;
    const [method, target = ''] = request.start.split(' ');
    const path = target.split('?')[0] as string;
    const made = makeReply(
      id,
      path,
      /"stream": ?true/.test(request.body.toString('latin1')),
      new Random(Math.imul(id * 4 + 3, 0x9e3779b1) ^ this.#seed),
    );
    // A body in the answer to HEAD is no part of it, and spoils the connection.
    const reply: Reply = method === 'HEAD' ? { ...made, end: 'close', sound: null } : made;
    this.#replies.set(id, reply);
    return reply;
  }
}

/** A request that nothing is wrong with, and the answer that it must get. */
export function healthy(id: number): { readonly bytes: Buffer; readonly text: string } {
  const body = JSON.stringify(chatRequest('Are you well?'));
  const bytes = Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-health: ${id}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  return { bytes, text: answerOf(String(id)) };
}

function answerOf(health: string): string {
  return chatAnswer(`I am well, ${health}.`);
}

async function write(socket: Socket, { pieces, end }: Reply): Promise<void> {
  for (const piece of pieces) {
    if (!socket.writable) return;
    socket.write(piece);
    await turn();
  }
  if (end === 'close') socket.end();
  if (end === 'reset') socket.resetAndDestroy();
}
