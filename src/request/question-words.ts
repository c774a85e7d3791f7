/**
 * The first words of what a request asks, for a line that people read.
 */
import type { Endpoint } from '../endpoint.ts';
import { listOf, memberOf } from './body-fields.ts';
import { REQUEST_ENDPOINTS } from './endpoints/table.ts';

/** The most characters that are given. */
const MOST = 60;

/** The most of a text that is looked at: beyond it would be white space alone. */
const LOOKED_AT = 16 * MOST;

/** A message, its parts, what a part holds, and the parts and texts of that. */
const DEEPEST = 8;

/** Of what is no white space: all that shows nothing, or changes how a terminal shows the rest; but for joiners. */
const INVISIBLE = /(?![\u200c\u200d])\p{C}/gu;

/**
 * At most 60 characters on one line, without control characters; an ellipsis stands where there is more.
 *
 * @param body its JSON, as it came or as its canonical text
 * @returns null where there are no words, such as for tokens or an image
 */
export function questionWords(endpoint: Endpoint, body: string): string | null {
  const asked = textIn(memberOf(parse(body), REQUEST_ENDPOINTS[endpoint].questionField));
  return asked === null ? null : firstWords(asked);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function firstWords(text: string): string | null {
  const line = text.slice(0, LOOKED_AT).replace(/\s+/g, ' ').replace(INVISIBLE, '').trim();
  const characters = [...line];
  if (characters.length === 0) return null;
  const isCut = characters.length > MOST || text.length > LOOKED_AT;
  return isCut ? `${characters.slice(0, MOST).join('').trimEnd()}…` : line;
}

/** Of a conversation, the last that the user wrote; of anything else, the first text. */
function textIn(value: unknown): string | null {
  const byUser = listOf(value).findLast((item) => memberOf(item, 'role') === 'user' && firstText(item) !== null);
  return firstText(byUser ?? value);
}

/** @param depth how deep texts are looked for */
function firstText(value: unknown, depth = DEEPEST): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (depth === 0 || typeof value !== 'object') return null;
  if (!Array.isArray(value)) return firstText(memberOf(value, 'text') ?? memberOf(value, 'content'), depth - 1);
  for (const item of value) {
    const text = firstText(item, depth - 1);
    if (text !== null) return text;
  }
  return null;
}
