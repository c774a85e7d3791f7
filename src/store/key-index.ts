/**
 * The keys of entries by what they have in common: the id of their answer, or the entry that they were made from.
 */
const NONE: readonly string[] = [];

export class KeyIndex {
  readonly #keys = new Map<string, readonly string[]>();

  /** @param name null of an entry that has none */
  add(name: string | null | undefined, key: string): void {
    if (name === null || name === undefined) return;
    this.#keys.set(name, [...this.keysOf(name), key]);
  }

  remove(name: string | null | undefined, key: string): void {
    if (name === null || name === undefined) return;
    const rest = this.keysOf(name).filter((other) => other !== key);
    if (rest.length === 0) this.#keys.delete(name);
    else this.#keys.set(name, rest);
  }

  keysOf(name: string): readonly string[] {
    return this.#keys.get(name) ?? NONE;
  }
}
