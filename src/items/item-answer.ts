/**
 * An answer with one item for each input, as slices of its text. What is not known of it by name, or may depend on all
 * of its inputs, ends the reading: such an answer stays whole.
 */
import { isUtf8 } from 'node:buffer';
import type { Endpoint } from '../endpoint.ts';
import { readCounts, type UsageCounts } from './usage-counts.ts';
import { afterSpace, eachItem, endOfValue, sliceObject } from './slices.ts';

export interface ItemAnswer {
  readonly list: ListName;
  /** Source text of each member but the items and the usage, in order; null in the place of these. */
  readonly members: readonly (readonly [name: string, text: string | null])[];
  readonly model: string | undefined;
  /** In the order of the inputs. */
  readonly items: readonly Item[];
  /** Null where it does not say. */
  readonly usage: UsageCounts | null;
}

export interface Item {
  readonly text: string;
  /** Where its number stands in the text; null where it has none. */
  readonly number: readonly [start: number, end: number] | null;
}

/** The members of an answer that do not depend on its inputs, beside its list and its usage. */
interface AnswerShape {
  readonly list: ListName;
  readonly isNumbered: boolean;
  readonly members: ReadonlySet<string>;
}

type ListName = 'data' | 'results';

const SHAPES: { readonly [Name in Endpoint]?: AnswerShape } = {
  embeddings: {
    list: 'data',
    isNumbered: true,
    members: new Set(['object', 'data', 'model', 'usage', 'id', 'created']),
  },
  moderations: { list: 'results', isNumbered: false, members: new Set(['id', 'model', 'results', 'usage']) },
};

/** @param body of a whole answer @param count of its inputs @returns null where it stays whole */
export function readItems(endpoint: Endpoint, body: Buffer, count: number): ItemAnswer | null {
  const shape = SHAPES[endpoint];
  if (shape === undefined || !isUtf8(body)) return null;
  const text = body.toString();
  const object = sliceObject(text, afterSpace(text, 0));
  if (object === null || !object.names.every((name) => shape.members.has(name))) return null;
  const { names, starts, ends } = object;
  const valueOf = (name: string) => {
    const at = names.indexOf(name);
    return at === -1 ? undefined : text.slice(starts[at], ends[at]);
  };
  const usage = readCounts(valueOf('usage'));
  const list = names.indexOf(shape.list);
  if (usage === 'unknown' || list === -1) return null;
  const items = sliceItems(text, starts[list] as number, shape.isNumbered);
  const ordered = items && inOrder(text, items, count);
  if (!ordered) return null;
  const members = names.map((name) => [name, name === shape.list || name === 'usage' ? null : valueOf(name)] as const);
  return {
    list: shape.list,
    members: members as ItemAnswer['members'],
    model: valueOf('model'),
    usage,
    items: ordered.map(({ start, end, number }) => ({
      text: text.slice(start, end),
      number: number && [number[0] - start, number[1] - start],
    })),
  };
}

/** An item by its place in the text of the answer. */
interface ItemSpan {
  readonly start: number;
  readonly end: number;
  readonly number: readonly [start: number, end: number] | null;
}

function sliceItems(text: string, at: number, isNumbered: boolean): ItemSpan[] | null {
  const items: ItemSpan[] = [];
  const isRead = eachItem(text, at, (start) => {
    if (!isNumbered) {
      const end = endOfValue(text, start);
      items.push({ start, end, number: null });
      return end;
    }
    const item = sliceObject(text, start);
    if (item === null || item.names.length === 0) return null;
    const index = item.names.indexOf('index');
    const number = index === -1 ? null : ([item.starts[index] as number, item.ends[index] as number] as const);
    items.push({ start, end: item.end, number });
    return item.end;
  });
  return isRead ? items : null;
}

/** By their numbers; what has none takes the places that are left, in turn. */
function inOrder(text: string, items: readonly ItemSpan[], count: number): readonly ItemSpan[] | null {
  if (items.length !== count) return null;
  const ordered: (ItemSpan | undefined)[] = Array.from({ length: count });
  const unnumbered: ItemSpan[] = [];
  for (const item of items) {
    const number = item.number === null ? 'null' : text.slice(...item.number);
    if (number === 'null') {
      unnumbered.push(item);
      continue;
    }
    const place = Number(number);
    if (!Number.isInteger(place) || place < 0 || place >= count || ordered[place] !== undefined) return null;
    ordered[place] = item;
  }
  let next = 0;
  return ordered.map((item) => item ?? (unnumbered[next++] as ItemSpan));
}
