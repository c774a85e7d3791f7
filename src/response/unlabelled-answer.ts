/**
 * An answer whose head does not say what it is: a document where it begins as a JSON object does, and else a stream.
 * One in which no event comes is neither.
 */
import { withoutByteOrderMark } from './byte-order-mark.ts';
import type { Step, Validator, Verdict } from './complete.ts';

export class UnlabelledValidator implements Validator {
  readonly #ofDocument: () => Validator;
  readonly #ofStream: () => Validator;
  /** Null until a byte has come that is no space. */
  #known: Validator | null = null;

  constructor(ofDocument: () => Validator, ofStream: () => Validator) {
    this.#ofDocument = ofDocument;
    this.#ofStream = ofStream;
  }

  get usage(): Validator['usage'] {
    return this.#known?.usage ?? null;
  }

  get model(): string | null {
    return this.#known?.model ?? null;
  }

  get saysError(): boolean {
    return this.#known?.saysError ?? false;
  }

  get events(): number {
    return this.#known?.events ?? 0;
  }

  push(chunk: Buffer): Step {
    if (this.#known === null) {
      const [first] = withoutByteOrderMark(chunk.toString()).trimStart();
      if (first !== undefined) this.#known = first === '{' ? this.#ofDocument() : this.#ofStream();
    }
    return this.#known?.push(chunk) ?? 'more';
  }

  end(body: () => Buffer): Verdict {
    const verdict = (this.#known ?? this.#ofDocument()).end(body);
    return verdict.kind === 'unkept' && verdict.why === 'no-event' ? { ...verdict, why: 'content-type' } : verdict;
  }
}
