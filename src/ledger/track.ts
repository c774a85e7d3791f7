/**
 * The values of one header or field among the requests of one caller, as
 * digests: does each come once, and how many requests have missed for it?
 */
import { isToken } from '../request/variables.ts';

/** Values that must have come once each before anything is said. */
export const NEEDED = 20;

/** The last values, as many as are remembered. */
const REMEMBERED = 64;

export class Track {
  /** Requests that missed though one with the same body was asked before, with another value. */
  missed = 0;
  /** True where a value may come again before there is a new one. */
  readonly #mayRepeat: boolean;
  /** True where every value was a token that nobody reads. */
  isToken = true;
  /** True where some value came twice that may not: then it is no new one each time. */
  isRepeated = false;
  readonly #values: number[] = [];
  #seen = 0;
  /** The keys of the last requests, to learn whether their answers were hits. */
  readonly keys: string[] = [];
  #dueAt = NEEDED - 1;

  constructor(mayRepeat: boolean) {
    this.#mayRepeat = mayRepeat;
  }

  /** True where it is time to look whether something is to be said. */
  get isDue(): boolean {
    return !this.isRepeated && this.#seen >= NEEDED && this.missed >= this.#dueAt;
  }

  see(value: string, digest: number, key: string): void {
    if (this.isRepeated) return;
    if (this.#values.includes(digest) && !this.#mayRepeat) return this.repeat();
    this.#values[this.#seen % REMEMBERED] = digest;
    this.keys[this.#seen % NEEDED] = key;
    this.#seen += 1;
    this.isToken &&= isToken(value);
  }

  /** A value came twice, as far as it may not. */
  repeat(): void {
    if (this.#mayRepeat) return;
    this.isRepeated = true;
    this.#values.length = 0;
    this.keys.length = 0;
  }

  /** Is not due while it is looked into. */
  lookInto(): void {
    this.#dueAt = Infinity;
  }

  /** Nothing is said now; perhaps after as many again. */
  postpone(): void {
    this.#dueAt = this.missed + NEEDED;
  }
}
