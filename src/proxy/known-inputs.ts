/**
 * The inputs of a batch that are known, as the store has them: each in the entry of a request with that input alone.
 */
import { setImmediate } from 'node:timers/promises';
import { isOfFuture } from '../cache/freshness.ts';
import type { Question } from '../cache/question.ts';
import type { InputBatch } from '../items/batch.ts';
import { readItems } from '../items/item-answer.ts';
import { joinItems, type AnsweredItem } from '../items/join.ts';
import { usageOf } from '../items/usage-counts.ts';
import type { EntryStore, Found } from '../store/store.ts';
import { withOtherBytes } from './joining-writer.ts';

/** An input that is known, with the entry that has it. */
export interface KnownInput extends AnsweredItem {
  readonly found: Found;
}

/** By the number of the input. */
export type KnownInputs = ReadonlyMap<number, KnownInput>;

export const NOTHING_KNOWN: KnownInputs = new Map();

/** How many keys are looked up, and how many entries read, before others have their turn. */
const AT_ONCE = 256;

/**
 * @param mayHold is told how many bytes more were found, and tests whether so much may be held
 * @returns nothing but what lies under the first key where it may not
 */
export async function findMany(
  store: EntryStore,
  keys: readonly string[],
  mayHold: (bytes: number) => boolean,
): Promise<ReadonlyMap<string, Found>> {
  const [first = ''] = keys;
  const all = new Map<string, Found>();
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    let bytes = 0;
    for (const [key, found] of await store.getMany(keys.slice(at, at + AT_ONCE))) {
      all.set(key, found);
      if (key !== first) bytes += found.entry.body.length;
    }
    if (!mayHold(bytes)) return new Map([...all].filter(([key]) => key === first));
  }
  return all;
}

/** @param keys of the inputs @param all that was found */
export async function readKnown(
  { expected }: Question,
  keys: readonly string[],
  all: ReadonlyMap<string, Found>,
): Promise<KnownInputs> {
  const known = new Map<number, KnownInput>();
  for (const [input, key] of keys.entries()) {
    if (input % AT_ONCE === AT_ONCE - 1) await setImmediate();
    const found = all.get(key);
    // One of several variants is for those alone who ask as its request did, and the flight is for all who ask so.
    if (found === undefined || found.entry.variant !== undefined) continue;
    const answer = readItems(expected.endpoint, found.entry.body, 1);
    const item = answer?.items[0];
    if (answer && item) known.set(input, { answer, item, usage: answer.usage, found });
  }
  return known;
}

/** The length of the answer to a whole batch, in characters: what is not known of it is as long as what is. */
export function lengthOfAll({ places }: InputBatch, known: ReadonlyMap<number, AnsweredItem>): number {
  const longest = known.values().reduce((most, { item }) => Math.max(most, item.text.length), 0);
  return places.reduce((sum, input) => sum + (known.get(input)?.item.text.length ?? longest), 0);
}

/**
 * The entry of a whole batch, as if it were kept: as old as the oldest of its items; where a clock ahead of this one
 * has dated any of them, its age is not known either.
 * @param known all of its inputs @returns undefined where they do not fit together
 */
export function joinKnown(
  { expected }: Question,
  batch: InputBatch,
  known: KnownInputs,
  now: number,
): Found | undefined {
  const items = batch.inputs.map((_, input) => known.get(input) as KnownInput);
  const base = items.reduce((last, item) => (item.found.entry.storedAt > last.found.entry.storedAt ? item : last));
  const joined = joinItems(batch, items, base.answer);
  if (joined === null) return undefined;
  const earliest = (time: 'storedAt' | 'expiresAt') =>
    items.reduce((first, { found }) => Math.min(first, found.entry[time]), Infinity);
  const { head, call } = base.found.entry;
  const entry = {
    head: withOtherBytes(head),
    body: Buffer.from(joined.text),
    storedAt: isOfFuture(base.found.entry, now) ? base.found.entry.storedAt : earliest('storedAt'),
    expiresAt: earliest('expiresAt'),
    answerId: null,
    ...(call && { call: { ...call, usage: usageOf(expected.endpoint, joined.usage) } }),
  };
  // The slowest that was asked for any of them.
  const { tier } = (items.find(({ found }) => found.tier !== base.found.tier && base.found.tier === 'memory') ?? base)
    .found;
  return { entry, tier };
}
