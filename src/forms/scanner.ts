/**
 * A cursor over a JSON text that makes values of it. The grammar is RFC 8259; what two readers could understand
 * differently is refused.
 */
import { refuseIf } from './refusal.ts';
import { type SourceKind, SourceValue } from './source-value.ts';

/** The depth beyond which nothing is derived. */
const DEEPEST = 64;

/** An object of more members is refused: each name is looked for among the others. */
const MOST_MEMBERS = 128;

const CONTROL = /[\x00-\x1f]/;
const HEX = /^[0-9a-fA-F]{4}$/;
const ESCAPED = '"\\/bfnrt';
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LETTER_T = 0x74;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;

/** The first members of an object, up to the comma behind them. */
export interface Lead {
  readonly text: string;
  readonly names: readonly string[];
  readonly values: readonly SourceValue[];
}

export class Scanner {
  readonly #text: string;
  readonly #mayHoldControls: boolean;
  #at = 0;
  /** The next backslash, searched for once however many strings lie before it. */
  #escape = -1;

  constructor(text: string) {
    this.#text = text;
    this.#mayHoldControls = CONTROL.test(text);
    this.#space();
  }

  end(): void {
    this.#space();
    refuseIf(this.#at !== this.#text.length, 'more or less than one value');
  }

  value(depth: number): SourceValue {
    refuseIf(depth > DEEPEST, 'too deep');
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#stringValue();
      case OPEN_BRACE:
        return this.#object(depth);
      case OPEN_BRACKET:
        return this.#array(depth);
      case LETTER_N:
        return this.#word('null', 'null');
      case LETTER_T:
        return this.#word('true', 'boolean');
      case LETTER_F:
        return this.#word('false', 'boolean');
      default:
        return this.#number();
    }
  }

  objectAfter({ text, names, values }: Lead): SourceValue {
    this.#at = text.length;
    this.#space();
    return this.#members(0, 0, [...names], [...values], true);
  }

  #object(depth: number): SourceValue {
    const start = this.#at;
    return this.#members(start, depth, [], [], this.#opens(CLOSE_BRACE));
  }

  #members(start: number, depth: number, names: string[], values: SourceValue[], isAny: boolean): SourceValue {
    for (let more = isAny; more; more = this.#goesOn(CLOSE_BRACE)) {
      const name = this.#name();
      refuseIf(names.includes(name) || names.length >= MOST_MEMBERS, 'a name stands twice');
      names.push(name);
      values.push(this.value(depth + 1));
    }
    return new SourceValue('object', this.#text, start, this.#at, names, values);
  }

  #array(depth: number): SourceValue {
    const start = this.#at;
    const values: SourceValue[] = [];
    for (let more = this.#opens(CLOSE_BRACKET); more; more = this.#goesOn(CLOSE_BRACKET))
      values.push(this.value(depth + 1));
    return new SourceValue('array', this.#text, start, this.#at, undefined, values);
  }

  /** Passes an opening bracket. @returns whether anything stands within */
  #opens(close: number): boolean {
    this.#at++;
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== close) return true;
    this.#at++;
    return false;
  }

  /** Passes a comma, or the closing bracket. @returns whether it was a comma */
  #goesOn(close: number): boolean {
    this.#space();
    const next = this.#text.charCodeAt(this.#at);
    this.#at++;
    if (next === close) return false;
    refuseIf(next !== COMMA, 'not JSON');
    this.#space();
    return true;
  }

  #name(): string {
    const start = this.#at;
    refuseIf(this.#text.charCodeAt(start) !== QUOTE, 'not JSON');
    const escaped = this.#string();
    const name = escaped
      ? (JSON.parse(this.#text.slice(start, this.#at)) as string)
      : this.#text.slice(start + 1, this.#at - 1);
    this.#space();
    refuseIf(this.#text.charCodeAt(this.#at) !== COLON, 'not JSON');
    this.#at++;
    this.#space();
    return name;
  }

  /** Passes a string. @returns whether it holds escapes */
  #string(): boolean {
    const text = this.#text;
    const start = this.#at;
    let quote = text.indexOf('"', start + 1);
    let escape = this.#escapeFrom(start + 1);
    const escaped = escape < quote;
    while (escape < quote) {
      const next = this.#afterEscape(escape);
      if (quote < next) quote = text.indexOf('"', next);
      escape = this.#escapeFrom(next);
    }
    // A string without an end leads beyond the end of the text, where nothing more is found.
    const end = quote === -1 ? text.length : quote;
    refuseIf(this.#mayHoldControls && CONTROL.test(text.slice(start, end)), 'a control character in a string');
    this.#at = end + 1;
    return escaped;
  }

  #afterEscape(escape: number): number {
    const letter = this.#text.charAt(escape + 1);
    if (letter !== 'u') {
      refuseIf(letter === '' || !ESCAPED.includes(letter), 'an escape that JSON does not have');
      return escape + 2;
    }
    refuseIf(!HEX.test(this.#text.slice(escape + 2, escape + 6)), 'an escape that JSON does not have');
    return escape + 6;
  }

  #escapeFrom(at: number): number {
    if (this.#escape < at) {
      const found = this.#text.indexOf('\\', at);
      this.#escape = found === -1 ? Infinity : found;
    }
    return this.#escape;
  }

  #stringValue(): SourceValue {
    const start = this.#at;
    this.#string();
    return new SourceValue('string', this.#text, start, this.#at);
  }

  #word(word: string, kind: SourceKind): SourceValue {
    const start = this.#at;
    this.#at += word.length;
    refuseIf(this.#text.slice(start, this.#at) !== word, 'not JSON');
    return new SourceValue(kind, this.#text, start, this.#at);
  }

  #number(): SourceValue {
    const start = this.#at;
    NUMBER.lastIndex = start;
    refuseIf(!NUMBER.test(this.#text), 'not JSON');
    this.#at = NUMBER.lastIndex;
    return new SourceValue('number', this.#text, start, this.#at);
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }
}

/** Few servers write any between two tokens. */
function isSpace(code: number): boolean {
  return code <= 0x20 && (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09);
}
