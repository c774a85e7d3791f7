/**
 * Answers that were deleted upstream: nothing may keep one of them that is
 * still on its way, or was read from the store before.
 */
import { LRUCache } from 'lru-cache';

const REMEMBERED = 1_000;

export class DeletedResponses {
  readonly #ids = new LRUCache<string, true>({ max: REMEMBERED });

  add(answerId: string): void {
    this.#ids.set(answerId, true);
  }

  has(answerId: string | null): boolean {
    return answerId !== null && this.#ids.has(answerId);
  }
}
