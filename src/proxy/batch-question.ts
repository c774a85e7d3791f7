/**
 * A batch, put to the cache: each input is looked up, asked for and kept as a request with that input alone is.
 *
 * The flight is that of the whole batch, under its key, and so is what its readers get. Where some inputs are known, it
 * asks the upstream for the others.
 */
import type { Outcome } from '../cache/outcome.ts';
import type { Fetch } from '../cache/flight.ts';
import { freshnessOf } from '../cache/freshness.ts';
import { type AnswerInItems, type Question, withoutStale } from '../cache/question.ts';
import { variantOf } from '../cache/variants.ts';
import { type InputBatch, bodyFor, maySplit, readBatch } from '../items/batch.ts';
import { readItems } from '../items/item-answer.ts';
import { itemKeys, type ItemKeys } from '../items/item-keys.ts';
import { answerOf, isJoinedAlike, itemsOf, joinItems, type AnsweredItem } from '../items/join.ts';
import { sumOf, usageOf } from '../items/usage-counts.ts';
import type { ItemCounts } from '../headers/response-headers.ts';
import type { Parts } from '../request/fingerprint.ts';
import { showsCredential } from '../request/stored-request.ts';
import { WholeBody } from '../request/whole-body.ts';
import { compact, type Entry } from '../response/entry.ts';
import type { Usage } from '../response/usage.ts';
import type { Writer } from '../response/writer.ts';
import type { Found } from '../store/store.ts';
import { fetcherFor } from './fetcher.ts';
import { BatchLookup } from './batch-lookup.ts';
import { type KnownInput, type KnownInputs, lengthOfAll } from './known-inputs.ts';
import { JoiningWriter, withOtherBytes } from './joining-writer.ts';
import type { NamedRequest } from './named-request.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';

/** @returns null where the request goes whole: as one of several samples, too */
export function batchOf(proxy: ProxyDependencies, request: NamedRequest, question: Question): BatchQuestion | null {
  const { head, keyContext, keyed, body } = request;
  const isList = keyed.inputs !== null && head.policy.items && request.sample === undefined;
  if (!isList || !maySplit(keyContext.endpoint, head.raw.rawHeaders)) return null;
  const batch = readBatch(body.bytes);
  const keys = batch && itemKeys(keyContext, batch);
  return batch && keys && new BatchQuestion(proxy, request, question, batch, keys);
}

/** A request by its key, and by what that is made of. */
export interface KeyedParts {
  readonly key: string;
  readonly parts: Parts;
}

export class BatchQuestion implements AnswerInItems {
  readonly keys: readonly string[];
  readonly #proxy: ProxyDependencies;
  readonly #request: NamedRequest;
  readonly #question: Question;
  readonly #batch: InputBatch;
  readonly #itemKeys: ItemKeys;
  readonly #lookup: BatchLookup;
  #isFetching = false;
  /** The inputs that were asked for and have come, where others were known. */
  #fetched: ReadonlyMap<number, AnsweredItem> | null = null;
  /** When the oldest of what the last call did without was stored. */
  #oldest = Infinity;
  /** Of the last call; filled in as that goes on. */
  readonly #counts: { -readonly [Name in keyof ItemCounts]: ItemCounts[Name] };

  constructor(proxy: ProxyDependencies, request: NamedRequest, question: Question, batch: InputBatch, keys: ItemKeys) {
    this.#proxy = proxy;
    this.#request = request;
    this.#question = question;
    this.#batch = batch;
    this.#itemKeys = keys;
    this.keys = keys.keys;
    this.#counts = { hit: 0, fetched: batch.places.length, spared: null };
    this.#lookup = new BatchLookup(proxy, question, batch);
  }

  get hasKnown(): boolean {
    return this.#lookup.known.size > 0;
  }

  get age(): number {
    return Math.max(0, (this.#proxy.clock.now() - this.#oldest) / 1000);
  }

  /** Null where another request's call answers it. */
  countsOf({ word }: Outcome): ItemCounts | null {
    if (word === 'hit') return { hit: this.#batch.places.length, fetched: 0, spared: null };
    return word === 'miss' ? this.#counts : null;
  }

  async find(key: string): Promise<Found | undefined> {
    // A variant of the whole answer.
    return key === this.#question.key ? this.#lookup.find(this.keys) : this.#proxy.store.get(key);
  }

  /** Its request has its result: what is known is held for a call alone that goes on. */
  release(): void {
    if (!this.#isFetching) this.#lookup.held.letGo();
  }

  readonly fetch: Fetch = (writer, whenOver) => {
    const { places } = this.#batch;
    this.#isFetching = true;
    void whenOver.then(() => {
      this.#isFetching = false;
      this.#lookup.held.letGo();
    });
    const now = this.#proxy.clock.now();
    // Followers of the flight may have permitted less: nothing that has expired.
    const permission = withoutStale(this.#question.permission);
    const isFresh = ({ found }: KnownInput) => freshnessOf(found.entry, permission, now) === 'fresh';
    const known = new Map(this.#lookup.known.entries().filter(([, input]) => isFresh(input)));
    const asked = this.keys
      .keys()
      .filter((input) => !known.has(input))
      .toArray();
    this.#fetched = null;
    this.#oldest = Infinity;
    this.#count(places.length);
    const isWhole = asked.length === 0 || asked.length === places.length || this.#lookup.whyWhole !== null;
    if (isWhole) return this.#question.fetch(writer, whenOver);
    this.#count(asked.length);
    this.#oldest = known.values().reduce((oldest, { found }) => Math.min(oldest, found.entry.storedAt), Infinity);
    this.#fetchSome(asked, known, writer, whenOver);
  };

  split(entry: Entry): readonly (readonly [string, Entry])[] | null {
    if (entry.variant !== undefined) return null;
    const fetched = this.#fetched;
    const items = fetched ?? this.#itemsOf(entry.body);
    if (items === null) return null;
    const entries = Array.from(
      items,
      ([input, item]) => [this.keys[input] as string, this.#entryOf(entry, input, item)] as const,
    );
    // Joined, its items would have numbers, or other white space around them: a repeat is served as it was sent.
    const inOrder = () => Array.from(this.keys, (_, input) => items.get(input) as AnsweredItem);
    const isOther = fetched === null && !isJoinedAlike(this.#batch, inOrder(), entry.body);
    return isOther ? [...entries, [this.#question.key, entry]] : entries;
  }

  /** The same question, to be answered item by item. */
  get question(): Question {
    return { ...this.#question, items: this, fetch: this.fetch };
  }

  /** True where some of the batch was known when it was asked for. */
  get isPart(): boolean {
    return this.#counts.hit > 0 || this.#lookup.whyWhole !== null;
  }

  /** Its first input, as a request with that alone: under its key lies what is kept. */
  get firstItem(): KeyedParts {
    const { keyContext } = this.#request;
    return { key: this.keys[0] as string, parts: { ...keyContext.parts, body: this.#itemKeys.bodyOf(0) } };
  }

  /** The reason of a miss on that. */
  explain(): string {
    const { hit, fetched } = this.#counts;
    return this.#lookup.whyWhole ?? `${fetched} of ${hit + fetched} inputs are not kept`;
  }

  #count(fetched: number): void {
    Object.assign(this.#counts, { hit: this.#batch.places.length - fetched, fetched, spared: null });
  }

  #fetchSome(asked: readonly number[], known: KnownInputs, writer: Writer, whenOver: Promise<unknown>): void {
    const { head, body } = this.#request;
    const { expected, fetch } = this.#question;
    // The whole batch may yet be needed.
    body.hold();
    void whenOver.then(() => body.release());
    const part = new WholeBody([bodyFor(this.#batch, asked)]);
    const joining = new JoiningWriter(writer, {
      expected: { ...expected, inputs: asked.length },
      maxBytes: this.#proxy.cache.maxEntryBytes,
      held: this.#lookup.held,
      mayJoin: (head) => variantOf(head, this.#question.sent) === null,
      join: (answer) => this.#join(answer, asked, known),
      age: Math.floor(this.age),
      askWhole: () => {
        this.#oldest = Infinity;
        this.#count(this.#batch.places.length);
        fetch(writer, whenOver);
      },
    });
    fetcherFor(this.#proxy, head, part, true)(joining, whenOver);
    part.release();
  }

  /** The answer to the whole batch, from that to some inputs and what is known of the others. */
  #join(body: Buffer, asked: readonly number[], known: KnownInputs): { body: Buffer; spared: Usage | null } | null {
    const { inputs, places } = this.#batch;
    const answer = readItems(this.#question.expected.endpoint, body, asked.length);
    if (answer === null) return null;
    const weights = asked.map((input) => inputs[input]?.weight ?? 1);
    const fetched = new Map(itemsOf(answer, weights).map((item, at) => [asked[at] as number, item]));
    if (lengthOfAll(this.#batch, new Map([...known, ...fetched])) > this.#proxy.cache.maxEntryBytes) return null;
    const items = inputs.map((_, input) => (fetched.get(input) ?? known.get(input)) as AnsweredItem);
    const joined = joinItems(this.#batch, items, answer);
    if (joined === null) return null;
    // At its first place an input was asked for.
    const isSpared = (input: number, place: number) => !fetched.has(input) || places.indexOf(input) !== place;
    const sparedItems = places.filter(isSpared).map((input) => items[input]?.usage ?? null);
    const spared = usageOf(this.#question.expected.endpoint, sumOf(sparedItems));
    this.#fetched = fetched;
    this.#counts.spared = spared;
    for (const input of known.keys()) this.#proxy.store.use(this.keys[input] as string);
    return { body: Buffer.from(joined.text), spared };
  }

  #itemsOf(body: Buffer): ReadonlyMap<number, AnsweredItem> | null {
    const { inputs, places } = this.#batch;
    const answer = readItems(this.#question.expected.endpoint, body, places.length);
    if (answer === null) return null;
    const items = itemsOf(
      answer,
      places.map((input) => inputs[input]?.weight ?? 1),
    );
    const first = new Map<number, AnsweredItem>();
    for (const [place, input] of places.entries())
      if (!first.has(input)) first.set(input, items[place] as AnsweredItem);
    return first;
  }

  #entryOf(entry: Entry, input: number, item: AnsweredItem): Entry {
    const { keyContext } = this.#request;
    const text = Buffer.from(answerOf(item));
    const keepsParts = this.#proxy.keepsPrompts && !showsCredential(keyContext.parts);
    const parts = keepsParts ? { ...keyContext.parts, body: this.#itemKeys.bodyOf(input) } : null;
    return {
      ...entry,
      head: withOtherBytes(entry.head),
      body: compact([text], text.length),
      ...(entry.call && { call: { ...entry.call, usage: usageOf(keyContext.endpoint, item.usage) } }),
      ...(entry.request && { request: { ...entry.request, parts } }),
    };
  }
}
