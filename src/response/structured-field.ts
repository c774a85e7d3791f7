/**
 * Structured fields (RFC 9651): lists of items with parameters, as `Cache-Status`
 * has them. A field that is not well-formed is nothing at all (section 4.2).
 */

/** A token stands apart from the string of the same letters. */
export interface Token {
  readonly token: string;
}

export type BareItem = boolean | number | string | Token | Other;

/** A byte sequence, a date or a display string, by its source; nobody here reads one. */
export interface Other {
  readonly other: string;
}

export interface Member {
  /** Null for an inner list. */
  readonly item: BareItem | null;
  /** The last one of a name that stands twice. */
  readonly parameters: ReadonlyMap<string, BareItem>;
}

const KEY = /[a-z*][a-z0-9_.*-]*/y;
const NUMBER = /-?(?:[0-9]{1,12}\.[0-9]{1,3}|[0-9]{1,15})(?![0-9.])/y;
const STRING = /"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y;
const BOOLEAN = /\?([01])/y;
const OTHER = /:[A-Za-z0-9+/=]*:|@-?[0-9]{1,15}(?![0-9.])|%"(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*"/y;
const BETWEEN_MEMBERS = /[ \t]*,[ \t]*/y;
const SPACES = / */y;

/** The members of a list in their order; null where the text is no list. */
export function readList(text: string): readonly Member[] | null {
  const reader = new FieldParser(text.replace(/^ +| +$/g, ''));
  try {
    return reader.list();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

class Malformed extends Error {}

class FieldParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  list(): Member[] {
    const members: Member[] = [];
    if (this.#text === '') return members;
    members.push(this.#member());
    while (this.#at < this.#text.length) {
      this.#expect(BETWEEN_MEMBERS);
      members.push(this.#member());
    }
    return members;
  }

  #member(): Member {
    const item = this.#text[this.#at] === '(' ? this.#innerList() : this.#bareItem();
    return { item, parameters: this.#parameters() };
  }

  #innerList(): null {
    this.#at++;
    for (let isFirst = true; ; isFirst = false) {
      const spaces = this.#expect(SPACES)[0];
      if (this.#text[this.#at] === ')') break;
      if (!isFirst && spaces === '') throw new Malformed();
      this.#bareItem();
      this.#parameters();
    }
    this.#at++;
    return null;
  }

  #parameters(): ReadonlyMap<string, BareItem> {
    const parameters = new Map<string, BareItem>();
    while (this.#text[this.#at] === ';') {
      this.#at++;
      this.#expect(SPACES);
      const name = this.#expect(KEY)[0];
      const hasValue = this.#text[this.#at] === '=';
      if (hasValue) this.#at++;
      parameters.set(name, hasValue ? this.#bareItem() : true);
    }
    return parameters;
  }

  #bareItem(): BareItem {
    const number = this.#take(NUMBER);
    if (number) return Number(number[0]);
    const string = this.#take(STRING);
    if (string) return (string[1] as string).replace(/\\(.)/g, '$1');
    const boolean = this.#take(BOOLEAN);
    if (boolean) return boolean[1] === '1';
    const token = this.#take(TOKEN);
    return token ? { token: token[0] } : { other: this.#expect(OTHER)[0] };
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #expect(pattern: RegExp): RegExpExecArray {
    const found = this.#take(pattern);
    if (!found) throw new Malformed();
    return found;
  }
}
