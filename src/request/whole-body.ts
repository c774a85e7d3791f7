/**
 * A body that has arrived as a whole, in the pieces that it came in: a repeat
 * is known by its digest alone, and is never copied into one buffer.
 */
import { hash } from 'node:crypto';

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

  /** SHA-256, in base64. */
  get digest(): string {
    return (this.#digest ??= hash('sha256', this.bytes, 'base64'));
  }
}
