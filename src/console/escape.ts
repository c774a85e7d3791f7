/**
 * Text that somebody else wrote, made safe for a terminal: whatever could move
 * the cursor, change a colour, a title or the clipboard, or turn the direction
 * of reading is shown as an escape.
 */

/**
 * Control and format characters (of C0, DEL, C1, bidirectional text, tags),
 * line separators and lone surrogates; but for the joiners of emoji and scripts.
 */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** On one line, without the tabs and line breaks that were in it. */
export function inertLine(text: string): string {
  return text.replace(UNSAFE, escapeOf);
}

/** With its lines as they are. */
export function inertText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(UNSAFE, (character) => (character === '\n' || character === '\t' ? character : escapeOf(character)));
}

/** A value as a JSON document that is the same to a reader, and inert on a terminal. */
export function inertJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNSAFE, (character) =>
    character === '\n' ? character : unitEscapesOf(character),
  );
}

/** The same of a document that is JSON already, on one line: in its strings an escape is the same. */
export function inertJsonText(json: string): string {
  return json.replace(UNSAFE, unitEscapesOf);
}

/** The same of one text, on one line. */
export function inertLiteral(text: string): string {
  return JSON.stringify(text).replace(UNSAFE, unitEscapesOf);
}

function unitEscapesOf(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hexadecimal = code.toString(16);
  if (code <= 0xff) return `\\x${hexadecimal.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hexadecimal.padStart(4, '0')}` : `\\u{${hexadecimal}}`;
}
