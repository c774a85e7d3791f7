/**
 * The keys that hold an answer, by the answer's own id: nearly always one, and
 * more where one answer is kept in several forms.
 */
export class AnswerIndex {
  readonly #keys = new Map<string, readonly string[]>();

  add(answerId: string | null, key: string): void {
    if (answerId === null) return;
    const others = this.#keys.get(answerId);
    this.#keys.set(answerId, others === undefined ? [key] : [...others, key]);
  }

  remove(answerId: string | null, key: string): void {
    if (answerId === null) return;
    const rest = this.keysOf(answerId).filter((other) => other !== key);
    if (rest.length === 0) this.#keys.delete(answerId);
    else this.#keys.set(answerId, rest);
  }

  keysOf(answerId: string): readonly string[] {
    return this.#keys.get(answerId) ?? [];
  }
}
