/**
 * The memory that the bytes of requests may take at one time: one bound for all
 * of them, whoever sent them. What finds no room is not read as a whole, and
 * passes through uncached.
 *
 *   long      three eighths of it: bodies that were read, as they came and as decoded
 *   short     an eighth more, for short ones alone: long ones never keep hits from being served
 *   passing   a quarter: what streams hold between a client and an upstream
 *   the rest  for the copies of the one long body that is being named
 */

/** The bounds of one body, in bytes. */
export interface BodyLimits {
  /** The most that is accepted. */
  readonly accepted: number;
  /** The most that is read as a whole. */
  readonly whole: number;
}

/** The longest body, in bytes, that is a short one. */
const SHORT = 64 * 1024;

/** A part of the budget. Whoever takes of it gives back the same. */
export class Share {
  #limit = 0;
  #shortLimit = 0;
  #held = 0;

  /** @param more for short bodies alone; both in bytes */
  constructor(limit: number, more = 0) {
    this.resize(limit, more);
  }

  /** The bytes that were taken before stay taken. */
  resize(limit: number, more = 0): void {
    this.#limit = limit;
    this.#shortLimit = limit + more;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * @param length how long the body is that these bytes are of, as far as it is known
   * @returns whether there was room; else nothing was taken
   */
  take(bytes: number, length: number): boolean {
    if (this.#held + bytes > (length > SHORT ? this.#limit : this.#shortLimit)) return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}

export class RequestBudget {
  readonly whole = new Share(0);
  readonly passing = new Share(0);

  /** @param bytes all of it */
  constructor(bytes: number) {
    this.resize(bytes);
  }

  resize(bytes: number): void {
    this.whole.resize((bytes * 3) / 8, bytes / 8);
    this.passing.resize(bytes / 4);
  }

  /** The bytes that requests hold. */
  get held(): number {
    return this.whole.held + this.passing.held;
  }
}
