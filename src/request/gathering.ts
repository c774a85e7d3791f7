/**
 * The pieces of a body as they come. A long one is gathered in pages of its
 * own, which the system has back at once: what the allocator gets back of many
 * pieces stays with the process.
 */

/** In bytes: below this, pages of its own cost more than they spare. */
const LONG = 1024 * 1024;

export class Gathering {
  readonly #expected: number;
  readonly #most: number;
  #pieces: Buffer[] = [];
  /** Resizable, for that is what has pages of its own. */
  #pages: ArrayBuffer | null = null;
  #bytes = 0;

  /** @param expected how long it will be, 0 where that is not known; @param most how long it can be; both in bytes */
  constructor(expected: number, most: number) {
    this.#expected = expected;
    this.#most = most;
  }

  add(piece: Buffer): void {
    const at = this.#bytes;
    this.#bytes += piece.length;
    if (!this.#pages && Math.max(this.#bytes, this.#expected) <= LONG) return void this.#pieces.push(piece);
    this.#pages ??= this.#turnLong();
    piece.copy(Buffer.from(this.#pages, at, piece.length));
  }

  /** All of it, in order; for `WholeBody` alone, which gives it back. */
  get pieces(): readonly Buffer[] {
    if (!this.#pages) return this.#pieces;
    // Of more pages than it needs, none has been touched.
    if (this.#pages.byteLength > this.#bytes) this.#pages.resize(this.#bytes);
    return [Buffer.from(this.#pages, 0, this.#bytes)];
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
