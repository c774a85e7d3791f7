/**
 * Keys that a file may have, as bits in memory that two threads see: the one
 * that owns the file adds, the other asks. A key that was added is always
 * found; of the others, a few are found too (B. H. Bloom, "Space/time trade-offs
 * in hash coding with allowable errors", 1970).
 */
const BITS_PER_KEY = 16;
/** Of the keys that were not added, as many as planned for find 1 in 400 among them. */
const BITS_SET = 4;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class KeyFilter {
  readonly memory: SharedArrayBuffer;
  readonly #words: Uint32Array;
  readonly #bits: number;

  /** @param memory of another filter, whose keys this one has too */
  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Uint32Array(memory);
    this.#bits = this.#words.length * 32;
  }

  /** @param keys how many it is for */
  static for(keys: number): KeyFilter {
    return new KeyFilter(new SharedArrayBuffer(Math.ceil((keys * BITS_PER_KEY) / 32) * 4));
  }

  add(key: string): void {
    let [at, step] = hashesOf(key);
    for (let turn = 0; turn < BITS_SET; turn++, at = (at + step) >>> 0) {
      const bit = at % this.#bits;
      Atomics.or(this.#words, bit >>> 5, 1 << (bit & 31));
    }
  }

  mayHave(key: string): boolean {
    let [at, step] = hashesOf(key);
    for (let turn = 0; turn < BITS_SET; turn++, at = (at + step) >>> 0) {
      const bit = at % this.#bits;
      if (((this.#words[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/** FNV-1a from both ends; the second is odd, so that its multiples differ. */
function hashesOf(key: string): [number, number] {
  let one = FNV_OFFSET;
  let other = FNV_OFFSET;
  for (let index = 0; index < key.length; index++) {
    one = Math.imul(one ^ key.charCodeAt(index), FNV_PRIME);
    other = Math.imul(other ^ key.charCodeAt(key.length - 1 - index), FNV_PRIME);
  }
  return [one >>> 0, (other | 1) >>> 0];
}
