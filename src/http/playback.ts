/**
 * The playback of a recording onto a socket, while it may still arrive.
 *
 * The socket sets the pace: what it does not take stays in the recording,
 * shared with every other reader. An answer ends as its upstream ended it.
 * One that broke off on its way is never ended cleanly: a stream says why in an
 * error event, then its connection breaks; anything else only breaks, and so
 * does a stream within an event.
 */
import type { ServerResponse } from 'node:http';
import type { CacheResult, Outcome } from '../cache/outcome.ts';
import type { Clock } from '../clock.ts';
import { codingOf } from '../coding.ts';
import { type HeaderContext, responseHeaders } from '../headers/response-headers.ts';
import { type Head, headerOf } from '../response/entry.ts';
import { errorsOf } from '../response/endpoints/table.ts';
import { isEventStream } from '../response/validator.ts';
import type { Reader, Player } from '../response/reader.ts';
import type { AnswerFailure } from '../response/writer.ts';

/** A comment in a silent stream, for connections that are cut when nothing passes. */
export interface Heartbeat {
  /** How long a stream is silent before, in ms. */
  readonly ms: number;
  readonly clock: Clock;
}

const NOTHING = Buffer.alloc(0);

/** The length of the longest end of an event, in bytes: pieces may end within it. */
const LAST = 4;

/** The most that is written at a time, in bytes: an encrypted connection copies all of it, however little it sends. */
const PIECE = 64 * 1024;

/**
 * How long, in ms, a client has for what was sent before its connection breaks. Many
 * drop what they have not read yet when it does, and a reset drops what is under way.
 */
const READ_MS = 250;

/**
 * A comment of one line. A blank line after it would make an event of nothing,
 * which openai-python tries to read as JSON once an `id` has come.
 */
const COMMENT = ': refrain is waiting\n';

export class Playback implements Player {
  readonly #reader: Reader;
  readonly #response: ServerResponse;
  readonly #outcome: Outcome;
  readonly #context: HeaderContext;
  readonly #heartbeat: Heartbeat | null;
  /** The socket has enough for now. */
  #blocked = false;
  #playing = false;
  /** True where the client knows how long the answer is. */
  #hasLength = false;
  /** True where an event of ours may stand among those of the answer. */
  #takesEvents = false;
  /** Of what is written, as much as shows whether it ends between two events. */
  #last: Buffer = NOTHING;
  /** The part of what was read last that is not written yet. */
  #rest: Buffer = NOTHING;
  #cancelBeat: (() => void) | null = null;
  #reject: ((error: unknown) => void) | null = null;

  constructor(
    { reader, outcome }: CacheResult,
    response: ServerResponse,
    context: HeaderContext,
    heartbeat: Heartbeat | null,
  ) {
    this.#reader = reader;
    this.#outcome = outcome;
    this.#response = response;
    this.#context = context;
    this.#heartbeat = heartbeat;
  }

  /** @param reject called where the answer failed before anything was sent */
  start(resolve: () => void, reject: (error: unknown) => void): void {
    const leave = () => {
      this.#stop();
      resolve();
    };
    if (this.#response.destroyed) return leave();
    this.#response.on('close', leave);
    this.#reject = reject;
    this.#reader.player = this;
    this.changed();
  }

  changed(): void {
    try {
      this.#play();
    } catch (error) {
      this.#stop();
      this.#reject?.(error);
    }
  }

  #stop(): void {
    this.#cancelBeat?.();
    this.#reader.player = null;
    this.#reader.leave();
  }

  #unblock(): void {
    this.#blocked = false;
    this.#reader.player?.changed();
  }

  #play(): void {
    // Taking a chunk can let the writer append more before it returns; the loop below then finds it.
    if (this.#playing) return;
    const { head, failure } = this.#reader;
    if (!head) {
      if (failure) throw failure.error;
      return;
    }
    if (!this.#response.headersSent) this.#begin(head);
    this.#playing = true;
    this.#write();
    this.#playing = false;
    const { state } = this.#reader;
    if (state === 'streaming' && this.#heartbeat && !this.#hasLength && this.#takesEvents) {
      this.#awaitBeat(this.#heartbeat);
    }
    if (this.#blocked || state === 'streaming') return;
    if (state === 'complete') this.#response.writableEnded || this.#response.end();
    else this.#breakOff(this.#reader.failure as AnswerFailure);
    this.#stop();
  }

  #begin(head: Head): void {
    const { length, state } = this.#reader;
    const headers = responseHeaders(head, length, this.#outcome, this.#context);
    this.#response.writeHead(head.status, head.statusText, headers);
    // Not flushHeaders(): it would send bytes above 0x7f in UTF-8, and a head is Latin-1.
    if (state !== 'complete') this.#response.write(NOTHING);
    this.#hasLength = length !== null;
    this.#takesEvents = isEventStream(head) && codingOf(headerOf(head.headers, 'content-encoding')) === null;
  }

  /** After each silence, between two events alone. */
  #awaitBeat(heartbeat: Heartbeat): void {
    this.#cancelBeat?.();
    this.#cancelBeat = heartbeat.clock.after(heartbeat.ms, () => {
      if (!this.#blocked && endsEvent(this.#last)) this.#response.write(COMMENT);
      this.#awaitBeat(heartbeat);
    });
  }

  #write(): void {
    while (!this.#blocked) {
      const chunk = this.#rest.length > 0 ? this.#rest : this.#reader.read();
      if (!chunk) return;
      const piece = chunk.length > PIECE ? chunk.subarray(0, PIECE) : chunk;
      this.#rest = chunk.subarray(piece.length);
      // The last piece and the end in one write: many answers are one piece.
      if (this.#rest.length === 0 && this.#reader.isAtEnd) return void this.#response.end(piece);
      this.#last = piece.length < LAST ? Buffer.concat([this.#last, piece]).subarray(-LAST) : piece;
      this.#blocked = !this.#response.write(piece);
      if (this.#blocked) this.#response.once('drain', () => this.#unblock());
    }
  }

  #breakOff({ error, alreadySent }: AnswerFailure): void {
    const cut = () => {
      const { socket } = this.#response;
      // A client that takes the end of the connection for the end of the answer must see a reset.
      if (this.#hasLength || this.#response.chunkedEncoding) socket?.destroySoon();
      else socket?.resetAndDestroy();
    };
    const cutOnceRead = () => {
      const timer = setTimeout(cut, READ_MS).unref();
      this.#response.once('close', () => clearTimeout(timer));
    };
    // Nothing may follow what fills the declared length, or half an event: clients would take that for a whole one.
    if (this.#hasLength) this.#response.write('', cut);
    else if (alreadySent || !this.#takesEvents || !endsEvent(this.#last)) this.#response.write('', cutOnceRead);
    else this.#response.write(errorsOf(this.#context.endpoint).event(error), cutOnceRead);
  }
}

/** Tests whether what was sent so far ends between two events. */
function endsEvent(last: Buffer): boolean {
  return last.length === 0 || /(\n\n|\r\r|\r\n\r\n)$/.test(last.subarray(-LAST).toString('latin1'));
}
