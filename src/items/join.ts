/**
 * Answers from items: of one input, as it is kept, and of a batch, as it is sent. Each item keeps its text, but for its
 * number.
 */
import type { InputBatch } from './batch.ts';
import type { Item, ItemAnswer } from './item-answer.ts';
import { shareOut, sumOf, type UsageCounts, usageText } from './usage-counts.ts';

/** An answer to one input. */
export interface AnsweredItem {
  readonly answer: ItemAnswer;
  readonly item: Item;
  readonly usage: UsageCounts | null;
}

export interface JoinedAnswer {
  readonly text: string;
  readonly usage: UsageCounts | null;
}

/** The items of an answer, each with its share of what all took. @param weights of its inputs, in their order */
export function itemsOf(answer: ItemAnswer, weights: readonly number[]): readonly AnsweredItem[] {
  const shares = shareOut(answer.usage, weights);
  return answer.items.map((item, at) => ({ answer, item, usage: shares[at] ?? null }));
}

/** The answer that its input alone would have got. */
export function answerOf({ answer, item, usage }: AnsweredItem): string {
  const { number } = item;
  return written(answer, [number === null ? item.text : numbered(item, 0)], usage);
}

/**
 * @param places the number of the item at each place
 * @param base the answer whose other members it has
 * @returns null where the items are of different models, or do not count the same
 */
export function joinItems(
  { places }: Pick<InputBatch, 'places'>,
  items: readonly AnsweredItem[],
  base: ItemAnswer,
): JoinedAnswer | null {
  if (items.some(({ answer }) => answer.model !== base.model)) return null;
  const all = places.map((at) => items[at] as AnsweredItem);
  const usage = sumOf(all.map(({ usage }) => usage));
  if (usage === 'unknown') return null;
  const isNumbered = base.list === 'data';
  const texts = all.map(({ item }, place) => (isNumbered ? numbered(item, place) : item.text));
  return { text: written(base, texts, usage), usage };
}

/** Tests whether the items of an answer, put together, are that answer again, to the byte. */
export function isJoinedAlike(batch: InputBatch, items: readonly AnsweredItem[], body: Buffer): boolean {
  const [first] = items;
  return first !== undefined && joinItems(batch, items, first.answer)?.text === body.toString();
}

function written({ members, list }: ItemAnswer, items: readonly string[], usage: UsageCounts | null): string {
  const texts = members.map(([name, text]) => {
    const value = text ?? (name === list ? `[${items.join(',')}]` : usageText(usage));
    return `${JSON.stringify(name)}:${value}`;
  });
  return `{${texts.join(',')}}`;
}

function numbered({ text, number }: Item, place: number): string {
  if (number === null) return `{"index":${place},${text.slice(1)}`;
  return text.slice(0, number[0]) + place + text.slice(number[1]);
}
