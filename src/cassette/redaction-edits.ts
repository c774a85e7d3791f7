/**
 * The places of a text that are redacted. A text that is JSON is redacted value by value, however deep it lies in
 * strings of others, so that it stays what it is.
 */
import { documentsOf, isList, type BodyDocument, type BodyDocuments } from './body-documents.ts';
import { sourceOffset, textOfString, walkJson } from './json-walk.ts';
import { channelsOf, type TextChannel, textOfChannel } from './text-channels.ts';

/** The text for all that is redacted: the same for every value, so that requests with other secrets are equal. */
export const REDACTED = 'REDACTED';

/** In a document of JSON. */
const REDACTED_VALUE = JSON.stringify(REDACTED);

/** Text that stands in the place of what is between two places, its end excluded. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The matches of all patterns in a text, none of them empty, in order and apart. */
export type FindMatches = (text: string) => readonly TextSpan[];

export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** Tests whether the value on this path is redacted whole. */
export type IsPointed = (path: readonly string[]) => boolean;

/**
 * @param type the media type, or undefined
 * @returns the body as it may be kept; null where something in it would still be found
 */
export function redactText(
  body: string,
  type: string | undefined,
  isPointed: IsPointed,
  find: FindMatches,
): string | null {
  const { documents } = documentsOf(body, type);
  const edits = documents.flatMap((document) => editsOfValues(document, isPointed, find));
  for (const channel of channelsOf(documents)) {
    const found = editsIn(textOfChannel(channel), find, 0);
    if (found.length > 0 && channel.isFixed) return null;
    edits.push(...found.flatMap((edit) => [...editsOfChannel(channel, edit)]));
  }
  if (edits.length === 0) return isLeft(body, find) ? null : body;
  const redacted = applyEdits(body, edits);
  return isClean(redacted, documentsOf(redacted, type), find) ? redacted : null;
}

/** @param edits in any order; one inside another is part of it */
function applyEdits(source: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < at) continue;
    pieces.push(source.slice(at, start), text);
    at = end;
  }
  return pieces.join('') + source.slice(at);
}

/** Values that a pointer names, and numbers with a match. */
function editsOfValues(document: BodyDocument, isPointed: IsPointed, find: FindMatches): Edit[] {
  const { text, sourceAt } = document;
  const edits: Edit[] = [];
  const isJson = walkJson(text, (kind, path, start, end) => {
    if (kind === 'name') return;
    if (isPointed(path) || (kind === 'scalar' && isMatchedNumber(text.slice(start, end), find)))
      edits.push({ start: sourceAt(start), end: sourceAt(end), text: REDACTED_VALUE });
  });
  return isJson ? edits : [];
}

function isMatchedNumber(source: string, find: FindMatches): boolean {
  return /^[-\d]/.test(source) && find(source).length > 0;
}

/** How deep JSON is looked for in strings of JSON. */
const MAX_NESTING = 4;

function editsIn(text: string, find: FindMatches, depth: number): Edit[] {
  if (depth < MAX_NESTING && isList(text)) {
    const edits: Edit[] = [];
    const isJson = walkJson(text, (kind, _path, start, end) => {
      const source = text.slice(start, end);
      if (kind === 'scalar' && isMatchedNumber(source, find)) edits.push({ start, end, text: REDACTED_VALUE });
      if (kind === 'string') edits.push(...editsOfString(source.slice(1, -1), start + 1, find, depth + 1));
    });
    if (isJson) return edits;
  }
  return find(text).map(({ start, end }) => ({ start, end, text: REDACTED }));
}

/** @param at the place of the source in the text that it is a string of */
function editsOfString(source: string, at: number, find: FindMatches, depth: number): Edit[] {
  return editsIn(textOfString(source), find, depth).map(({ start, end, text }) => ({
    start: at + sourceOffset(source, start),
    end: at + sourceOffset(source, end),
    text: inString(text),
  }));
}

/** An edit of a channel is one of each fragment that it reaches into; the first of them gets the text. */
function* editsOfChannel({ fragments }: TextChannel, edit: Edit): Generator<Edit, void, undefined> {
  let offset = 0;
  for (const { document, text, source, start } of fragments) {
    const [from, to] = [Math.max(edit.start - offset, 0), Math.min(edit.end - offset, text.length)];
    const isFirst = edit.start >= offset && edit.start < offset + text.length;
    offset += text.length;
    if (from >= to) continue;
    const placeOf = (at: number) => document.sourceAt(start + (source === text ? at : sourceOffset(source, at)));
    const isString = start > 0;
    yield { start: placeOf(from), end: placeOf(to), text: isFirst ? (isString ? inString(edit.text) : edit.text) : '' };
  }
}

/** A text as it stands in a string of JSON. */
function inString(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function isClean(body: string, { documents }: BodyDocuments, find: FindMatches): boolean {
  return !isLeft(body, find) && channelsOf(documents).every((channel) => !isLeft(textOfChannel(channel), find));
}

/** Tests whether something is found that is not redacted: a pattern may fit the text that stands for it. */
export function isLeft(text: string, find: FindMatches): boolean {
  return find(text).some(({ start, end }) => !text.slice(start, end).includes(REDACTED));
}
