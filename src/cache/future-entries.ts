/**
 * Stored answers that are dated in the future: a clock is wrong, this one or
 * that by which they were kept. Their age is not known, and one that is taken
 * for new could be served beyond its time, so they are misses; a line in the
 * log says so to an operator whose whole store is affected.
 */
import type { Log } from '../log.ts';
import type { Entry } from '../response/entry.ts';
import { isOfFuture } from './freshness.ts';

/** How long one line in the log is enough. */
const AGAIN_MS = 3_600_000;

export class FutureEntries {
  readonly #log: Log;
  #warnedAt = -Infinity;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Looks at an entry that was not good enough. */
  note(entry: Entry, now: number): void {
    if (!isOfFuture(entry, now) || now < this.#warnedAt + AGAIN_MS) return;
    this.#warnedAt = now;
    const [keptAt, clock] = [entry.storedAt, now].map((time) => new Date(time).toISOString());
    const cause = 'the clock of this machine is slow, or was fast when they were kept; set it right, or purge them';
    this.#log.warn({ keptAt, clock }, `answers that are dated in the future are misses: ${cause}`);
  }
}
