/**
 * JSON as a tree that loses nothing: members in their order, the second of a
 * name too, and scalars by their source. Read slowly and written plainly, so
 * that it can be a second opinion on the canonical text.
 */
export type Json =
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'string'; readonly value: string }
  /** A number, `true`, `false` or `null`. */
  | { readonly kind: 'scalar'; readonly source: string };

export interface Member {
  readonly name: string;
  readonly value: Json;
  /** The value as it was written, where it was read. */
  readonly written?: string;
}

export const string = (value: string): Json => ({ kind: 'string', value });
export const scalar = (source: string): Json => ({ kind: 'scalar', source });
export const array = (items: readonly Json[]): Json => ({ kind: 'array', items });
export const object = (members: readonly Member[]): Json => ({ kind: 'object', members });

export function treeOf(value: unknown): Json {
  if (typeof value === 'string') return string(value);
  if (Array.isArray(value)) return array(value.map(treeOf));
  if (typeof value === 'object' && value !== null)
    return object(Object.entries(value).map(([name, member]) => ({ name, value: treeOf(member) })));
  return scalar(JSON.stringify(value));
}

export function write(json: Json): string {
  switch (json.kind) {
    case 'string':
      return JSON.stringify(json.value);
    case 'scalar':
      return json.source;
    case 'array':
      return `[${json.items.map(write).join(',')}]`;
    case 'object':
      return `{${json.members.map(({ name, value }) => `${JSON.stringify(name)}:${write(value)}`).join(',')}}`;
  }
}

/** @param text that `JSON.parse` takes */
export function parse(text: string): Json {
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)];
  let at = 0;
  const next = () => (tokens[at++] as RegExpExecArray)[0];
  const isNext = (token: string) => tokens[at]?.[0] === token;
  const list = <T>(close: string, item: () => T): T[] => {
    const items: T[] = [];
    while (!isNext(close)) {
      if (items.length > 0) at += 1;
      items.push(item());
    }
    at += 1;
    return items;
  };
  const member = (): Member => {
    const name = JSON.parse(next()) as string;
    at += 1;
    const from = tokens[at] as RegExpExecArray;
    const parsed = value();
    const to = tokens[at - 1] as RegExpExecArray;
    return { name, value: parsed, written: text.slice(from.index, to.index + to[0].length) };
  };
  const value = (): Json => {
    const token = next();
    if (token === '{') return object(list('}', member));
    if (token === '[') return array(list(']', value));
    return token.startsWith('"') ? string(JSON.parse(token) as string) : scalar(token);
  };
  return value();
}

/** Where a value stands in a body, as far as that decides whether the order of its members counts. */
export type Place = 'body' | 'messages' | 'message' | 'content' | 'part' | 'kept';

/** The body, its messages and their content parts: objects whose members reach the model by name, not by order. */
export function isEnvelope(place: Place): boolean {
  return place === 'body' || place === 'message' || place === 'part';
}

/** The place of a member, by its name, or of an item. */
export function placeBelow(place: Place, parent: Json, name?: string): Place {
  if (parent.kind === 'array') return place === 'messages' ? 'message' : place === 'content' ? 'part' : 'kept';
  if (place === 'body' && (name === 'messages' || name === 'input')) return 'messages';
  return place === 'message' && name === 'content' ? 'content' : 'kept';
}
