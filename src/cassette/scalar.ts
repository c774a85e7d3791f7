/**
 * Texts as YAML writes them: what is read again is, to the byte, what was written, and after a checkout that ends its
 * lines in CRLF too. A text that a person can read stands in a literal block as it is; another is in double quotes,
 * a line of it on a line; bytes that are no text are in base64.
 *
 * Nothing that an editor may trim is left to it: a text with blanks at the end of a line is quoted.
 */
import { isUtf8 } from 'node:buffer';

/** The indentation of what stands below its member, in spaces. */
const STEP = 2;
/** In base64. */
const BINARY_COLUMNS = 100;

/** Characters that a literal block may not hold, or that some readers of YAML take for the end of a line. */
const UNPRINTABLE = /[^\t\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
const BLANK_AT_END = /[ \t](?:\n|$)/;
/** Characters that JSON leaves as they are. */
const TO_ESCAPE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const PLAIN = /^[\w/][\w/.~=&%+-]*(?: [\w/][\w/.~=&%+-]*)*$/;

/** A member of a mapping, with its line end. @param depth how many mappings it is in */
export function member(depth: number, name: string, value: string): string {
  return `${' '.repeat(STEP * depth)}${name}: ${value}\n`;
}

/** A short text on one line. */
export function word(text: string): string {
  return PLAIN.test(text) ? text : quotedLine(text);
}

/** @param depth of the member whose value it is */
export function textBlock(text: string, depth: number): string {
  return literal(text, depth) ?? quoted(text, depth);
}

export function bodyBlock(body: Buffer, depth: number): string {
  return isUtf8(body) ? textBlock(body.toString(), depth) : binary(body, depth);
}

function literal(text: string, depth: number): string | null {
  if (!/[^\n]/.test(text) || UNPRINTABLE.test(text) || BLANK_AT_END.test(text)) return null;
  const indentation = /^\s/.test(text) ? STEP : '';
  const chomping = !text.endsWith('\n') ? '-' : text.endsWith('\n\n') ? '+' : '';
  const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
  return `|${indentation}${chomping}\n${lines.replaceAll(/^(?=[^\n])/gm, below(depth))}`;
}

function quoted(text: string, depth: number): string {
  const [first = '', ...others] = text.split(/(?<=\n)/);
  // Behind a line break that is escaped, blanks are indentation.
  const rest = others.map((line) => `\\\n${below(depth)}${line.startsWith(' ') ? '\\' : ''}${escaped(line)}`);
  return `"${escaped(first)}${rest.join('')}"`;
}

function quotedLine(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  const escape = (odd: string) => `\\u${odd.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).slice(1, -1).replaceAll(TO_ESCAPE, escape);
}

function binary(body: Buffer, depth: number): string {
  const lines = body.toString('base64').match(new RegExp(`.{1,${BINARY_COLUMNS}}`, 'g')) ?? [];
  return `!!binary |-\n${lines.map((line) => below(depth) + line).join('\n')}`;
}

function below(depth: number): string {
  return ' '.repeat(STEP * (depth + 1));
}
