/**
 * The violations that were found. Nothing is thrown: whoever is called on the
 * way could catch it.
 */
export class Findings {
  readonly #found: string[] = [];

  /** Null while all holds. */
  get first(): string | null {
    return this.#found[0] ?? null;
  }

  /** @param what says what is wrong, unless this holds */
  hold(holds: boolean, what: () => string): void {
    if (!holds) this.#found.push(what());
  }
}
