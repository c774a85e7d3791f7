/**
 * The keys of bytes seen before. A key is a pure function of the body and its
 * `KeyContext`, so a repeat need not be read again: it is looked up by the digests
 * of both.
 */
import { LRUCache } from 'lru-cache';
import type { WhyNotCacheable } from './parsed-request.ts';
import type { KeyedRequest, KeyContext } from './key.ts';
import type { WholeBody } from './whole-body.ts';

/**
 * The bytes of one name, with its key and its place in the table; `node --expose-gc test/bench/bookkeeping.ts` measures
 * them.
 */
const NAME_BYTES = 640;

export class Memo {
  readonly #keys: LRUCache<string, KeyedRequest | WhyNotCacheable>;

  /** @param maxBytes 0 remembers nothing */
  constructor(maxBytes: number) {
    this.#keys = new LRUCache({ max: Math.max(1, Math.floor(maxBytes / NAME_BYTES)) });
  }

  /** A key of the memo: of this body in this context. */
  static keyOf({ digest }: KeyContext, body: WholeBody): string {
    return digest + body.digest;
  }

  get(key: string): KeyedRequest | WhyNotCacheable | undefined {
    return this.#keys.get(key);
  }

  /** Remembers a key without its parts, which may be long. */
  set(key: string, keyed: KeyedRequest | WhyNotCacheable): void {
    this.#keys.set(key, typeof keyed === 'string' ? keyed : { ...keyed, parts: null });
  }
}
