/**
 * A cursor over JSON text that copies what it reads, in runs of source: only
 * white space between tokens and the spelling of strings change on the way.
 * Whoever holds it decides which piece goes where.
 *
 * Its grammar is RFC 8259. What two JSON readers could understand differently
 * is noted as a `Doubt`, never resolved.
 */

/** The points on which two JSON readers may disagree. */
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
const COMMA = 0x2c;
const COLON = 0x3a;
const CONTROL = /[\x00-\x1f]/;
const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** How a string is written: without escapes, with those that `JSON.stringify` would use, or with others. */
type Spelling = 'plain' | 'escaped' | 'odd';

const ESCAPES: ReadonlyMap<number, Spelling> = new Map([
  ...[...'"\\bfnrt'].map((letter) => [letter.charCodeAt(0), 'escaped'] as const),
  ...[...'/u'].map((letter) => [letter.charCodeAt(0), 'odd'] as const),
]);

export class Scan {
  readonly source: string;
  readonly doubts = new Set<Doubt>();
  at = 0;
  /** How many values were passed over unread. */
  skips = 0;
  /** Finished text of the piece being read, and where the run of source that continues it begins. */
  #piece = '';
  #run = 0;
  /** The last backslash that was searched for. */
  #escape = -1;
  readonly #mayHoldControls: boolean;

  constructor(source: string) {
    this.source = source;
    this.#mayHoldControls = CONTROL.test(source);
  }

  /** The code unit at the cursor; NaN at the end. */
  peek(): number {
    return this.source.charCodeAt(this.at);
  }

  /** How much text the piece has at the cursor. */
  get length(): number {
    return this.#piece.length + this.at - this.#run;
  }

  /** The text of the piece that ends at the cursor. */
  taken(): string {
    return this.#piece + this.source.slice(this.#run, this.at);
  }

  /** A piece of its own for what `read` passes over; where that returns a text, it stands for the piece. */
  within(read: () => string | undefined): void {
    const piece = this.#piece;
    const run = this.#run;
    const start = this.at;
    this.#piece = '';
    this.#run = start;
    const text = read();
    if (text !== undefined) {
      this.#piece = piece + this.source.slice(run, start) + text;
      this.#run = this.at;
    } else if (this.#piece === '' && this.#run === start) {
      this.#piece = piece;
      this.#run = run;
    } else {
      this.#piece = piece + this.source.slice(run, start) + this.#piece;
    }
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
    const start = this.at;
    const spelling = this.#passString();
    const name =
      spelling === 'plain' ? this.source.slice(start + 1, this.at - 1) : parseString(this.source.slice(start, this.at));
    if (spelling === 'odd') this.#respell(start, name);
    this.space();
    if (this.peek() !== COLON) throw new NotCanonical('not-json');
    this.at++;
    this.space();
    return name;
  }

  /** A string; its text is spelled as `JSON.stringify` spells it. */
  string(): void {
    const start = this.at;
    const spelling = this.#passString();
    if (spelling === 'odd') this.#respell(start, parseString(this.source.slice(start, this.at)));
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
    const { source } = this;
    let depth = 0;
    for (let at = this.at; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        depth--;
        this.at = at + 1;
        if (depth === 0) return;
      } else if (code === QUOTE) {
        this.at = at;
        this.#passString();
        at = this.at - 1;
      }
    }
    throw new NotCanonical('not-json');
  }

  /** Passes the string at the cursor, by the search of the engine rather than unit by unit. */
  #passString(): Spelling {
    const { source } = this;
    const start = this.at;
    let spelling: Spelling = 'plain';
    let end = source.indexOf('"', start + 1);
    for (let escape = this.#escapeFrom(start); escape < end; escape = this.#escapeFrom(escape + 2)) {
      const kind = ESCAPES.get(source.charCodeAt(escape + 1));
      if (kind === undefined) throw new NotCanonical('not-json');
      if (spelling !== 'odd') spelling = kind;
      if (end === escape + 1) end = source.indexOf('"', escape + 2);
    }
    if (end === -1 || (this.#mayHoldControls && CONTROL.test(source.slice(start, end))))
      throw new NotCanonical('not-json');
    this.at = end + 1;
    return spelling;
  }

  /** Where the first backslash at or after `at` is. Searched for once, however many strings lie before it. */
  #escapeFrom(at: number): number {
    if (this.#escape < at) {
      const found = this.source.indexOf('\\', at);
      this.#escape = found === -1 ? Infinity : found;
    }
    return this.#escape;
  }

  /** Spells the string that ends at the cursor anew. */
  #respell(start: number, value: string): void {
    if (!value.isWellFormed()) this.doubts.add('lone-surrogate');
    this.#piece += this.source.slice(this.#run, start) + JSON.stringify(value);
    this.#run = this.at;
  }
}

function parseString(source: string): string {
  try {
    return JSON.parse(source) as string;
  } catch {
    throw new NotCanonical('not-json');
  }
}
