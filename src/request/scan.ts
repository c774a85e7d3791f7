/**
 * A cursor over JSON text that copies what it reads, in runs of source: only
 * white space between tokens and the spelling of strings change on the way.
 * Whoever holds it decides which piece goes where.
 *
 * Its grammar is RFC 8259. What two JSON readers could understand differently
 * is noted as a `Doubt`, never resolved.
 */

/** What two JSON readers may disagree on. */
export type Doubt = 'duplicate-name' | 'lone-surrogate' | 'invalid-utf8' | 'too-deep';

/** The body is not what this API understands; the upstream is left to say so. */
export class NotCanonical extends Error {
  readonly why: 'not-json' | 'not-object';
  constructor(why: 'not-json' | 'not-object') {
    super(why);
    this.why = why;
  }
}

export const QUOTE = 0x22;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

export class Scan {
  readonly source: string;
  readonly doubts = new Set<Doubt>();
  at = 0;
  /** How many values were passed over unread. */
  skips = 0;
  /** Finished text of the piece being read, and where the run of source that continues it begins. */
  #piece = '';
  #run = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** The code unit at the cursor; NaN at the end. */
  peek(): number {
    return this.source.charCodeAt(this.at);
  }

  /** Starts a piece at the cursor. */
  begin(): void {
    this.#piece = '';
    this.#run = this.at;
  }

  /** The text of the piece that ends at the cursor. */
  taken(): string {
    return this.#piece + this.source.slice(this.#run, this.at);
  }

  /** Lets what `make` returns stand for the source that it reads. */
  replace(make: () => string): void {
    const before = this.taken();
    this.#piece = before + make();
    this.#run = this.at;
  }

  space(): void {
    const start = this.at;
    let code = this.peek();
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      this.at++;
      code = this.peek();
    }
    if (this.at === start) return;
    this.#piece += this.source.slice(this.#run, start);
    this.#run = this.at;
  }

  /** Reads `open item , item , … close`; `item` must leave the cursor behind the item. */
  list(close: number, item: () => void): void {
    this.at++;
    this.space();
    if (this.peek() === close) {
      this.at++;
      return;
    }
    for (;;) {
      item();
      this.space();
      const next = this.peek();
      this.at++;
      if (next === close) return;
      if (next !== COMMA) throw new NotCanonical('not-json');
      this.space();
    }
  }

  /** A member's name and its colon; the cursor ends at the value. */
  name(): string {
    if (this.peek() !== QUOTE) throw new NotCanonical('not-json');
    const name = this.string();
    this.space();
    if (this.peek() !== COLON) throw new NotCanonical('not-json');
    this.at++;
    this.space();
    return name;
  }

  /** The value of the string at the cursor; its text is spelled as `JSON.stringify` spells it. */
  string(): string {
    const start = this.at;
    this.at = this.#stringEnd();
    const plain = this.source.slice(start + 1, this.at - 1);
    if (!plain.includes('\\')) return plain;
    const value = parseString(this.source.slice(start, this.at));
    if (!value.isWellFormed()) this.doubts.add('lone-surrogate');
    this.#piece += this.source.slice(this.#run, start) + JSON.stringify(value);
    this.#run = this.at;
    return value;
  }

  /** A number, `true`, `false` or `null`, by its source text. */
  scalar(): void {
    SCALAR.lastIndex = this.at;
    if (!SCALAR.test(this.source)) throw new NotCanonical('not-json');
    this.at = SCALAR.lastIndex;
  }

  /** Passes over a value that is nested too deep, without recursion: only strings and brackets are told apart. */
  skip(): void {
    this.doubts.add('too-deep');
    this.skips++;
    let depth = 0;
    do {
      const code = this.peek();
      if (code === QUOTE) this.at = this.#stringEnd() - 1;
      else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
      else if (Number.isNaN(code)) throw new NotCanonical('not-json');
      this.at++;
    } while (depth > 0);
  }

  /** One past the closing quote of the string at the cursor. */
  #stringEnd(): number {
    const { source } = this;
    for (let at = this.at + 1; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (code === QUOTE) return at + 1;
      if (code === BACKSLASH) at++;
      else if (code < 0x20) break;
    }
    throw new NotCanonical('not-json');
  }
}

function parseString(source: string): string {
  try {
    return JSON.parse(source) as string;
  } catch {
    throw new NotCanonical('not-json');
  }
}
