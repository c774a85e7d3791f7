/**
 * A body that has arrived as a whole, in the pieces that it came in: a repeat
 * is known by its digest alone, and is never copied into one buffer.
 */
import { createHash, hash } from 'node:crypto';

export class WholeBody {
  readonly length: number;
  readonly #chunks: readonly Buffer[];
  #bytes: Buffer | null = null;

  constructor(chunks: readonly Buffer[]) {
    this.#chunks = chunks;
    this.length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** All of it in one buffer. */
  get bytes(): Buffer {
    return (this.#bytes ??= this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks));
  }

  /** SHA-256, in base64. */
  digest(): string {
    if (this.#chunks.length === 1) return hash('sha256', this.#chunks[0] as Buffer, 'base64');
    const digest = createHash('sha256');
    for (const chunk of this.#chunks) digest.update(chunk);
    return digest.digest('base64');
  }
}
