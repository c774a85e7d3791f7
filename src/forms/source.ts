/**
 * A JSON text as a tree of slices of itself, so that what is copied keeps its spelling: numbers, escapes and the order
 * of members stay as a server wrote them. The grammar is RFC 8259; what two readers could understand differently is
 * refused.
 */
import { refuse, refuseIf } from './refusal.ts';

export type SourceKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** One value. */
export interface SourceValue {
  readonly kind: SourceKind;
  readonly text: string;
  /** The names of an object's members, each once. */
  readonly names: readonly string[];
  /** The values of an object's members, or the items of an array. */
  readonly values: readonly SourceValue[];
}

/** The depth beyond which nothing is derived. */
const DEEPEST = 64;

/** The number of members from which on their names are looked for in a set. */
const FEW = 16;

const NONE: readonly never[] = [];
const CONTROL = /[\x00-\x1f]/;
const HEX = /^[0-9a-fA-F]{4}$/;
const ESCAPED = '"\\/bfnrt';
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORDS = { t: ['true', 'boolean'], f: ['false', 'boolean'], n: ['null', 'null'] } as const;

/** @throws Refusal where the text is anything but one JSON value */
export function readSource(text: string): SourceValue {
  const scanner = new Scanner(text);
  const value = scanner.value(0);
  scanner.end();
  return value;
}

/** The value of a member; undefined where there is none. */
export function memberOf(object: SourceValue, name: string): SourceValue | undefined {
  const at = object.names.indexOf(name);
  return at === -1 ? undefined : object.values[at];
}

class Scanner {
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
    refuseIf(this.#at < this.#text.length, 'more than one value');
  }

  value(depth: number): SourceValue {
    refuseIf(depth > DEEPEST, 'too deep');
    const start = this.#at;
    switch (this.#text[start]) {
      case '{':
        return this.#object(start, depth);
      case '[':
        return this.#array(start, depth);
      case '"':
        this.#string();
        return this.#leaf('string', start);
      case 't':
      case 'f':
      case 'n':
        return this.#word(start);
      default:
        return this.#number(start);
    }
  }

  #leaf(kind: SourceKind, start: number): SourceValue {
    return { kind, text: this.#text.slice(start, this.#at), names: NONE, values: NONE };
  }

  #object(start: number, depth: number): SourceValue {
    const names: string[] = [];
    const values: SourceValue[] = [];
    let seen: Set<string> | null = null;
    for (let more = this.#opens('}'); more; more = this.#goesOn('}')) {
      const name = this.#name();
      if (names.length === FEW) seen = new Set(names);
      refuseIf(seen ? seen.has(name) : names.includes(name), 'a name stands twice');
      seen?.add(name);
      names.push(name);
      values.push(this.value(depth + 1));
    }
    return { kind: 'object', text: this.#text.slice(start, this.#at), names, values };
  }

  #array(start: number, depth: number): SourceValue {
    const values: SourceValue[] = [];
    for (let more = this.#opens(']'); more; more = this.#goesOn(']')) values.push(this.value(depth + 1));
    return { kind: 'array', text: this.#text.slice(start, this.#at), names: NONE, values };
  }

  /** Passes an opening bracket. @returns whether anything stands within */
  #opens(close: string): boolean {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] !== close) return true;
    this.#at++;
    return false;
  }

  /** Passes a comma, or the closing bracket. @returns whether it was a comma */
  #goesOn(close: string): boolean {
    this.#space();
    const next = this.#text[this.#at];
    this.#at++;
    if (next === close) return false;
    refuseIf(next !== ',', 'not JSON');
    this.#space();
    return true;
  }

  #name(): string {
    const start = this.#at;
    refuseIf(this.#text[start] !== '"', 'not JSON');
    const escaped = this.#string();
    const name = escaped
      ? (JSON.parse(this.#text.slice(start, this.#at)) as string)
      : this.#text.slice(start + 1, this.#at - 1);
    this.#space();
    refuseIf(this.#text[this.#at] !== ':', 'not JSON');
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
    refuseIf(quote === -1, 'not JSON');
    refuseIf(this.#mayHoldControls && CONTROL.test(text.slice(start, quote)), 'a control character in a string');
    this.#at = quote + 1;
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

  #word(start: number): SourceValue {
    const [word, kind] = WORDS[this.#text[start] as keyof typeof WORDS];
    refuseIf(!this.#text.startsWith(word, start), 'not JSON');
    this.#at += word.length;
    return { kind, text: word, names: NONE, values: NONE };
  }

  #number(start: number): SourceValue {
    NUMBER.lastIndex = start;
    if (!NUMBER.test(this.#text)) refuse('not JSON');
    this.#at = NUMBER.lastIndex;
    return this.#leaf('number', start);
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }
}
