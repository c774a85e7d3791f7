/**
 * An answer that comes encoded although it was asked for as it is: decoded on
 * its way, so that it can be judged, kept and played to anybody.
 */
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { codingOf } from '../coding.ts';
import { type Head, headerOf } from '../response/entry.ts';
import type { AnswerFailure, Framing, Source, Writer } from '../response/writer.ts';
import { EncodedAnswer } from './encoded-answer.ts';

const DECODERS: ReadonlyMap<string, (first: Buffer) => Transform> = new Map<string, (first: Buffer) => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', (first) => (isZlib(first) ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
]);

/** Tests whether bytes begin as RFC 1950 has it; many servers send `deflate` without that frame. */
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
    const createDecoder = DECODERS.get(codingOf(headerOf(head.headers, 'content-encoding')) ?? '');
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

  fail(failure: AnswerFailure): void {
    if (this.#answer) this.#answer.fail(failure);
    else this.#writer.fail(failure);
  }
}
