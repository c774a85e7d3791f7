/**
 * Canonical text: one spelling for all spellings of a JSON body that ask the
 * same thing, and never one spelling for two that may not.
 *
 * One pass copies the source in runs, so that whatever is not named here is
 * lossless by construction:
 *   - white space between tokens is dropped;
 *   - strings are spelled as `JSON.stringify` spells them, code points untouched;
 *   - numbers keep their source text (`1.0` is not `1`);
 *   - members are sorted where a `Shape` says that the object is an envelope,
 *     and keep their order everywhere else;
 *   - ignored members are left out.
 *
 * Where two JSON readers could understand a body differently (a `Doubt`), no
 * guess is made: its raw bytes become the text.
 */
import { isUtf8 } from 'node:buffer';
import { CLOSE_BRACE, CLOSE_BRACKET, NotCanonical, OPEN_BRACE, OPEN_BRACKET, QUOTE, Scan } from './scan.ts';

/** Which objects are envelopes. Members and items without a shape of their own keep their order. */
export interface Shape {
  readonly sorted: boolean;
  readonly members?: ReadonlyMap<string, Shape>;
  readonly items?: Shape;
}

/** JSON Pointers as a tree; `true` leaves the whole value out. */
export type Ignored = ReadonlyMap<string, Ignored | true>;

export interface Canonical {
  /** Injective over everything that is not left out. Starts with its kind, so that no raw text equals a canonical one. */
  readonly text: string;
  /** Names that stand twice in one object, at any depth, and top-level members that are nested too deep to be parsed. */
  readonly uncertain: ReadonlySet<string>;
  /** Source text of each top-level member; the last one of a name that stands twice. */
  readonly members: ReadonlyMap<string, string>;
}

/** Deeper than any prompt or schema in use, shallow enough that recursion cannot exhaust the stack. */
const MAX_DEPTH = 128;

const KEPT: Shape = { sorted: false };

/**
 * @param body the bytes as received
 * @param defaults text of the top-level members that the API assumes where they are absent
 * @throws NotCanonical when the body is not a JSON object
 */
export function canonicalize(body: Buffer, shape: Shape, ignored: Ignored, defaults: ReadonlyMap<string, string>): Canonical {
  const reader = new Reader(new Scan(body.toString()));
  if (!isUtf8(body)) reader.scan.doubts.add('invalid-utf8');
  const text = reader.body(shape, ignored, defaults);
  const { uncertain, members } = reader;
  return { text: reader.scan.doubts.size === 0 ? `json:${text}` : `raw:${body.toString('latin1')}`, uncertain, members };
}

class Reader {
  readonly scan: Scan;
  readonly uncertain = new Set<string>();
  readonly members = new Map<string, string>();

  constructor(scan: Scan) {
    this.scan = scan;
  }

  body(shape: Shape, ignored: Ignored, defaults: ReadonlyMap<string, string>): string {
    const { scan } = this;
    scan.space();
    if (scan.peek() !== OPEN_BRACE) throw new NotCanonical('not-object');
    const pieces = this.#pieces(shape, ignored, 1, this.members);
    scan.space();
    if (scan.at !== scan.source.length) throw new NotCanonical('not-json');
    for (const [name, text] of defaults) {
      if (!this.members.has(name)) pieces.push([name, `${JSON.stringify(name)}:${text}`]);
    }
    return joined(pieces, shape.sorted);
  }

  #value(shape: Shape, ignored: Ignored | undefined, depth: number): void {
    const { scan } = this;
    const first = scan.peek();
    if (first === QUOTE) scan.string();
    else if (first !== OPEN_BRACE && first !== OPEN_BRACKET) scan.scalar();
    else if (depth > MAX_DEPTH) scan.skip();
    else if (first === OPEN_BRACKET) this.#array(shape, ignored, depth);
    else if (shape.sorted || ignored) scan.replace(() => joined(this.#pieces(shape, ignored, depth), shape.sorted));
    else this.#object(depth);
  }

  /** An object of which nothing moves and nothing is left out: the run of source goes on through it. */
  #object(depth: number): void {
    const names = new Names();
    this.scan.list(CLOSE_BRACE, () => {
      this.#note(names, this.scan.name());
      this.#value(KEPT, undefined, depth + 1);
    });
  }

  /** The members of an object, each with its text, without those that are left out. */
  #pieces(shape: Shape, ignored: Ignored | undefined, depth: number, sources?: Map<string, string>): [string, string][] {
    const { scan } = this;
    const names = new Names();
    const pieces: [string, string][] = [];
    scan.list(CLOSE_BRACE, () => {
      scan.begin();
      const name = scan.name();
      // Some servers match names without case, the last one winning; sorting would hide which that is.
      this.#note(names, foldCase(name));
      const below = ignored?.get(name);
      const start = scan.at;
      const { skips } = scan;
      this.#value(shape.members?.get(name) ?? KEPT, below === true ? undefined : below, depth + 1);
      sources?.set(name, scan.source.slice(start, scan.at));
      if (sources && scan.skips > skips) this.uncertain.add(name);
      if (below !== true) pieces.push([name, scan.taken()]);
    });
    return pieces;
  }

  #array(shape: Shape, ignored: Ignored | undefined, depth: number): void {
    const { scan } = this;
    const items = shape.items ?? KEPT;
    if (!ignored) return scan.list(CLOSE_BRACKET, () => this.#value(items, undefined, depth + 1));
    scan.replace(() => {
      const texts: string[] = [];
      let index = 0;
      scan.list(CLOSE_BRACKET, () => {
        scan.begin();
        const below = ignored.get(String(index++));
        this.#value(items, below === true ? undefined : below, depth + 1);
        if (below !== true) texts.push(scan.taken());
      });
      return `[${texts.join(',')}]`;
    });
  }

  #note(names: Names, name: string): void {
    if (names.add(name)) return;
    this.uncertain.add(name);
    this.scan.doubts.add('duplicate-name');
  }
}

/** Equal for names that differ only in case, by the widest rule in use. */
export function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** The member names of one object. A set is made only when there is a second name to compare. */
class Names {
  #first: string | undefined;
  #all: Set<string> | undefined;

  /** @returns whether the name is new. */
  add(name: string): boolean {
    if (this.#first === undefined) {
      this.#first = name;
      return true;
    }
    this.#all ??= new Set([this.#first]);
    const { size } = this.#all;
    return this.#all.add(name).size > size;
  }
}

function joined(pieces: [string, string][], sorted: boolean): string {
  if (sorted) pieces.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${pieces.map(([, text]) => text).join(',')}}`;
}
