/**
 * Names that clients choose, as many as there is room for: each of the first
 * counts as itself, and all others as one.
 */
export const OTHER = '(other)';

/** The longest that is kept of a name, in UTF-16 units. */
const LONGEST = 200;

export class BoundedNames {
  readonly #most: number;
  readonly #known: Set<string>;

  /** @param known which were the first already */
  constructor(most: number, known: Iterable<string> = []) {
    this.#most = most;
    this.#known = new Set(known);
  }

  /** The name to count this one under. */
  of(name: string): string {
    const short = name.slice(0, LONGEST);
    if (this.#known.has(short)) return short;
    // A name that is not known has nothing to be told apart.
    if (short === '' || this.#known.size >= this.#most) return short && OTHER;
    this.#known.add(short);
    return short;
  }

  forget(): void {
    this.#known.clear();
  }
}
