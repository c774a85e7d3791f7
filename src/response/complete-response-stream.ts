/**
 * Whole streams of the Responses API: typed events, the last of which carries
 * the whole `response`.
 */
import type { Expectation, Unkept, Verdict } from './complete.ts';
import { isAnswering, whyNotItem, whyNotResponse } from './complete-response.ts';
import { DONE, ERROR_EVENT, type Meaning, StreamJudge } from './complete-stream.ts';
import { isObject, parse } from './json.ts';
import type { ServerSentEvent } from './sse.ts';
import { readUsage } from './usage.ts';

/** The events that end a stream; each carries the whole `response`. */
const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled', 'response.done']);

/** The event that carries a whole item of the `output`. */
const ITEM_DONE = 'response.output_item.done';

export class ResponseStreamJudge extends StreamJudge {
  readonly #expected: Expectation;
  #events = 0;
  #isTyped = false;
  /** Whether an item has come that answers. */
  #isAnswered = false;
  /** Whether a terminal event has come. */
  #isOver = false;
  #answerId: string | null = null;
  #unkept: Unkept | null = null;

  constructor(expected: Expectation) {
    super();
    this.#expected = expected;
  }

  protected understand({ name, data }: ServerSentEvent): Meaning {
    this.#events++;
    this.#isTyped ||= name.startsWith('response.');
    // A named event says what it is; only those that carry something whole need be read.
    if (name !== '' && name !== 'error' && name !== ITEM_DONE && !TERMINAL.has(name)) return 'more';
    if (data === DONE) {
      this.#unkept ??= this.#whyNotOver();
      return 'terminal';
    }
    const parsed = parse(data);
    if (TERMINAL.has(name) && !isObject(parsed)) return { broken: 'before', why: `its ${name} breaks off` };
    const body = isObject(parsed) ? parsed : {};
    const type = typeof body.type === 'string' ? body.type : name;
    this.#isTyped ||= type.startsWith('response.');
    if (type === 'error' || name === 'error' || (body.error && !body.response)) return ERROR_EVENT;
    if (type === ITEM_DONE) this.#see(body.item);
    if (!TERMINAL.has(type)) return 'more';
    this.#finish(type, body.response);
    return 'terminal';
  }

  #see(item: unknown): void {
    if (!isObject(item)) {
      this.#unkept ??= 'not-json';
      return;
    }
    this.#unkept ??= whyNotItem(item, this.#expected, false);
    this.#isAnswered ||= isAnswering(item);
  }

  /** The event that ends the stream says the same as the response that it carries. */
  #finish(type: string, value: unknown): void {
    const response = isObject(value) ? value : {};
    this.#unkept ??= whyNotResponse(response, this.#expected, this.#isAnswered);
    if (type !== 'response.done' && type !== `response.${response.status}`) this.#unkept ??= 'unfinished';
    this.usage = readUsage(response.usage);
    this.#answerId = typeof response.id === 'string' ? response.id : null;
    this.#isOver = true;
  }

  protected whyOpen(): string | null {
    return this.#events > 0 && !this.#isTyped ? null : 'the stream ended before response.completed';
  }

  protected verdict(): Verdict {
    const why = this.#unkept ?? this.#whyNotOver();
    return why ? { kind: 'unkept', why } : { kind: 'whole', answerId: this.#answerId };
  }

  #whyNotOver(): Unkept | null {
    if (this.#isOver) return null;
    return this.#isTyped ? 'unfinished' : 'dialect';
  }
}
