/**
 * JSON that is known to be JSON, as slices of its text: nothing is read twice, and a vector of numbers is passed over
 * without a look at any of them.
 */

/** An object, with the members that it has in the order of its text. */
export interface SlicedObject {
  readonly start: number;
  readonly end: number;
  readonly names: readonly string[];
  /** Where the value of each member begins and ends. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

/** The members of an object that is read: more than any API has of its own. */
const MOST_MEMBERS = 64;

/**
 * The object that begins at `at`; null where anything else does, one of its names stands twice or has escapes, or it
 * has more members than an API's.
 */
export function sliceObject(text: string, at: number): SlicedObject | null {
  if (text.charCodeAt(at) !== OPEN_BRACE) return null;
  const names: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let next = afterSpace(text, at + 1);
  while (text.charCodeAt(next) !== CLOSE_BRACE) {
    if (names.length > 0) next = afterSpace(text, next + 1);
    const nameEnd = endOfString(text, next);
    const name = text.slice(next + 1, nameEnd - 1);
    if (name.includes('\\') || names.includes(name) || names.length === MOST_MEMBERS) return null;
    const start = afterSpace(text, afterSpace(text, nameEnd) + 1);
    const end = endOfValue(text, start);
    names.push(name);
    starts.push(start);
    ends.push(end);
    next = afterSpace(text, end);
  }
  return { start: at, end: next + 1, names, starts, ends };
}

/**
 * Goes through the list that begins at `at`.
 * @param item returns where the item that begins there ends, or null to go no further
 * @returns false where that said null, or it is no list
 */
export function eachItem(text: string, at: number, item: (start: number) => number | null): boolean {
  if (text.charCodeAt(at) !== OPEN_BRACKET) return false;
  let next = afterSpace(text, at + 1);
  while (text.charCodeAt(next) !== CLOSE_BRACKET) {
    if (text.charCodeAt(next) === COMMA) next = afterSpace(text, next + 1);
    const end = item(next);
    if (end === null) return false;
    next = afterSpace(text, end);
  }
  return true;
}

/** The end of the value that begins at `at`. */
export function endOfValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return endOfString(text, at);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(text, at);
  let end = at;
  while (end < text.length && !isAfterScalar(text.charCodeAt(end))) end++;
  return end;
}

/** The place of the first character from `at` on that is no white space. */
export function afterSpace(text: string, at: number): number {
  let next = at;
  while (isSpace(text.charCodeAt(next))) next++;
  return next;
}

function endOfNested(text: string, at: number): number {
  if (text.charCodeAt(at) === OPEN_BRACKET) {
    const close = text.indexOf(']', at);
    // A list of numbers has nothing to be looked at one by one.
    if (isFlat(text, at + 1, close)) return close + 1;
  }
  let depth = 0;
  for (let next = at; ; next++) {
    const code = text.charCodeAt(next);
    if (code === QUOTE) next = endOfString(text, next) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return next + 1;
    else if (Number.isNaN(code)) return next;
  }
}

/** Tests whether no string and no further bracket begins between two places. */
function isFlat(text: string, from: number, to: number): boolean {
  const within = text.slice(from, to);
  return !within.includes('"') && !within.includes('[') && !within.includes('{');
}

function endOfString(text: string, at: number): number {
  let quote = text.indexOf('"', at + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote + 1;
}

/** Tests whether an odd number of backslashes stands before this place. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isAfterScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isSpace(code);
}
