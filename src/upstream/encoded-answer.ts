/**
 * One answer in a coding, on its way through its decoder. What is not in the
 * coding that it is said to be in is passed on as it came.
 *
 * The head waits for what the decoder says of the first bytes. If none come with
 * it, it is passed on at once, as of a decoded answer; that of an error waits
 * however long it takes, for errors may be said to be encoded and be empty.
 *
 * Some servers never end their coding, and end their message all the same. What
 * they said is all here then, unless a stream stops in the middle of a code.
 */
import type { Transform } from 'node:stream';
import { upstreamCut } from '../errors.ts';
import { type Head, selectHeaders } from '../response/entry.ts';
import { isEventStream } from '../response/validator.ts';
import type { AnswerFailure, Framing, Source, Writer } from '../response/writer.ts';

export interface Encoded {
  readonly head: Head;
  readonly framing: Framing;
  readonly createDecoder: (first: Buffer) => Transform;
  readonly writer: Writer;
  readonly upstream: { readonly source: Source | null };
}

/** The last bytes of deflate that was flushed, in whatever frame (RFC 1951, 3.2.4). */
const FLUSHED = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** A copy, so as not to hold what it was read into. */
function tailOf(before: Buffer, chunk: Buffer): Buffer {
  const last = chunk.subarray(-FLUSHED.length);
  return Buffer.concat(last.length < FLUSHED.length ? [before, last] : [last]).subarray(-FLUSHED.length);
}

/**
 *   undecided  the head is held, and the bytes as they came
 *   decoded    the head has been passed on without its coding
 *   raw        head and bytes are passed on as they came
 *   over       its end has been reported; what still comes is dropped
 */
export class EncodedAnswer {
  readonly #encoded: Encoded;
  #state: 'undecided' | 'decoded' | 'raw' | 'over' = 'undecided';
  #decoder: Transform | null = null;
  /** The bytes as they came, for as long as nothing has come of them. */
  #raw: Buffer[] | null = [];
  /** The last bytes as they came, as many as a flush ends with. */
  #tail: Buffer = Buffer.alloc(0);
  #isDecoded = false;
  #isFinished = false;
  #failure: AnswerFailure | null = null;

  constructor(encoded: Encoded) {
    this.#encoded = encoded;
    if (this.#mayBeginAlone) setImmediate(() => this.#decoder ?? this.#decode());
  }

  get #mayBeginAlone(): boolean {
    return this.#encoded.head.status === 200;
  }

  /** @returns whether what is wanted is still here */
  resume(): boolean {
    this.#decoder?.resume();
    return this.#decoder !== null;
  }

  append(chunk: Buffer): boolean {
    if (this.#state === 'raw') return this.#encoded.writer.append(chunk);
    if (this.#state === 'over' || this.#isDecoded) return true;
    this.#raw?.push(chunk);
    this.#tail = tailOf(this.#tail, chunk);
    this.#decoder ??= this.#start(chunk);
    return this.#decoder.write(chunk, (error) => {
      if (!error && this.#mayBeginAlone && !this.#isFinished) this.#decode();
    });
  }

  finish(): void {
    this.#isFinished = true;
    if (this.#state === 'over') return;
    if (this.#isDecoded) this.#finishDecoded();
    else if (this.#state === 'raw') this.#encoded.writer.finish();
    else if (this.#decoder) this.#drain(this.#decoder);
    else this.#passOn();
  }

  /** The bytes that the decoder still holds go first. */
  fail(failure: AnswerFailure): void {
    if (this.#state === 'over') return;
    this.#failure = failure;
    if (this.#state === 'raw' || this.#decoder === null) return this.#break();
    this.#drain(this.#decoder);
  }

  /** Has a decoder give all that it can: its errors, that of an end which is missing too, drop what nobody has read. */
  #drain(decoder: Transform): void {
    (decoder as Transform & { flush(done: () => void): void }).flush(() => this.#endOnceEmpty());
  }

  #start(first: Buffer): Transform {
    const { createDecoder, writer, upstream } = this.#encoded;
    const decoder = createDecoder(first);
    decoder.on('data', (chunk: Buffer) => {
      this.#decode();
      this.#raw = null;
      if (!writer.append(chunk)) decoder.pause();
      this.#endOnceEmpty();
    });
    decoder.on('drain', () => upstream.source?.resume());
    decoder.on('end', () => this.#decoded());
    decoder.on('error', (cause) => this.#refused(cause));
    return decoder;
  }

  /** Passes on the head of an answer that is decoded. */
  #decode(): void {
    if (this.#state !== 'undecided') return;
    this.#state = 'decoded';
    const { head, framing, writer } = this.#encoded;
    const headers = selectHeaders(head.headers, (name) => name !== 'content-encoding' && name !== 'content-length');
    writer.begin({ ...head, headers }, { ...framing, length: null });
  }

  /** There is no more to decode; what still comes is no part of the answer, but its end may be a failure. */
  #decoded(): void {
    this.#decode();
    this.#decoder = null;
    this.#isDecoded = true;
    if (this.#failure) this.#break();
    else if (this.#isFinished) this.#finishDecoded();
    else this.#encoded.upstream.source?.resume();
  }

  #finishDecoded(): void {
    this.#state = 'over';
    this.#encoded.writer.finish();
  }

  /** The decoder cannot go on. If nothing has come of it, it was the wrong one. */
  #refused(cause: Error): void {
    this.#decoder = null;
    const { head, writer, upstream } = this.#encoded;
    if (this.#raw !== null) return this.#passOn();
    if (this.#failure) return this.#break();
    this.#state = 'over';
    // An error's text is for people, as far as it goes.
    if (head.status !== 200 || this.#isAllSaid(cause)) writer.finish();
    else writer.fail({ error: upstreamCut(cause), alreadySent: false });
    upstream.source?.abort();
  }

  /** A document shows by itself whether it is whole. */
  #isAllSaid({ code }: NodeJS.ErrnoException): boolean {
    if (code !== 'Z_BUF_ERROR' || !this.#isFinished) return false;
    return this.#tail.equals(FLUSHED) || !isEventStream(this.#encoded.head);
  }

  #passOn(): void {
    const { head, framing, writer, upstream } = this.#encoded;
    if (this.#state === 'undecided') writer.begin(head, framing);
    this.#state = 'raw';
    let isWanted = true;
    for (const chunk of this.#raw ?? []) isWanted = writer.append(chunk);
    this.#raw = null;
    if (this.#failure) writer.fail(this.#failure);
    else if (this.#isFinished) writer.finish();
    else if (isWanted) upstream.source?.resume();
  }

  #endOnceEmpty(): void {
    const decoder = this.#decoder;
    if (decoder === null || decoder.readableLength > 0 || decoder.writableLength > 0) return;
    if (this.#failure) this.#break();
    else if (this.#isFinished && !decoder.writableEnded) decoder.end();
  }

  #break(): void {
    this.#decoder
      ?.removeAllListeners()
      .on('error', () => {})
      .destroy();
    this.#decoder = null;
    if (this.#state === 'undecided') return this.#passOn();
    this.#state = 'over';
    this.#encoded.writer.fail(this.#failure as AnswerFailure);
  }
}
