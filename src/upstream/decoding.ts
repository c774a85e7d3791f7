/**
 * An answer that comes encoded although it was asked for as it is: decoded on
 * its way, so that it can be judged, kept and played to anybody. What is not in
 * the coding that it is said to be in is passed on as it came.
 *
 * The head waits for what the decoder says of the first bytes. If none come with
 * it, it is passed on at once, as of a decoded answer; that of an error waits
 * however long it takes, for errors may be said to be encoded and be empty.
 */
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { upstreamCut } from '../errors.ts';
import { type Head, headerOf } from '../response/entry.ts';
import type { Failure, Framing, Source, Writer } from '../response/writer.ts';
import { selectHeaders } from './headers.ts';

const DECODERS: ReadonlyMap<string, (first: Buffer) => Transform> = new Map<string, (first: Buffer) => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', (first) => (isZlib(first) ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
]);

/** Whether bytes begin as RFC 1950 has it; many servers send `deflate` without that frame. */
function isZlib(first: Buffer): boolean {
  const [method = 0, flags = 0] = first;
  return (method & 0x0f) === 8 && (first.length < 2 || (method * 256 + flags) % 31 === 0);
}

/** Pours what it is given into `writer`, decoded; in a coding that is not known, as it is. */
export class DecodingWriter implements Writer, Source {
  source: Source | null = null;
  readonly #writer: Writer;
  #answer: EncodedAnswer | null = null;

  constructor(writer: Writer) {
    this.#writer = writer;
    writer.source = this;
  }

  resume(): void {
    if (!this.#answer?.resume()) this.source?.resume();
  }

  abort(): void {
    this.source?.abort();
  }

  begin(head: Head, framing: Framing): void {
    const createDecoder = DECODERS.get((headerOf(head.headers, 'content-encoding') ?? '').trim().toLowerCase());
    if (!createDecoder) return this.#writer.begin(head, framing);
    this.#answer = new EncodedAnswer({ head, framing, createDecoder, writer: this.#writer, upstream: this });
  }

  append(chunk: Buffer): boolean {
    return this.#answer ? this.#answer.append(chunk) : this.#writer.append(chunk);
  }

  finish(): void {
    if (this.#answer) this.#answer.finish();
    else this.#writer.finish();
  }

  fail(failure: Failure): void {
    if (this.#answer) this.#answer.fail(failure);
    else this.#writer.fail(failure);
  }
}

interface Encoded {
  readonly head: Head;
  readonly framing: Framing;
  readonly createDecoder: (first: Buffer) => Transform;
  readonly writer: Writer;
  readonly upstream: { readonly source: Source | null };
}

/**
 *   undecided  the head is held, and the bytes as they came
 *   decoded    the head has been passed on without its coding
 *   raw        head and bytes are passed on as they came
 */
class EncodedAnswer {
  readonly #encoded: Encoded;
  #state: 'undecided' | 'decoded' | 'raw' = 'undecided';
  #decoder: Transform | null = null;
  /** The bytes as they came, for as long as nothing has come of them. */
  #raw: Buffer[] | null = [];
  #isFinished = false;
  #failure: Failure | null = null;

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
    this.#raw?.push(chunk);
    this.#decoder ??= this.#start(chunk);
    return this.#decoder.write(chunk, (error) => {
      if (!error && this.#mayBeginAlone && !this.#isFinished) this.#decode();
    });
  }

  finish(): void {
    this.#isFinished = true;
    if (this.#state === 'raw') this.#encoded.writer.finish();
    else if (this.#decoder) this.#decoder.end();
    else this.#passOn();
  }

  /** What the decoder still holds goes first. */
  fail(failure: Failure): void {
    this.#failure = failure;
    const decoder = this.#decoder as (Transform & { flush(done: () => void): void }) | null;
    if (this.#state === 'raw' || decoder === null) return this.#break();
    decoder.flush(() => this.#breakOnceEmpty());
  }

  #start(first: Buffer): Transform {
    const { createDecoder, writer, upstream } = this.#encoded;
    const decoder = createDecoder(first);
    decoder.on('data', (chunk: Buffer) => {
      this.#decode();
      this.#raw = null;
      if (!writer.append(chunk)) decoder.pause();
      this.#breakOnceEmpty();
    });
    decoder.on('drain', () => upstream.source?.resume());
    decoder.on('end', () => {
      this.#decode();
      writer.finish();
    });
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

  /** The decoder cannot go on. If nothing has come of it, it was the wrong one. */
  #refused(cause: Error): void {
    this.#decoder = null;
    const { head, writer } = this.#encoded;
    if (this.#raw !== null) this.#passOn();
    else if (this.#failure) this.#break();
    // An error's text is for people, as far as it goes.
    else if (head.status !== 200) writer.finish();
    else writer.fail({ error: upstreamCut(cause), told: false });
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

  #breakOnceEmpty(): void {
    if (this.#failure && this.#decoder?.readableLength === 0 && this.#decoder.writableLength === 0) this.#break();
  }

  #break(): void {
    const { head, framing, writer } = this.#encoded;
    if (this.#state === 'undecided') writer.begin(head, framing);
    this.#state = 'raw';
    this.#decoder?.removeAllListeners().on('error', () => {}).destroy();
    this.#decoder = null;
    writer.fail(this.#failure as Failure);
  }
}
