/**
 * Canonical text: one spelling for all spellings of a JSON body that ask the
 * same thing, and never one spelling for two that may not.
 *
 * One pass copies the source in runs, so that whatever is not named here is
 * lossless by construction:
 *   - white space between tokens is dropped;
 *   - strings are spelled as `JSON.stringify` spells them, code points untouched;
 *   - numbers keep their source text (`1.0` is not `1`);
 *   - members are sorted, in descending order, where a `Shape` says that the object is an envelope,
 *     and keep their order everywhere else;
 *   - ignored members are left out.
 *
 * Where two JSON readers could understand a body differently (a `Doubt`), no
 * guess is made: its raw bytes become the text.
 */
import { isUtf8 } from 'node:buffer';
import { Author } from './author.ts';
import { MemberNames } from './member-names.ts';
import { CLOSE_BRACE, CLOSE_BRACKET, NotCanonical, OPEN_BRACE, OPEN_BRACKET, QUOTE, Scan } from './scan.ts';

/** The objects that are envelopes. Members and items without a shape of their own keep their order. */
export interface Shape {
  readonly sorted: boolean;
  readonly members?: ReadonlyMap<string, Shape>;
  readonly items?: Shape;
}

/**
 * JSON Pointers as a tree; `true` leaves the whole value out, `authored` leaves it out of an item that the
 * client wrote itself. `*` stands for every segment that has no place of its own beside it.
 */
export type Ignored = ReadonlyMap<string, Ignored | true | 'authored'>;

export interface Canonical {
  /** Injective over all that is not left out. Starts with its kind, so that no raw text equals a canonical one. */
  readonly text: string;
  /** Names that stand twice in one object, at any depth, and top-level members too deep to be parsed. */
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
export function canonicalize(
  body: Buffer,
  shape: Shape,
  ignored: Ignored,
  defaults: ReadonlyMap<string, string>,
): Canonical {
  const reader = new CanonicalReader(new Scan(body.toString()));
  if (!isUtf8(body)) reader.scan.doubts.add('invalid-utf8');
  const text = reader.body(shape, ignored, defaults);
  const { uncertain, members } = reader;
  return {
    text: reader.scan.doubts.size === 0 ? `json:${text}` : `raw:${body.toString('latin1')}`,
    uncertain,
    members,
  };
}

class CanonicalReader {
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
    let text = '';
    scan.within(() => {
      const members = this.#envelope(shape, ignored, 1, this.members);
      for (const [name, value] of defaults) {
        if (this.members.has(name) || below(ignored, name) === true) continue;
        members.add(name, `${JSON.stringify(name)}:${value}`);
      }
      return (text = members.text(shape.sorted));
    });
    scan.space();
    if (scan.at !== scan.source.length) throw new NotCanonical('not-json');
    return text;
  }

  #value(shape: Shape, ignored: Ignored | undefined, depth: number): void {
    const { scan } = this;
    const first = scan.peek();
    if (first === QUOTE) scan.string();
    else if (first !== OPEN_BRACE && first !== OPEN_BRACKET) scan.scalar();
    else if (depth > MAX_DEPTH) scan.skip();
    else if (first === OPEN_BRACKET) this.#array(shape, ignored, depth);
    else if (!shape.sorted && !ignored) this.#object(depth);
    else scan.within(() => this.#envelope(shape, ignored, depth).rearranged(shape.sorted));
  }

  /** An object of which nothing moves and nothing is left out: the run of source goes on through it. */
  #object(depth: number): void {
    const names = new MemberNames();
    this.scan.list(CLOSE_BRACE, () => {
      const name = this.scan.name();
      if (!names.add(name)) this.#doubt(name);
      this.#value(KEPT, undefined, depth + 1);
    });
  }

  /** An object of which members may move or be left out. */
  #envelope(shape: Shape, ignored: Ignored | undefined, depth: number, sources?: Map<string, string>): Members {
    const { scan } = this;
    const names = new MemberNames();
    const members = new Members(scan);
    const author = new Author();
    scan.list(CLOSE_BRACE, () => {
      const from = scan.length;
      const name = scan.name();
      // Some servers match names without case, the last one winning; sorting would hide which that is.
      if (!names.add(foldCase(name))) this.#doubt(foldCase(name));
      const inner = ignored && below(ignored, name);
      const start = scan.at;
      const { skips } = scan;
      this.#value(shape.members?.get(name) ?? KEPT, typeof inner === 'object' ? inner : undefined, depth + 1);
      sources?.set(name, scan.source.slice(start, scan.at));
      if (sources && scan.skips > skips) this.uncertain.add(name);
      members.note(name, from, inner !== true);
      if (ignored) author.note(name, scan.source.slice(start, scan.at), inner === 'authored');
    });
    for (const name of author.own) members.drop(name);
    return members;
  }

  #array(shape: Shape, ignored: Ignored | undefined, depth: number): void {
    const { scan } = this;
    const items = shape.items ?? KEPT;
    if (!ignored) return scan.list(CLOSE_BRACKET, () => this.#value(items, undefined, depth + 1));
    scan.within(() => {
      const spans: Span[] = [];
      let index = 0;
      scan.list(CLOSE_BRACKET, () => {
        const from = scan.length;
        const inner = below(ignored, String(index++));
        this.#value(items, typeof inner === 'object' ? inner : undefined, depth + 1);
        if (inner !== true) spans.push([from, scan.length]);
      });
      const text = scan.taken();
      return `[${spans.map(([from, to]) => text.slice(from, to)).join(',')}]`;
    });
  }

  #doubt(name: string): void {
    this.uncertain.add(name);
    this.scan.doubts.add('duplicate-name');
  }
}

/** The part of what is left out that stands below a name or an index. */
export function below(ignored: Ignored, name: string): Ignored | true | 'authored' | undefined {
  return ignored.get(name) ?? ignored.get('*');
}

/** Where something stands in the text of the piece that is being read. */
type Span = readonly [from: number, to: number];

/** The members of an object that are kept, while it is read and after. */
class Members {
  readonly #scan: Scan;
  readonly #names: string[] = [];
  readonly #spans: Span[] = [];
  readonly #added: string[] = [];
  #inOrder = true;
  #complete = true;

  constructor(scan: Scan) {
    this.#scan = scan;
  }

  /** The member that ends at the cursor. */
  note(name: string, from: number, kept: boolean): void {
    if (!kept) {
      this.#complete = false;
      return;
    }
    const { length } = this.#names;
    if (length > 0 && name > (this.#names[length - 1] as string)) this.#inOrder = false;
    this.#names.push(name);
    this.#spans.push([from, this.#scan.length]);
  }

  /** Leaves out a member that was noted. */
  drop(name: string): void {
    const at = this.#names.indexOf(name);
    this.#complete = false;
    this.#names.splice(at, 1);
    this.#spans.splice(at, 1);
  }

  /** A member that the source does not have. */
  add(name: string, text: string): void {
    this.#complete = false;
    this.#inOrder = false;
    this.#names.push(name);
    this.#added.push(text);
  }

  /** The text of the object that ends at the cursor, unless it is its piece as it stands. */
  rearranged(sorted: boolean): string | undefined {
    return this.#complete && (this.#inOrder || !sorted) ? undefined : this.text(sorted);
  }

  text(sorted: boolean): string {
    const piece = this.#scan.taken();
    const texts = [...this.#spans.map(([from, to]) => piece.slice(from, to)), ...this.#added];
    if (!sorted || this.#inOrder) return `{${texts.join(',')}}`;
    const order = texts
      .map((_, index) => index)
      .sort((a, b) => descending(this.#names[a] as string, this.#names[b] as string));
    return `{${order.map((index) => texts[index]).join(',')}}`;
  }
}

/** Clients write `role` before `content` and `type` before `text`: in this order, most envelopes stay as they are. */
function descending(a: string, b: string): number {
  return a > b ? -1 : a < b ? 1 : 0;
}

/** Equal for names that differ only in case, by the widest rule in use. */
export function foldCase(name: string): string {
  return /^[a-z0-9_]*$/.test(name) ? name : name.toUpperCase().toLowerCase();
}
