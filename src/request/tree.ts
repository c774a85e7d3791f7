/**
 * A JSON text as a tree of its own source, so that nothing is lost on the way:
 * numbers, escapes and the order of members stay as they are written.
 */
import { CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET, QUOTE, Scan } from './scan.ts';

export interface JsonTree {
  readonly text: string;
  /** Of an object, in their order; the last one of a name that stands twice. */
  readonly members?: ReadonlyMap<string, JsonTree>;
  /** Of an array. */
  readonly items?: readonly JsonTree[];
}

/** The depth beyond which everything is a leaf. */
const MAX_DEPTH = 128;

/** @throws NotCanonical where the text does not begin with a JSON value; `rest` is what follows that */
export function readTree(text: string): { readonly tree: JsonTree; readonly rest: string } {
  const scan = new Scan(text);
  scan.space();
  const tree = readValue(scan, 1);
  return { tree, rest: text.slice(scan.at) };
}

function readValue(scan: Scan, depth: number): JsonTree {
  const start = scan.at;
  const first = scan.peek();
  const members = new Map<string, JsonTree>();
  const items: JsonTree[] = [];
  if (first === QUOTE) scan.string();
  else if (first !== OPEN_BRACE && first !== OPEN_BRACKET) scan.scalar();
  else if (depth > MAX_DEPTH) scan.skip();
  else if (first === OPEN_BRACE) scan.list(CLOSE_BRACE, () => members.set(scan.name(), readValue(scan, depth + 1)));
  else scan.list(CLOSE_BRACKET, () => items.push(readValue(scan, depth + 1)));
  const text = scan.source.slice(start, scan.at);
  if (depth > MAX_DEPTH) return { text };
  return first === OPEN_BRACE ? { text, members } : first === OPEN_BRACKET ? { text, items } : { text };
}
