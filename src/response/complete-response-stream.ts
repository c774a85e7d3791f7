/**
 * Whole streams of the Responses API: typed events, the last of which carries
 * the whole `response`.
 */
import type { Expectation, Unkept } from './complete.ts';
import { isAnswering, whyNotItem, whyNotResponse } from './complete-response.ts';
import { isDone, type EventMeaning, StreamValidator } from './complete-stream.ts';
import { hasContent, isContent } from './content.ts';
import { isErrorObject, isObject, type Json, modelOf, parse } from './json.ts';
import type { ServerSentEvent } from './sse.ts';
import { findUsage, laterUsage } from './usage.ts';

/** The events that end a stream; each carries the whole `response`. */
const TERMINAL = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
  'response.done',
]);

/** The end of the names of events that carry a piece. */
const DELTA = '.delta';

/** The event that carries a whole item of the `output`. */
const ITEM_DONE = 'response.output_item.done';

export class ResponseStreamValidator extends StreamValidator {
  readonly #expected: Expectation;
  #isTyped = false;
  /** True where an item has come that says something, or a piece of one. */
  #said = false;
  /** True once a terminal event has come. */
  #isOver = false;
  #unkept: Unkept | null = null;

  constructor(expected: Expectation) {
    super();
    this.#expected = expected;
  }

  protected onEvent({ name, data }: ServerSentEvent): EventMeaning {
    this.#isTyped ||= name.startsWith('response.');
    if (!this.#isToRead(name)) return 'more';
    if (isDone(data)) {
      this.#unkept ??= this.#whyNotOver();
      return 'terminal';
    }
    const parsed = parse(data);
    if (TERMINAL.has(name) && !isObject(parsed)) this.#unkept ??= 'not-json';
    const body = isObject(parsed) ? parsed : {};
    const type = typeof body.type === 'string' ? body.type : name;
    this.#isTyped ||= type.startsWith('response.');
    if (name === 'error' || (isErrorObject(body) && !body.response)) return 'error';
    if (type === ITEM_DONE) this.#see(body.item);
    // Text that is to be JSON is judged in the items alone.
    else if (type.endsWith(DELTA) && !this.#expected.jsonText) this.#said ||= isContent(body.delta);
    if (!TERMINAL.has(type) || !isObject(parsed)) return 'more';
    this.usage = laterUsage(this.usage, findUsage(body));
    this.#finish(type, isObject(body.response) ? body.response : {});
    return 'terminal';
  }

  /** An event that its name describes is read only where it carries something whole, or is the first to speak. */
  #isToRead(name: string): boolean {
    if (!name.startsWith('response.') || name === ITEM_DONE || TERMINAL.has(name)) return true;
    return !this.#said && name.endsWith(DELTA);
  }

  #see(item: unknown): void {
    if (!isObject(item)) {
      this.#unkept ??= 'not-json';
      return;
    }
    this.#unkept ??= whyNotItem(item, this.#expected, false);
    this.#said ||= isAnswering(item) || hasContent(item);
  }

  /** The event that ends the stream says the same as the response that it carries, if that says it at all. */
  #finish(type: string, response: Json): void {
    const word = type === 'response.done' ? 'completed' : type.slice('response.'.length);
    const status = response.status ?? word;
    this.#unkept ??= whyNotResponse({ ...response, status }, this.#expected, this.#said);
    if (type !== 'response.done' && word !== String(status).toLowerCase()) this.#unkept ??= 'unfinished';
    this.model ??= modelOf(response);
    this.answerId = typeof response.id === 'string' ? response.id : null;
    this.#isOver = true;
  }

  protected whyNot(): Unkept | null {
    return this.#unkept ?? this.#whyNotOver();
  }

  #whyNotOver(): Unkept | null {
    if (this.#isOver) return null;
    return this.#isTyped ? 'unfinished' : 'dialect';
  }
}
