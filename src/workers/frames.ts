/**
 * Frames on a stream of bytes: a length in 4 bytes, then so many. Pieces come
 * as the system cuts them.
 */
export const LENGTH_BYTES = 4;

export class FrameReader {
  #pieces: Buffer[] = [];
  #held = 0;
  /** How much there must be before a frame is whole, as far as that is known. */
  #needed = LENGTH_BYTES;

  /** @returns the frames that are whole now, each a view of the pieces that it came in */
  push(piece: Buffer): Buffer[] {
    this.#pieces.push(piece);
    this.#held += piece.length;
    // A long frame comes in many pieces, which are put together once.
    return this.#held < this.#needed ? [] : this.#take();
  }

  #take(): Buffer[] {
    const frames: Buffer[] = [];
    let rest = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces, this.#held);
    this.#needed = LENGTH_BYTES;
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readUInt32LE();
      if (rest.length < end) {
        this.#needed = end;
        break;
      }
      frames.push(rest.subarray(LENGTH_BYTES, end));
      rest = rest.subarray(end);
    }
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    return frames;
  }
}
