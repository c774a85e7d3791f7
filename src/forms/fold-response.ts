/**
 * A response from the events that brought it: the last one carries it. The others must be known, and its items the ones
 * that they have brought.
 */
import { isDeepStrictEqual } from 'node:util';
import { readTypedEvents, type TypedEvent } from './events.ts';
import { type KnownMembers, readKnown, readList } from './known-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import { RESPONSE_EVENTS } from './response-events.ts';
import { readResponse } from './response-object.ts';
import { readItem } from './response-item.ts';
import { memberOf, type SourceValue } from './source-value.ts';
import { refuseUncounted } from './usage-rule.ts';

const NOTHING_KNOWN: ReadonlySet<string> = new Set();

/** The events that say how a stream begins and ends. */
const BEGINNING = 'response.created';
const ENDINGS: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete']);
const ITEM_DONE = 'response.output_item.done';

export function foldResponse(stream: string): string {
  const response = new GatheredResponse();
  for (const event of readTypedEvents(stream)) response.add(event);
  return response.write();
}

class GatheredResponse {
  /** The items that are done, each at its place. */
  readonly #items: SourceValue[] = [];
  #events = 0;
  #isNumbered = true;
  #last: TypedEvent | null = null;

  /** Events are numbered from 0 without gaps, or by servers such as llama.cpp and aimock not at all. */
  add(event: TypedEvent): void {
    const { type, body } = event;
    const members = readKnown(body, RESPONSE_EVENTS.get(type) ?? NOTHING_KNOWN);
    const number = members.get('sequence_number')?.text;
    if (this.#events === 0) this.#isNumbered = number !== undefined;
    refuseIf(number !== (this.#isNumbered ? String(this.#events) : undefined), 'an event out of its order');
    refuseIf((this.#events === 0) !== (type === BEGINNING), 'a stream that does not begin once');
    refuseIf(this.#last !== null, 'an event after the end');
    this.#events += 1;
    if (ENDINGS.has(type)) this.#last = event;
    if (type === ITEM_DONE) this.#addItem(members);
  }

  #addItem(members: KnownMembers): void {
    const item = members.get('item') ?? refuse('an item that is none');
    const place = members.get('output_index')?.text;
    const isPlaced = this.#isNumbered || place !== undefined;
    refuseIf(isPlaced && place !== String(this.#items.length), 'an item out of its order');
    readItem(item);
    this.#items.push(item);
  }

  write(): string {
    const { type, body } = this.#last ?? refuse('a stream without its end');
    const { text, members, ending } = readResponse(memberOf(body, 'response'));
    refuseIf(ending !== type, 'a response that ends otherwise than its stream');
    refuseUncounted(members.get('usage')?.text);
    const items = readList(members.get('output'));
    refuseIf(items.length !== this.#items.length, 'items that were not brought');
    for (const [at, item] of this.#items.entries()) refuseIf(!isSame(item, items[at]), 'another item than was brought');
    return text;
  }
}

function isSame(one: SourceValue, other: SourceValue | undefined): boolean {
  if (other === undefined) return false;
  return one.text === other.text || isDeepStrictEqual(JSON.parse(one.text), JSON.parse(other.text));
}
