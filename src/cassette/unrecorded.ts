/**
 * The requests of one process that a cassette has no answer to and took none in: what a test run is told of at its end.
 */

export interface UnrecordedRequest {
  readonly method: string;
  /** Relative to the base of the upstream, less one leading `/v1`. */
  readonly path: string;
  /** Null where the request does not say, or was not read. */
  readonly model: string | null;
  /** The first words of what was asked; null where nothing is found that reads like it. */
  readonly question: string | null;
  /** The recording that comes nearest; null where there is none to compare. */
  readonly nearest: NearestRecording | null;
  /** `offline`, or why its answer was not recorded. */
  readonly why: string;
}

export interface NearestRecording {
  /** The first 16 digits. */
  readonly key: string;
  readonly question: string | null;
  /** The first JSON Pointer at which the two requests differ. */
  readonly pointer: string;
  readonly differences: number;
}

/** How the reason begins that a secret is. */
export const SECRET = 'secret: ';

/** In the place of a path that says what is not to be shown. */
export const HIDDEN = '…';

/** How many are remembered; the others are counted. */
const MOST = 1_000;

export class Unrecorded {
  readonly #requests = new Map<object | string, UnrecordedRequest>();
  #others = 0;

  /** How many there were. */
  get count(): number {
    return this.#requests.size + this.#others;
  }

  /** In the order in which they came. */
  get requests(): readonly UnrecordedRequest[] {
    return [...this.#requests.values()];
  }

  /** @param key that equal requests have; null where it has none */
  add(key: string | null, request: UnrecordedRequest): void {
    const name = key ?? {};
    if (this.#requests.has(name) || this.#requests.size < MOST) this.#requests.set(name, request);
    else this.#others++;
  }

  /** An answer to an equal request is recorded now: one that was tried again, for example. */
  delete(key: string): void {
    this.#requests.delete(key);
  }
}
