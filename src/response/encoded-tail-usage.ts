/**
 * The usage of an answer that passes as its upstream encoded it, for a caller
 * who asked for that: held as it came, up to a bound, and decoded once it is
 * over. One that broke off is decoded as far as it goes.
 */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';
import { codingOf } from '../coding.ts';
import type { Endpoint } from '../endpoint.ts';
import { type Head, headerOf } from './entry.ts';
import { TailUsage } from './tail-usage.ts';
import type { Usage } from './usage.ts';

/** The most that is held, and that it may decode to, in bytes: what takes the event loop a few milliseconds. */
const HELD = 64 * 1024;
const DECODED = 1024 * 1024;

type Decode = (bytes: Buffer) => Buffer;

const bound = { maxOutputLength: DECODED };
const zlib = { ...bound, finishFlush: constants.Z_SYNC_FLUSH };
const gunzip: Decode = (bytes) => gunzipSync(bytes, zlib);
const inflate: Decode = (bytes) => inflateSync(bytes, zlib);
const inflateRaw: Decode = (bytes) => inflateRawSync(bytes, zlib);

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', (bytes) => firstThatReads(bytes, [inflate, inflateRaw])],
  ['br', (bytes) => brotliDecompressSync(bytes, { ...bound, finishFlush: constants.BROTLI_OPERATION_FLUSH })],
  ['zstd', (bytes) => zstdDecompressSync(bytes, { ...bound, finishFlush: constants.ZSTD_e_flush })],
]);

/** The reader of usage for an answer with this head; null where nothing could be read in it. */
export function tailUsageOf(endpoint: Endpoint, head: Head): TailUsage | EncodedTailUsage | null {
  const coding = codingOf(headerOf(head.headers, 'content-encoding'));
  if (coding === null) return new TailUsage(endpoint);
  const decode = DECODERS.get(coding);
  return decode ? new EncodedTailUsage(endpoint, decode) : null;
}

export class EncodedTailUsage {
  readonly #endpoint: Endpoint;
  readonly #decode: Decode;
  /** Null where there were too many. */
  #pieces: Buffer[] | null = [];
  #length = 0;
  #tail: TailUsage | null = null;

  constructor(endpoint: Endpoint, decode: Decode) {
    this.#endpoint = endpoint;
    this.#decode = decode;
  }

  push(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > HELD) this.#pieces = null;
    // A copy, so as not to hold what it was read into.
    this.#pieces?.push(Buffer.from(chunk));
  }

  /** Of an answer that is over. */
  usage(): Usage | null {
    return this.#read().usage();
  }

  /** The same of its model. */
  model(): string | null {
    return this.#read().model();
  }

  #read(): TailUsage {
    if (this.#tail) return this.#tail;
    this.#tail = new TailUsage(this.#endpoint);
    const decoded = this.#pieces && firstThatReads(Buffer.concat(this.#pieces), [this.#decode]);
    if (decoded) this.#tail.push(decoded);
    this.#pieces = null;
    return this.#tail;
  }
}

/** Nothing where none of them can. */
function firstThatReads(bytes: Buffer, decoders: readonly Decode[]): Buffer {
  for (const decode of decoders) {
    try {
      return decode(bytes);
    } catch {
      continue;
    }
  }
  return Buffer.alloc(0);
}
