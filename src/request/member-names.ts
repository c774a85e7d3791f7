/**
 * The member names of one object that is being read: a list while they are few,
 * then a set.
 */

const FEW = 8;

export class MemberNames {
  readonly #few: string[] = [];
  #many: Set<string> | undefined;

  /** @returns whether the name is new. */
  add(name: string): boolean {
    if (this.#many) {
      const { size } = this.#many;
      return this.#many.add(name).size > size;
    }
    if (this.#few.includes(name)) return false;
    this.#few.push(name);
    if (this.#few.length > FEW) this.#many = new Set(this.#few);
    return true;
  }
}
