/**
 * Callers whom an upstream refused last (401, 403). A revoked credential must
 * not go on living on kept answers: nothing kept is served to its caller until
 * the upstream accepts it again.
 */
import { LRUCache } from 'lru-cache';

/** How many are remembered; whoever was refused longest ago is forgotten first. */
const REMEMBERED = 20_000;

export class RefusedCallers {
  /** By size, since room for a `max` is taken at the start; most proxies need none of it. */
  readonly #refused = new LRUCache<string, true>({ maxSize: REMEMBERED, sizeCalculation: () => 1 });

  /** @param caller names a credential at one upstream */
  has(caller: string): boolean {
    return this.#refused.has(caller);
  }

  /** What an upstream answered to this caller. */
  note(caller: string, status: number): void {
    if (status === 401 || status === 403) this.#refused.set(caller, true);
    else if (status >= 200 && status < 300) this.#refused.delete(caller);
  }
}
