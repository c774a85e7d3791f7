/**
 * Where two requests differ, as JSON Pointers (RFC 6901) into a request that is
 * written as `{"path", "headers", "body"}`.
 */
import { FORM_FIELDS } from './fields.ts';
import type { Parts } from './fingerprint.ts';
import { headerPointer, tokenOf } from './json-pointer.ts';
import { readTree, type JsonTree } from './tree.ts';

export interface Difference {
  readonly pointer: string;
  /** Its text on either side, cut short; null where it is absent. */
  readonly a: string | null;
  readonly b: string | null;
  /** A reason that the texts do not show. */
  readonly note?: string;
}

/** The most that are reported of one pair. */
export const MAX_DIFFERENCES = 100;
const MAX_EXCERPT = 120;

/** Parts whose pointer is not their name. */
const POINTERS: Readonly<Record<string, string>> = { variant: '/headers/x-refrain-variant' };

/** In the order of reading: who asks whom, then what. At most a hundred. */
export function differencesOf(a: Parts, b: Parts): Difference[] {
  const found: Difference[] = [];
  const note = (difference: Difference) => {
    if (found.length < MAX_DIFFERENCES) found.push(difference);
  };
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (name === 'body' || a[name] === b[name]) continue;
    note({ pointer: pointerOf(name), a: excerpt(a[name]), b: excerpt(b[name]) });
  }
  compareBodies(a.body ?? '', b.body ?? '', note);
  return found;
}

function pointerOf(part: string): string {
  return part.startsWith('header:') ? headerPointer(part) : (POINTERS[part] ?? `/${part}`);
}

type Note = (difference: Difference) => void;

function compareBodies(a: string, b: string, note: Note): void {
  if (a === b) return;
  if (!a.startsWith('json:') || !b.startsWith('json:')) {
    return note({
      pointer: '/body',
      a: excerpt(a),
      b: excerpt(b),
      note: 'JSON readers may understand one of them differently, so the raw bytes are compared',
    });
  }
  const one = readTree(a.slice('json:'.length));
  const other = readTree(b.slice('json:'.length));
  compare('/body', one.tree, other.tree, note);
  if (one.rest !== other.rest) {
    note({
      pointer: `/body/${FORM_FIELDS[0]}`,
      a: excerpt(one.rest.trim()),
      b: excerpt(other.rest.trim()),
      note: `${FORM_FIELDS.join(' or ')} has a value that is not known`,
    });
  }
}

function compare(pointer: string, a: JsonTree, b: JsonTree, note: Note): void {
  if (a.text === b.text) return;
  if ((a.members && b.members) || (a.items && b.items)) compareChildren(pointer, a, b, note);
  else note({ pointer, a: excerpt(a.text), b: excerpt(b.text) });
}

function compareChildren(pointer: string, a: JsonTree, b: JsonTree, note: Note): void {
  const ones = childrenOf(a);
  const others = childrenOf(b);
  for (const name of new Set([...ones.keys(), ...others.keys()])) {
    const one = ones.get(name);
    const other = others.get(name);
    const at = `${pointer}/${tokenOf(name)}`;
    if (one && other) compare(at, one, other, note);
    else note({ pointer: at, a: excerpt(one?.text), b: excerpt(other?.text) });
  }
  const order = [...others.keys()].filter((name) => ones.has(name));
  if ([...ones.keys()].filter((name) => others.has(name)).every((name, index) => name === order[index])) return;
  note({
    pointer,
    a: excerpt(a.text),
    b: excerpt(b.text),
    note: 'the members stand in another order, which a model may follow',
  });
}

function childrenOf({ members, items = [] }: JsonTree): ReadonlyMap<string, JsonTree> {
  return members ?? new Map(items.map((item, index) => [String(index), item]));
}

function excerpt(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.length <= MAX_EXCERPT ? text : `${text.slice(0, MAX_EXCERPT)}…`;
}
