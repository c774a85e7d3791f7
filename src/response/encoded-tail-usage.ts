/**
 * The usage of an answer that passes as its upstream encoded it, for a caller
 * who asked for that: held as it came, up to a bound, and decoded once it is
 * over. One that broke off is decoded as far as it goes.
 */
import { codingOf, decodeShort, isReadable, MOST_ENCODED } from '../coding.ts';
import type { Endpoint } from '../endpoint.ts';
import { type Head, headerOf } from './entry.ts';
import { TailUsage } from './tail-usage.ts';
import type { Usage } from './usage.ts';

/** The reader of usage for an answer with this head; null where nothing could be read in it. */
export function tailUsageOf(endpoint: Endpoint, head: Head): TailUsage | EncodedTailUsage | null {
  const coding = codingOf(headerOf(head.headers, 'content-encoding'));
  if (coding === null) return new TailUsage(endpoint);
  return isReadable(coding) ? new EncodedTailUsage(endpoint, coding) : null;
}

export class EncodedTailUsage {
  readonly #endpoint: Endpoint;
  readonly #coding: string;
  /** Null where there were too many. */
  #pieces: Buffer[] | null = [];
  #length = 0;
  #tail: TailUsage | null = null;

  constructor(endpoint: Endpoint, coding: string) {
    this.#endpoint = endpoint;
    this.#coding = coding;
  }

  push(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > MOST_ENCODED) this.#pieces = null;
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
    if (this.#pieces) this.#tail.push(decodeShort(Buffer.concat(this.#pieces), this.#coding));
    this.#pieces = null;
    return this.#tail;
  }
}
