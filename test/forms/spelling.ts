/**
 * JSON, spelled as servers may spell it: numbers in forms of their own, characters raw or escaped, and texts cut
 * anywhere, within a character too.
 */
import type { Random } from '../request/random.ts';

const WORDS = [
  'salt',
  'wäter',
  ' 🌊',
  '日本',
  '"quoted"',
  '\\',
  '/',
  '\n',
  '\t',
  '\u0000',
  '👩‍👩‍👧',
  'e\u0301',
  ' ',
  '{',
  '}',
  '\u2028',
  '',
];
const NUMBERS = [
  '1e-05',
  '-0.10',
  '9007199254740993',
  '1E+2',
  '-0.0',
  '0',
  '-8.418666e-6',
  '123456789012345678901234567890',
];

export function randomText(random: Random, most = 8): string {
  return Array.from({ length: 1 + random.below(most) }, () => random.pick(WORDS)).join('');
}

export const randomNumber = (random: Random): string => random.pick(NUMBERS);

/** A string of JSON: characters that need no escape have one now and then, halves of characters always. */
export function spell(text: string, random: Random): string {
  if (random.once(2)) return JSON.stringify(text);
  let spelled = '';
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const isHalf = unit >= 0xd800 && unit < 0xe000;
    if (isHalf || unit < 0x20 || random.once(5)) spelled += `\\u${unit.toString(16).padStart(4, '0')}`;
    else if (unit === 0x2f && random.once(2)) spelled += '\\/';
    else spelled += JSON.stringify(text[at]).slice(1, -1);
  }
  return `"${spelled}"`;
}

/** A text in pieces, cut between any of its units. */
export function cut(text: string, random: Random): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = Math.min(text.length, at + random.below(6));
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/** An object of JSON, of members whose values are spelled already; undefined leaves one out. */
export function spellObject(members: Readonly<Record<string, string | undefined>>, random: Random): string {
  const space = random.once(10) ? ' ' : '';
  const texts = Object.entries(members).flatMap(([name, text]) =>
    text === undefined ? [] : [`${JSON.stringify(name)}:${space}${text}`],
  );
  return `{${texts.join(`,${space}`)}}`;
}

export const spellList = (items: readonly string[]): string => `[${items.join(',')}]`;

/** The numbers of a JSON text as they are written, outside its strings, in order of size of their text. */
export function numbersIn(json: string): string[] {
  const outside = json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return (outside.match(/-?\d[\d.eE+-]*/g) ?? []).toSorted();
}
