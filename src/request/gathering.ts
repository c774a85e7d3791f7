/**
 * The pieces of a body as they come, each digested while it is still in the
 * processor's cache. A long one is gathered in pages of its own, which the
 * system has back at once: what the allocator gets back of many pieces stays
 * with the process.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Share } from './budget.ts';
import { WholeBody } from './whole-body.ts';

/** In bytes: below this, pages of its own cost more than they spare. */
const LONG = 1024 * 1024;

export class Gathering {
  readonly #expected: number;
  readonly #most: number;
  #pieces: Buffer[] = [];
  /** Resizable, for that is what has pages of its own. */
  #pages: ArrayBuffer | null = null;
  #bytes = 0;
  /** Null while there is at most one piece, whose digest may never be needed. */
  #hash: Hash | null = null;

  /** @param expected how long it will be, 0 where that is not known; @param most how long it can be; both in bytes */
  constructor(expected: number, most: number) {
    this.#expected = expected;
    this.#most = most;
  }

  add(piece: Buffer): void {
    const at = this.#bytes;
    this.#bytes += piece.length;
    if (this.#hash !== null || this.#bytes !== this.#expected) (this.#hash ??= createHash('sha256')).update(piece);
    if (!this.#pages && Math.max(this.#bytes, this.#expected) <= LONG) return void this.#pieces.push(piece);
    this.#pages ??= this.#turnLong();
    piece.copy(Buffer.from(this.#pages, at, piece.length));
  }

  /** All of it, now that nothing more comes. @param share that its bytes have been taken of */
  finish(share: Share): WholeBody {
    return new WholeBody(this.#pages ? this.#inPages(this.#pages) : this.#pieces, this.#hash?.digest('base64'), share);
  }

  /** The pieces so far, in order. */
  get pieces(): readonly Buffer[] {
    return this.#pages ? [Buffer.from(this.#pages, 0, this.#bytes)] : this.#pieces;
  }

  #inPages(pages: ArrayBuffer): readonly Buffer[] {
    // Of more pages than it needs, none has been touched.
    if (pages.byteLength > this.#bytes) pages.resize(this.#bytes);
    return this.pieces;
  }

  #turnLong(): ArrayBuffer {
    const length = this.#expected || this.#most;
    const pages = new ArrayBuffer(length, { maxByteLength: length });
    let at = 0;
    for (const piece of this.#pieces) at += piece.copy(Buffer.from(pages, at, piece.length));
    this.#pieces = [];
    return pages;
  }
}
