/**
 * A body that has arrived as a whole, in the pieces that it came in: a repeat
 * is known by its digest alone, and is never copied into one buffer.
 *
 * It lives, and has its room in the budget, until the last who holds it releases it.
 */
import { createHash, hash } from 'node:crypto';
import type { Share } from './budget.ts';

/** In bytes: of shorter pieces, giving back costs more than it spares. */
const OWN = 16 * 1024;

const NONE: readonly Buffer[] = [];

export class WholeBody {
  readonly length: number;
  /** As it is without its content coding; null where it came without one. Released with it. */
  decoded: WholeBody | null = null;
  #pieces: readonly Buffer[];
  #digest: string | undefined;
  /** Null where it holds no room, or holds it no longer. */
  #share: Share | null;
  /** True where somebody else may read the pieces. */
  #lent = false;
  #holders = 1;

  /**
   * @param digest SHA-256 of them, in base64, where it is known
   * @param share that they have been taken of
   */
  constructor(pieces: readonly Buffer[], digest?: string, share: Share | null = null) {
    this.#pieces = pieces;
    this.#digest = digest;
    this.#share = share;
    let length = 0;
    for (const piece of pieces) length += piece.length;
    this.length = length;
  }

  /** As its key is made from it. */
  get plain(): WholeBody {
    return this.decoded ?? this;
  }

  /** All of it in one buffer, which takes the place of the pieces. */
  get bytes(): Buffer {
    if (this.#pieces.length === 1) return this.#pieces[0] as Buffer;
    if (this.#pieces === NONE) throw new Error('this body has been let go of');
    const whole = Buffer.concat(this.#pieces, this.length);
    this.#giveBack();
    this.#pieces = [whole];
    return whole;
  }

  /** Its pieces, for those who may read them after it is let go of. */
  lend(): readonly Buffer[] {
    this.#lent = true;
    return this.#pieces;
  }

  /** All of it in one buffer, for the same. */
  lendWhole(): Buffer {
    const { bytes } = this;
    this.#lent = true;
    return bytes;
  }

  /** Nobody reads any more what was lent. */
  takeBack(): void {
    this.#lent = false;
  }

  /** One more may need it: it stays until each has released it. */
  hold(): void {
    this.#holders++;
  }

  /**
   * The last to release it gives back its room, and its memory now and not at
   * some collection: V8 counts it, and collects the whole heap for a few long
   * bodies. It has no bytes from here on.
   */
  release(): void {
    this.#holders--;
    if (this.#holders > 0) return;
    if (this.decoded !== null) this.dropDecoded();
    this.#giveBack();
    this.#pieces = NONE;
    this.#share?.give(this.length);
    this.#share = null;
  }

  /** Nobody needs it decoded any more. */
  dropDecoded(): void {
    this.decoded?.release();
    this.decoded = null;
  }

  /** SHA-256, in base64. */
  get digest(): string {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1) return (this.#digest ??= hash('sha256', first as Buffer, 'base64'));
    return (this.#digest ??= digestOf(this.#pieces));
  }

  #giveBack(): void {
    if (this.#lent) return;
    for (const { buffer, byteLength } of this.#pieces) {
      // Of a piece that has memory of its own; others share theirs with what came before or after.
      if (byteLength === buffer.byteLength && byteLength >= OWN) (buffer as ArrayBuffer).transfer(0);
    }
  }
}

function digestOf(pieces: readonly Buffer[]): string {
  const digest = createHash('sha256');
  for (const piece of pieces) digest.update(piece);
  return digest.digest('base64');
}
