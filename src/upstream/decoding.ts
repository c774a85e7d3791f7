/**
 * An answer that comes encoded although it was asked for as it is: decoded on
 * its way, so that it can be judged, kept and played to anybody.
 */
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { upstreamCut } from '../errors.ts';
import { type Head, headerOf } from '../response/entry.ts';
import type { Failure, Framing, Source, Writer } from '../response/writer.ts';
import { selectHeaders } from './headers.ts';

const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
  ['zstd', createZstdDecompress],
]);

/** Pours what it is given into `writer`, decoded; in a coding that is not known, as it is. */
export class DecodingWriter implements Writer, Source {
  source: Source | null = null;
  readonly #writer: Writer;
  #decoder: Transform | null = null;

  constructor(writer: Writer) {
    this.#writer = writer;
    writer.source = this;
  }

  resume(): void {
    if (this.#decoder) this.#decoder.resume();
    else this.source?.resume();
  }

  abort(): void {
    this.source?.abort();
  }

  begin(head: Head, framing: Framing): void {
    const decoder = DECODERS.get((headerOf(head.headers, 'content-encoding') ?? '').toLowerCase())?.();
    if (!decoder) return this.#writer.begin(head, framing);
    this.#decoder = decoder;
    decoder.on('data', (chunk: Buffer) => this.#writer.append(chunk) || decoder.pause());
    decoder.on('drain', () => this.source?.resume());
    decoder.on('end', () => this.#writer.finish());
    decoder.on('error', (cause) => this.#writer.fail({ error: upstreamCut(cause), told: false }));
    const headers = selectHeaders(head.headers, (name) => name !== 'content-encoding' && name !== 'content-length');
    this.#writer.begin({ ...head, headers }, { ...framing, length: null });
  }

  append(chunk: Buffer): boolean {
    return this.#decoder ? this.#decoder.write(chunk) : this.#writer.append(chunk);
  }

  finish(): void {
    if (this.#decoder) this.#decoder.end();
    else this.#writer.finish();
  }

  /** What the decoder still holds is lost: the answer has broken off. */
  fail(failure: Failure): void {
    if (!this.#decoder) return this.#writer.fail(failure);
    this.#decoder.removeAllListeners('end').removeAllListeners('error');
    this.#decoder.on('error', () => {}).destroy();
    this.#writer.fail(failure);
  }
}
