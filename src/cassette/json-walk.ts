/**
 * A JSON text, value by value, with the place of each in its source: so that one can be replaced and all else stays as
 * it is written. Of a name that stands twice, both values are seen.
 */
import { CLOSE_BRACE, CLOSE_BRACKET, NotCanonical, OPEN_BRACE, OPEN_BRACKET, QUOTE, Scan } from '../request/scan.ts';

export type JsonKind = 'string' | 'scalar' | 'list' | 'name';

/**
 * @param path the names and places on the way to the value; the same array each time
 * @param start of the value's source, quotes included; of a name, only the text is given
 */
export type JsonVisitor = (kind: JsonKind, path: readonly string[], start: number, end: number, name: string) => void;

/** The depth beyond which a text is not JSON for us. */
const MAX_DEPTH = 128;

/** @returns whether all of the text is one JSON value; where it is not, part of it may have been visited */
export function walkJson(text: string, visit: JsonVisitor): boolean {
  const scan = new Scan(text);
  try {
    scan.space();
    walkValue(scan, [], visit);
    scan.space();
    return scan.at === text.length;
  } catch (error) {
    if (error instanceof NotCanonical) return false;
    throw error;
  }
}

function walkValue(scan: Scan, path: string[], visit: JsonVisitor): void {
  const start = scan.at;
  const first = scan.peek();
  let kind: JsonKind = 'scalar';
  if (path.length > MAX_DEPTH) throw new NotCanonical('not-json');
  if (first === QUOTE) {
    scan.string();
    kind = 'string';
  } else if (first === OPEN_BRACE) {
    scan.list(CLOSE_BRACE, () => walkMember(scan, path, visit));
    kind = 'list';
  } else if (first === OPEN_BRACKET) {
    walkItems(scan, path, visit);
    kind = 'list';
  } else scan.scalar();
  visit(kind, path, start, scan.at, '');
}

function walkMember(scan: Scan, path: string[], visit: JsonVisitor): void {
  const start = scan.at;
  const name = scan.name();
  path.push(name);
  visit('name', path, start, start, name);
  walkValue(scan, path, visit);
  path.pop();
}

function walkItems(scan: Scan, path: string[], visit: JsonVisitor): void {
  let index = 0;
  scan.list(CLOSE_BRACKET, () => {
    path.push(String(index++));
    walkValue(scan, path, visit);
    path.pop();
  });
}

/** The text of a string by its source. @param source without its quotes */
export function textOfString(source: string): string {
  return source.includes('\\') ? (JSON.parse(`"${source}"`) as string) : source;
}

/** Of a string's source without its quotes: where the unit of its text at `offset` is written. */
export function sourceOffset(source: string, offset: number): number {
  let at = source.indexOf('\\');
  if (at === -1 || at >= offset) return offset;
  for (let unit = at; unit < offset; unit += 1) {
    const isEscape = source[at] === '\\';
    at += !isEscape ? 1 : source[at + 1] === 'u' ? 6 : 2;
  }
  return at;
}
