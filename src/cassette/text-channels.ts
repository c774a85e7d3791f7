/**
 * The texts of a body as their readers see them: what a stream says in many events of one choice, of one tool call's
 * arguments, of one part of a content, is one text. Each keeps the fragments that it is made of.
 */
import { tokenOf } from '../request/json-pointer.ts';
import type { BodyDocument } from './body-documents.ts';
import { textOfString, walkJson } from './json-walk.ts';

export interface TextChannel {
  /** Where its first fragment stands; empty for a document that is no JSON. */
  readonly path: readonly string[];
  /** It is the tokens of a list of probabilities, or the names of the members: to be read, not to be changed. */
  readonly isFixed: boolean;
  readonly fragments: TextFragment[];
}

export interface TextFragment {
  readonly document: BodyDocument;
  readonly text: string;
  /** Its source in the document, without quotes. */
  readonly source: string;
  readonly start: number;
}

/** The members by which events say which text they continue. */
const PLACES: ReadonlySet<string> = new Set([
  'type',
  'item_id',
  'output_index',
  'content_index',
  'summary_index',
  'index',
]);

/** Members that say the same in each event, or nothing: one after the other they are no text. */
const NO_TEXT: ReadonlySet<string> = new Set([
  ...['id', 'object', 'model', 'type', 'role', 'name', 'status', 'obfuscation', 'signature', 'system_fingerprint'],
  ...['service_tier', 'finish_reason', 'stop_reason', 'item_id', 'call_id', 'response_id', 'tool_use_id'],
]);

/** @param documents of one body, in order */
export function channelsOf(documents: readonly BodyDocument[]): readonly TextChannel[] {
  const channels: TextChannel[] = [];
  const continued = new Map<string, TextChannel>();
  for (const document of documents) {
    const { text } = document;
    const whole = (path: readonly string[], of: string, isFixed: boolean) =>
      channels.push({ path, isFixed, fragments: [{ document, text: of, source: of, start: 0 }] });
    const read = readDocument(document);
    if (read === null) {
      whole([], text, false);
      continue;
    }
    for (const { path, ...fragment } of read.texts) {
      const isFixed = isOfTokens(path);
      // In one document each text but that of tokens is whole.
      const id = documents.length === 1 && !isFixed ? null : idOf(path, read);
      place(channels, continued, id, { path, isFixed, fragments: [fragment] });
    }
    for (const name of read.names) whole([name], name, true);
  }
  return channels;
}

/** Among the others, or at the end of the one that it continues. */
function place(channels: TextChannel[], continued: Map<string, TextChannel>, id: string | null, next: TextChannel) {
  const channel = id === null ? undefined : continued.get(id);
  if (channel !== undefined) {
    channel.fragments.push(...next.fragments);
    return;
  }
  channels.push(next);
  if (id !== null) continued.set(id, next);
}

export function textOfChannel({ fragments }: TextChannel): string {
  return fragments.length === 1 ? (fragments[0]?.text ?? '') : fragments.map(({ text }) => text).join('');
}

interface ReadDocument {
  readonly texts: readonly (TextFragment & { readonly path: readonly string[] })[];
  /** The values of those members by which it says which text it continues. */
  readonly place: string;
  /** The `index` of each item of an array that has one, by the path of the item: deltas may name any place. */
  readonly indexes: ReadonlyMap<string, string>;
  /** Names of members that are so long that they may be data. */
  readonly names: readonly string[];
}

const LONG_NAME = 12;

function readDocument(document: BodyDocument): ReadDocument | null {
  const { text } = document;
  const texts: ReadDocument['texts'][number][] = [];
  const indexes = new Map<string, string>();
  const names: string[] = [];
  let place = '';
  const isJson = walkJson(text, (kind, path, start, end, name) => {
    const isPlace = path.length === 1 && PLACES.has(path[0] as string);
    if (isPlace && kind !== 'name') place += `${path[0]} ${text.slice(start, end)} `;
    if (kind === 'string') {
      const source = text.slice(start + 1, end - 1);
      texts.push({ document, text: textOfString(source), source, start: start + 1, path: path.slice() });
    } else if (kind === 'scalar' && path.at(-1) === 'index') {
      indexes.set(path.slice(0, -1).join('/'), text.slice(start, end));
    } else if (kind === 'name' && name.length >= LONG_NAME) names.push(name);
  });
  return isJson ? { texts, place, indexes, names } : null;
}

/** The name of the channel that a text continues; null for one that is whole. */
function idOf(path: readonly string[], { place, indexes }: ReadDocument): string | null {
  if (NO_TEXT.has(path.at(-1) ?? '')) return null;
  const isTokens = isOfTokens(path);
  if (!isTokens && indexes.size === 0) return `${place}/${path.join('/')}`;
  const from = path.indexOf('logprobs');
  const names = path.map((name, at) => {
    if (!isIndex(name)) return name;
    return isTokens && at > from ? '*' : (indexes.get(path.slice(0, at + 1).join('/')) ?? name);
  });
  return `${place}/${names.join('/')}`;
}

/** `/choices/0/logprobs/content/5/token`, and `/choices/0/logprobs/tokens/5` of text completions. */
function isOfTokens(path: readonly string[]): boolean {
  const isToken = path.at(-1) === 'token' || path.at(-2) === 'tokens';
  return isToken && path.includes('logprobs') && !path.includes('top_logprobs');
}

export function pointerOf(path: readonly string[]): string {
  let pointer = '';
  for (const name of path) pointer += `/${tokenOf(name)}`;
  return pointer;
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

function isIndex(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= DIGIT_0 && first <= DIGIT_9;
}
