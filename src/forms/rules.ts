/**
 * The ways in which the pieces of a stream make up one value. A rule stands for a member by its name in a table; a
 * member without a rule ends the fold.
 */
import { refuse, refuseIf } from './refusal.ts';
import type { SourceValue } from './source-value.ts';

/** The value of one member, as far as it has come. */
export interface Gathered {
  add(said: SourceValue): void;
  /** The text of all that was added; undefined where the member is not to be written. */
  write(): string | undefined;
}

/** Begins a value that nothing is said of yet. */
export type Rule = () => Gathered;

/** The same in every chunk. */
export const SAME: Rule = () => new Same();

class Same implements Gathered {
  #first: SourceValue | undefined;

  add(said: SourceValue): void {
    this.#first ??= said;
    refuseIf(said !== this.#first && said.text !== this.#first.text, 'a value that changes');
  }

  write(): string | undefined {
    return this.#first?.text;
  }
}

/** A number that each chunk says anew: the last one holds. */
export const LAST_NUMBER: Rule = () => new LastNumber();

class LastNumber implements Gathered {
  #last: SourceValue | undefined;

  add(said: SourceValue): void {
    refuseIf(said.kind !== 'number', 'no number');
    this.#last = said;
  }

  write(): string | undefined {
    return this.#last?.text;
  }
}

/** Said once, or more than once alike; nulls before and after it say nothing. */
export const ONCE: Rule = () => new Once();

class Once implements Gathered {
  #text: string | undefined;

  add({ kind, text }: SourceValue): void {
    if (this.#text === undefined || this.#text === 'null') this.#text = text;
    else refuseIf(kind !== 'null' && this.#text !== text, 'a value that changes');
  }

  write(): string | undefined {
    return this.#text;
  }
}

/** One of these words, said once; some servers repeat it, or leave it empty until it is known. */
export const wordOf = (...words: readonly string[]): Rule => {
  const texts: ReadonlySet<string> = new Set(words.map((word) => JSON.stringify(word)));
  return () => new Word((text) => texts.has(text));
};

/** A name, said once; some servers repeat it. */
export const NAME: Rule = () => new Word(() => true);

class Word implements Gathered {
  readonly #isKnown: (text: string) => boolean;
  #said: SourceValue | undefined;

  constructor(isKnown: (text: string) => boolean) {
    this.#isKnown = isKnown;
  }

  add(said: SourceValue): void {
    if (said === this.#said || said.kind === 'null' || said.text === '""') return;
    refuseIf(said.kind !== 'string' || !this.#isKnown(said.text), 'a word that is not known');
    refuseIf(this.#said !== undefined && this.#said.text !== said.text, 'a word that changes');
    this.#said = said;
  }

  write(): string | undefined {
    return this.#said?.text;
  }
}

/** Pieces of one text. A null makes the member and adds nothing to it. */
export const JOINED: Rule = () => new Joined();

class Joined implements Gathered {
  /** The pieces, spelled as they came, without their quotes. */
  readonly #pieces: string[] = [];
  #hasText = false;

  add(said: SourceValue): void {
    if (said.kind === 'null') return;
    refuseIf(said.kind !== 'string', 'no text');
    this.#hasText = true;
    this.#pieces.push(said.within);
  }

  write(): string {
    return this.#hasText ? `"${this.#pieces.join('')}"` : 'null';
  }
}

/** Items of one list. */
export const APPENDED: Rule = () => new Appended();

class Appended implements Gathered {
  readonly #items: string[] = [];
  #hasList = false;

  add({ kind, values }: SourceValue): void {
    if (kind === 'null') return;
    refuseIf(kind !== 'array', 'no list');
    this.#hasList = true;
    for (const { text } of values) this.#items.push(text);
  }

  write(): string {
    return this.#hasList ? `[${this.#items.join(',')}]` : 'null';
  }
}

/** Random text that hides how long an event is, and says nothing. */
export const PADDING: Rule = () => new Padding();

class Padding implements Gathered {
  add({ kind }: SourceValue): void {
    refuseIf(kind !== 'string', 'no padding');
  }

  write(): undefined {}
}

/** A member that some servers have, and never fill where a stream can be put together. */
export const ALWAYS_NULL: Rule = () => new AlwaysNull();

class AlwaysNull implements Gathered {
  add({ kind }: SourceValue): void {
    if (kind !== 'null') refuse('a value that streams do not bring');
  }

  write(): string {
    return 'null';
  }
}
