/**
 * Keys whose last answer could not be kept (hit-for-miss). Requests that
 * waited for another's answer to one of them would wait in vain, one after the
 * other; so for a while each asks for itself, and nothing stale is refreshed
 * there. Why it was not kept is known for longer.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

const WHILE_MS = 120_000;
const REMEMBERED = 10_000;

/**
 * Why an answer may not be kept that say nothing of the next one, or let it be followed as far as it is held: what
 * a model said this time, it may say otherwise the next. The other reasons lie with the server or the question.
 */
const OCCASIONAL: ReadonlySet<string> = new Set([
  'status',
  'ttl',
  'purged',
  'too-large',
  'limits',
  'empty',
  'content-filter',
  'tool-call',
  'text-not-json',
]);

export class HitForMiss {
  readonly #clock: Clock;
  /** By size, since room for a `max` is taken at the start; most proxies need little of it. */
  readonly #until = new LRUCache<string, number>({ maxSize: REMEMBERED, sizeCalculation: () => 1 });
  /** Apart, so that a storm of errors does not push the others out. */
  readonly #whys = new LRUCache<string, string>({ maxSize: REMEMBERED, sizeCalculation: () => 1 });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tests whether nobody should wait for another's answer. */
  has(key: string): boolean {
    return (this.#until.get(key) ?? -Infinity) > this.#clock.now();
  }

  /** Why the last answer was not kept; null where it was, or nothing is known of it. */
  whyNot(key: string): string | null {
    return this.#whys.get(key) ?? null;
  }

  add(key: string, why: string): void {
    this.#whys.set(key, why);
    if (!OCCASIONAL.has(why)) this.#until.set(key, this.#clock.now() + WHILE_MS);
  }

  /** An answer was kept. */
  delete(key: string): void {
    this.#until.delete(key);
    this.#whys.delete(key);
  }
}
