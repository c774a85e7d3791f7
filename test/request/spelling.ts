/**
 * Other spellings of the same body: envelope members in another order, other
 * white space, other escapes.
 */
import type { Random } from './random.ts';
import { isEnvelope, type Json, type Place, placeBelow } from './json.ts';

const SPACES = ['', '', '', ' ', '\n', '\t', '\r\n', '  \n\t'];
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['/', '\\/'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
/** The two digits of each byte, in either case. */
const LOWER = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const HEX = [LOWER, LOWER.map((digits) => digits.toUpperCase())];

/** How one text is laid out: between tokens, and after an opening bracket or comma of that depth. */
interface Layout {
  readonly space: () => string;
  readonly line: (depth: number) => string;
}

export function spell(json: Json, random: Random): string {
  const layout = layoutOf(random);
  return layout.space() + spellValue(json, 'body', random, layout, 1) + layout.space();
}

function layoutOf(random: Random): Layout {
  switch (random.below(3)) {
    case 0:
      return { space: () => '', line: () => '' };
    case 1:
      return { space: () => ' ', line: (depth) => `\n${'  '.repeat(depth)}` };
    default:
      return { space: () => random.pick(SPACES), line: () => random.pick(SPACES) };
  }
}

function spellValue(json: Json, place: Place, random: Random, layout: Layout, depth: number): string {
  if (json.kind === 'string') return spellString(json.value, random);
  if (json.kind === 'scalar') return json.source;
  const pieces =
    json.kind === 'array'
      ? json.items.map((item) => spellValue(item, placeBelow(place, json), random, layout, depth + 1))
      : (isEnvelope(place) ? random.shuffled(json.members) : json.members).map(({ name, value }) =>
          [
            spellString(name, random),
            layout.space(),
            ':',
            layout.space(),
            spellValue(value, placeBelow(place, json, name), random, layout, depth + 1),
          ].join(''),
        );
  const inside = pieces.map((piece) => layout.line(depth) + piece + layout.space()).join(',');
  return json.kind === 'array' ? `[${inside}${layout.line(depth - 1)}]` : `{${inside}${layout.line(depth - 1)}}`;
}

/** A string with none, some or all of its code units escaped. */
function spellString(value: string, random: Random): string {
  switch (random.below(8)) {
    case 0:
      return `"${escapeAll(value, random)}"`;
    case 1:
    case 2:
      return `"${piecesOf(value, random)
        .map((piece, at) => (at % 2 === 0 ? JSON.stringify(piece).slice(1, -1) : escapeAll(piece, random)))
        .join('')}"`;
    default:
      return JSON.stringify(value);
  }
}

/** A few pieces that join to the value, none of which ends within a pair of surrogates. */
function piecesOf(value: string, random: Random): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < value.length; ) {
    let to = from + 1 + random.below(8);
    if (!value.slice(from, to).isWellFormed()) to += 1;
    pieces.push(value.slice(from, to));
    from = to;
  }
  return pieces;
}

function escapeAll(value: string, random: Random): string {
  let text = '';
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    const short = random.once(2) ? SHORT_ESCAPES.get(value[at] as string) : undefined;
    text += short ?? `\\u${random.pick(HEX)[code >> 8]}${random.pick(HEX)[code & 0xff]}`;
  }
  return text;
}
