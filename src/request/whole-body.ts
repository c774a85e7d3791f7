/**
 * A body that has arrived as a whole, in the pieces that it came in: a repeat
 * is known by its digest alone, and is never copied into one buffer.
 */
import { hash } from 'node:crypto';

/** In bytes: of shorter pieces, giving back costs more than it spares. */
const OWN = 16 * 1024;

export class WholeBody {
  readonly length: number;
  readonly #chunks: readonly Buffer[];
  #bytes: Buffer | null = null;
  #digest: string | undefined;

  /** @param digest SHA-256 of them, in base64, where it is known */
  constructor(chunks: readonly Buffer[], digest?: string) {
    this.#chunks = chunks;
    this.#digest = digest;
    this.length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** All of it in one buffer. */
  get bytes(): Buffer {
    return (this.#bytes ??= this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks));
  }

  /**
   * Gives its memory back now, and not at some collection: V8 counts it, and
   * collects the whole heap for a few long bodies. It has no bytes from here on.
   */
  release(): void {
    for (const { buffer, byteLength } of this.#chunks) {
      // Of a piece that has memory of its own; others share theirs with what came before or after.
      if (byteLength === buffer.byteLength && byteLength >= OWN) (buffer as ArrayBuffer).transfer(0);
    }
  }

  /** SHA-256, in base64. */
  get digest(): string {
    return (this.#digest ??= hash('sha256', this.bytes, 'base64'));
  }
}
